"""`python -m server` is the program `ersatzwagen`."""

import gc

# What is imported stays: to look for garbage in it, again and again while it grows, is a fifth of the start.
gc.disable()

from server.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
