"""The business: one module per noun, functions are its verbs. They raise DomainError and never see GraphQL or HTTP."""
