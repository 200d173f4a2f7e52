"""What crosses distributions: the command line as a process, with plugins installed as their users install them."""
