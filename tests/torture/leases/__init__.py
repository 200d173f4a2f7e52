"""Leases under fire: a storm of holders that are killed and stopped, and the command line in single scenes."""
