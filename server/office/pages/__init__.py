"""The pages: each reads, decides and shows in a few lines."""
