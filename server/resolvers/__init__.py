"""Query and Mutation: thin functions that read what was asked, call one service, and return rows."""
