"""What may be booked, what it costs, and the booking itself."""
