"""What will be done: the flow's jobs and steps in order, each with its decision and reason."""
