"""From the return to the last cent: settlement, documents, the money that moves, the mails about it."""
