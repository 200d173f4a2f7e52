"""The scheduler under fire: killed, doubled, stopped, its clock set; and at work for long (R13, R20, R21, R24)."""
