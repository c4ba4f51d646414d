"""The HTTP edge of the GraphQL API, attacked with a small schema of its own."""
