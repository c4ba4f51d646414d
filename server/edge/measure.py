"""The figures of a selection set, which add up without walking anything twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from server.edge.cost_rows import CEILING


@dataclass
class Measure:
    """The figures of a selection set with its fragments expanded; `row` is the place of its row of costs."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    introspection_depth: int = 0
    introspection_fields: int = 0
    row: int = -1
    leaves: Counter[str] = field(default_factory=Counter)
    branches: Counter[str] = field(default_factory=Counter)

    def add(self, other: Measure) -> None:
        """Takes in what stands beside it: a field without what is below it, or a fragment."""
        self.roots = min(CEILING, self.roots + other.roots)
        self._add_counts(other)
        self.depth = max(self.depth, other.depth)
        self.introspection_depth = max(self.introspection_depth, other.introspection_depth)
        self.leaves.update(other.leaves)
        self.branches.update(other.branches)

    def add_below(self, other: Measure) -> None:
        """Takes in what one of its fields has selected."""
        self._add_counts(other)
        # A selection of introspection alone adds no level of data, and the other way round: each has its own count.
        self.depth = max(self.depth, other.depth and other.depth + 1)
        self.introspection_depth = max(
            self.introspection_depth, other.introspection_depth and other.introspection_depth + 1
        )

    def _add_counts(self, other: Measure) -> None:
        self.fields = min(CEILING, self.fields + other.fields)
        self.introspection_fields = min(CEILING, self.introspection_fields + other.introspection_fields)
        self.aliases = min(CEILING, self.aliases + other.aliases)
