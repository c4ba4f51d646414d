"""What the yard works with: the day as the server tells it, and the form that is being filled in. No window here."""
