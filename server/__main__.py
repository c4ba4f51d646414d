"""`python -m server` is the program `ersatzwagen`."""

from server.cli import main

main()
