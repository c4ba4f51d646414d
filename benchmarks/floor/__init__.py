"""The honest floor: the same answers by psycopg and Starlette, without ORM, GraphQL and sign-in, in the same scope."""
