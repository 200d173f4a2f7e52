"""What this machine, a project and a flow are made of: said before anything runs, for people who look for why."""
