"""What is remembered: the ledger of runs, and who owns a run."""
