"""What happened, told to logs, the terminal and observers."""
