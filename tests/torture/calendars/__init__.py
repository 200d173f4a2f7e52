"""Lines of cron beside Debian's cron itself, and hundreds of them over years."""
