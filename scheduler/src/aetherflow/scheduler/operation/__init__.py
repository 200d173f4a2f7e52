"""The scheduler at work: what is due is accounted for, started, and its end written down."""
