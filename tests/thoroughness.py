"""How much a law is tried: much in the suite, a taste of it in `make quick`, which answers while one still thinks."""

from __future__ import annotations

from hypothesis import settings

QUICK = "quick"
"""The profile of `make quick`: a twelfth of the examples, and what moves money with one provider only."""


def is_quick() -> bool:
    """Whether this run is to answer in seconds."""
    return settings.get_current_profile_name() == QUICK


def tried(examples: int) -> settings:
    """That many examples of a law in the suite."""
    return settings(max_examples=max(examples // 12, 5) if is_quick() else examples)
