"""What the API's values and fields are called on the pages."""
