"""What tablets report, and when it is believed."""
