"""The life of contracts, as it may come: random sequences of everything that anybody can do, and laws that hold."""
