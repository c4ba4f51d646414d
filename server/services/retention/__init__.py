"""What is erased, and when: the clocks of the law, requests of customers, and what one may ask to have a copy of."""
