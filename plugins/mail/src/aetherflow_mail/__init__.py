"""Steps and drivers that send mail."""
