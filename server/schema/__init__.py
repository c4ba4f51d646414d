"""GraphQL types, inputs, enums, scalars and results. Rows are their sources; no query is run here."""
