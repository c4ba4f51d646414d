"""The packages that make time plus extra kilometres cheapest, once the kilometres are known (domain 4.7).

Sets are built package by package until they cover the days. Among those that have as many days still to cover, one is
kept only if no other includes as many kilometres for less, and only while it may still become the best: whatever a
kilometre is taken to be worth, what a set lacks costs at least what days and kilometres come to then. So for each
number of days there are never more sets than different sums of included kilometres, and as a rule a handful.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from server.models.tariff import Bundle
from server.services.pricing.day_cover import DayCover, Weight

_PATIENCE = 5_000
"""After that many sets, others of the same cost are not looked for any more, only cheaper ones."""
_MOST = 100_000
"""After that many sets the best so far is taken. Only packages that all cost exactly what their kilometres would, of
odd numbers, and a rental of a year come near it; then a few kilometres may be left that another set would include.
"""
_WORTHS = 6
"""How many worths of a kilometre are tried at most for what is lacking."""


@dataclass(frozen=True, slots=True)
class Use:
    """What was driven, and what of it is paid: cents of an extra kilometre, and of the rental the share in basis points
    that discounts leave. Both are above zero: otherwise kilometres decide nothing.
    """

    driven_km: int
    km_cents: int
    paid_share: int = 10_000

    def cost(self, price_cents: int, included_km: int | None) -> int:
        """What the customer pays for time and extra kilometres, exact: in ten-thousandths of a cent."""
        extra = 0 if included_km is None else max(0, self.driven_km - included_km)
        return self.paid_share * price_cents + 10_000 * self.km_cents * extra


@dataclass(frozen=True, slots=True, eq=False)
class _Set:
    """Packages that were taken: the last one so many times, and those before it. `beyond`: how many of them when the
    days were covered already.
    """

    price_cents: int = 0
    km: int = 0
    count: int = 0
    beyond: int = 0
    last: tuple[Bundle, int] | None = None
    before: _Set | None = None

    def plus(self, bundle: Bundle, times: int = 1, *, beyond: int = 0) -> _Set:
        """With one more package, or several."""
        price, km = self.price_cents + bundle.price_cents * times, self.km + (bundle.included_km or 0) * times
        return _Set(price, km, self.count + times, self.beyond + beyond, (bundle, times), self)

    def bundles(self) -> list[Bundle]:
        """What was taken."""
        found: list[Bundle] = []
        one: _Set | None = self
        while one is not None and one.last is not None:
            bundle, times = one.last
            found += [bundle] * times
            one = one.before
        return found

    def __lt__(self, other: _Set) -> bool:
        """Cheap ones first, of those the ones with more kilometres, of those the ones of fewer packages."""
        if self.price_cents != other.price_cents:
            return self.price_cents < other.price_cents
        return (-self.km, self.count, self.beyond) < (-other.km, other.count, other.beyond)


class _Worth:
    """What sets cost at least if each kilometre is worth so much, in ten-thousandths of a cent: no less than that much
    for all that were driven, and what packages cost beyond the worth of their own.
    """

    def __init__(self, bundles: Sequence[Bundle], days: int, use: Use, each: Fraction) -> None:
        self._use, self._per, self._each = use, each.denominator, each.numerator
        self._cover = DayCover(bundles, days, self._waste)

    def _waste(self, bundle: Bundle) -> Weight:
        km = bundle.included_km or 0
        return self._per * self._use.paid_share * bundle.price_cents - self._each * km, -km, 1

    def completed(self, one: _Set, left: int) -> _Set:
        """The set with what covers the days that are left with the least waste: its sums only, at once."""
        waste, minus_km, count = self._cover.weights[left]
        price = (waste - self._each * minus_km) // (self._per * self._use.paid_share)
        return _Set(one.price_cents + price, one.km - minus_km, one.count + count, one.beyond)

    def complete(self, one: _Set, left: int) -> _Set:
        """The same set with its packages."""
        for bundle in self._cover.bundles(left):
            one = one.plus(bundle)
        return one

    def allows(self, one: _Set, left: int, cost: int) -> bool:
        """Whether a set that has so many days left to cover may come to no more than that cost."""
        paid, lacking = self._use.paid_share * one.price_cents, self._use.driven_km - one.km
        return self._per * paid + self._each * lacking + self._cover.weights[left][0] <= self._per * cost


def cheapest_for(bundles: Sequence[Bundle], days: int, use: Use) -> list[Bundle]:
    """Of all sets of these packages, whose kilometres are limited, that cover the days: the one that makes time plus
    extra kilometres cheapest. Equal cost: more included kilometres, then fewer packages.
    """
    return _Search(bundles, days, use).found().bundles()


class _Search:
    def __init__(self, bundles: Sequence[Bundle], days: int, use: Use) -> None:
        self._bundles, self._days, self._use = bundles, days, use
        self._looked_at = 0
        # Packages that are worth their price for the kilometres alone, the one with the cheapest kilometres apart: how
        # often that is taken at the end follows from what is lacking.
        cheap = [one for one in bundles if one.price_cents and one.included_km and self._per_km(one) <= self._extra_km]
        self._filler = min(cheap, key=lambda one: (self._per_km(one), -(one.included_km or 0)), default=None)
        self._others = [one for one in cheap if one is not self._filler]
        self._worths = self._tried_worths()
        # What these come to is close to the best already, so that most others need not be looked at.
        covers = [worth.complete(_Set(), days) for worth in self._worths]
        self._best = min(map(self._filled, covers), key=self._rank)
        self._take_for_kilometres(covers)

    @property
    def _extra_km(self) -> Fraction:
        return Fraction(10_000 * self._use.km_cents)

    def _tried_worths(self) -> list[_Worth]:
        """With kilometres that are worth nothing, as much as they cost where they are cheapest, and in between where
        more of them begin to be worth other packages.
        """
        most = self._extra_km if self._filler is None else self._per_km(self._filler)
        found = [_Worth(self._bundles, self._days, self._use, each) for each in (Fraction(0), most)]
        few, many = (worth.completed(_Set(), self._days) for worth in found)
        while few.km < self._use.driven_km < many.km and len(found) < _WORTHS:
            each = Fraction(self._use.paid_share * (many.price_cents - few.price_cents), many.km - few.km)
            found.append(_Worth(self._bundles, self._days, self._use, each))
            between = found[-1].completed(_Set(), self._days)
            if between.km in (few.km, many.km):
                break
            few, many = (between, many) if between.km < self._use.driven_km else (few, between)
        return found[::-1]

    def found(self) -> _Set:
        """The best set."""
        waiting: dict[int, list[_Set]] = {self._days: [_Set()]}
        for left in range(self._days, 0, -1):
            for one in self._efficient(waiting.pop(left, [])):
                self._try_completed(one, left)
                for bundle in self._bundles:
                    grown, then = one.plus(bundle), max(0, left - bundle.days)
                    if self._may_be_best(grown, then):
                        waiting.setdefault(then, []).append(grown)
        self._take_for_kilometres(waiting.get(0, []))
        return self._best

    def _try_completed(self, one: _Set, left: int) -> None:
        """The sooner a good set is found, the fewer others need to be looked at."""
        worth = self._worths[0]
        if self._rank(self._filled(worth.completed(one, left))) < self._rank(self._best):
            self._best = self._filled(worth.complete(one, left))

    def _take_for_kilometres(self, covering: list[_Set]) -> None:
        """Goes on from sets that cover the days, with packages that are taken for their kilometres alone.

        Of as many others as the filler has kilometres some include, together, a multiple of those: fillers in their
        place cost no more.
        """
        enough = 0 if self._filler is None else self._filler.included_km or 0
        heapq.heapify(covering)
        most = -1
        while covering and most < self._use.driven_km:
            one = heapq.heappop(covering)
            if one.km <= most:
                continue
            most = one.km
            self._best = min(self._best, self._filled(one), key=self._rank)
            if one.km < self._use.driven_km and one.beyond + 1 < enough:
                for other in self._others:
                    if self._may_be_best(grown := one.plus(other, beyond=1), 0):
                        heapq.heappush(covering, grown)

    def _efficient(self, sets: Iterable[_Set]) -> Iterator[_Set]:
        """Those without which something would be dearer: each has more kilometres than all that cost less."""
        most = -1
        for one in sorted(sets):
            if most < min(one.km, self._use.driven_km):
                most = one.km
                yield one

    def _may_be_best(self, one: _Set, left: int) -> bool:
        self._looked_at += 1
        if self._looked_at > _MOST:
            return False
        cost = self._rank(self._best)[0] - (self._looked_at > _PATIENCE)
        return all(worth.allows(one, left, cost) for worth in self._worths)

    def _filled(self, covering: _Set) -> _Set:
        """With the lacking kilometres in the packages where they are cheapest, or in all but the last of them."""
        lacking = self._use.driven_km - covering.km
        if self._filler is None or lacking <= 0:
            return covering
        whole, rest = divmod(lacking, self._filler.included_km or 1)
        return min((covering.plus(self._filler, times) for times in {whole, whole + (rest > 0)}), key=self._rank)

    def _rank(self, one: _Set) -> Weight:
        return self._use.cost(one.price_cents, one.km), -one.km, one.count

    def _per_km(self, bundle: Bundle) -> Fraction:
        return Fraction(self._use.paid_share * bundle.price_cents, bundle.included_km or 1)
