"""The rules of the business, against a session where they need rows: no server, no GraphQL."""
