"""The rules that need no database: money, and what the tables' types say."""
