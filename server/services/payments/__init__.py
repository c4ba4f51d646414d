"""Money on cards: attempts at the gateway, what became of them, the payment page, deposits."""
