"""What people can do: each operation of the API as a form, in tables by what it is about."""
