"""The cheapest packages that cover a number of days, whatever counts as cheap. A dynamic program over the days."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.models.tariff import Bundle

Weight = tuple[int, int, int]
"""What packages are compared by, the first number first; smaller is better. Those of a set are added up."""
_NOTHING: Weight = (0, 0, 0)


def price_then_km(bundle: Bundle) -> Weight:
    """The price, then more included kilometres, then fewer packages."""
    return bundle.price_cents, -(bundle.included_km or 0), 1


def price_alone(bundle: Bundle) -> Weight:
    """The price, then fewer packages: beside a package without a limit kilometres do not matter."""
    return bundle.price_cents, 0, 1


class DayCover:
    """The best sets of packages that cover 0, 1, 2 … days. More days than needed may be covered, but each package
    covers a day that those before it in its set do not: so one that costs nothing is taken for days that are used only.
    """

    def __init__(self, bundles: Sequence[Bundle], days: int, weigh: Callable[[Bundle], Weight]) -> None:
        self._bundles = bundles
        self.weights: list[Weight] = [_NOTHING]
        """By the number of days: what the best set weighs."""
        self._last: list[int] = [-1]
        weights = [weigh(bundle) for bundle in bundles]
        for n in range(1, days + 1):
            options = [
                (_sum(self.weights[max(0, n - bundle.days)], weights[index]), index)
                for index, bundle in enumerate(bundles)
            ]
            best, index = min(options)
            self.weights.append(best)
            self._last.append(index)

    def bundles(self, days: int) -> list[Bundle]:
        """The best set for that many days, at most those that were given; none for less than one."""
        taken: list[Bundle] = []
        while days > 0:
            taken.append(self._bundles[self._last[days]])
            days -= taken[-1].days
        return taken


def _sum(one: Weight, other: Weight) -> Weight:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]
