"""What changes a contract after booking."""
