"""What screens are made of. Nothing here knows the API, the store or a contract."""
