"""Documents, mails and pictures: pure rendering and the gateways to the outside."""
