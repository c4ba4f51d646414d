"""What is changed of a contract after it was booked."""
