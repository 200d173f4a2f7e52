"""Occurrences of flows in time; this version holds the package's place and schedules nothing yet."""
