"""What is owed after billing: open items, what is paid elsewhere, reminders, what is taken back or given up."""
