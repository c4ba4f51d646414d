"""What is looked for: lists in pages, their filters, and the flags of contracts that need a person."""
