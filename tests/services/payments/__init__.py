"""The payment page and stored cards."""
