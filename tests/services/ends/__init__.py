"""How bookings end before their car goes out."""
