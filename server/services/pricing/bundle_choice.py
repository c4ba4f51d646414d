"""Which packages of days a rental is priced with: the cheapest that cover its days and, once they are known, its
kilometres. Pure (domain 4.7).

Quotes and bookings do not know the kilometres: their packages are the usual ones, cheapest by time alone. Whatever
covers a longer rental covers a shorter one, too, and no set of packages gets cheaper by driving further: so no total
ever falls.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.models.money import divide_half_up
from server.models.tariff import Bundle
from server.services.pricing.day_cover import DayCover, price_alone, price_then_km
from server.services.pricing.kilometre_search import Use, cheapest_for

# Stands for "unlimited" where included kilometres are compared.
_UNLIMITED_KM = 10**12
_Rank = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class BundleChoice:
    """The packages that were chosen, each with how often. `included_km` None: unlimited."""

    bundles: tuple[tuple[Bundle, int], ...]
    price_cents: int
    included_km: int | None

    @property
    def count(self) -> int:
        """How many packages there are."""
        return sum(count for _, count in self.bundles)

    def extra_km(self, driven_km: int) -> int:
        """How many of the kilometres that were driven are not included."""
        return 0 if self.included_km is None else max(0, driven_km - self.included_km)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The packages of a price. `usual`: those that time alone would choose, where they are others. Then the chosen ones
    save `saved_cents` of what the customer pays; if that is nothing, they include more kilometres.
    """

    choice: BundleChoice
    usual: BundleChoice | None = None
    saved_cents: int = 0


def choose(bundles: Sequence[Bundle], weekends: Sequence[Bundle], days: int, use: Use | None) -> Chosen:
    """The packages for that many days: of `bundles` as many as it takes, or one of `weekends` alone if that is cheaper.

    Equal price: more included kilometres, then fewer packages. `use` None: the kilometres are not known, or nobody pays
    for them or for the rental.
    """
    limited = [bundle for bundle in bundles if bundle.included_km is not None]
    unlimited = _without_limit(bundles, days)
    covers = [_choice(DayCover(limited, days, price_then_km).bundles(days))] if limited else []
    usual = _cheapest([*covers, *unlimited], weekends, _by_time)
    if use is None or not usual.extra_km(use.driven_km):
        return Chosen(usual)

    def rank(choice: BundleChoice) -> _Rank:
        return use.cost(choice.price_cents, choice.included_km), *_by_time(choice)[1:]

    covers = [_choice(cheapest_for(limited, days, use))] if limited else []
    best = _cheapest([*covers, *unlimited], weekends, rank)
    if rank(usual) == rank(best):
        return Chosen(usual)
    return Chosen(best, usual, _paid(usual, use) - _paid(best, use))


def _without_limit(bundles: Sequence[Bundle], days: int) -> list[BundleChoice]:
    """One package without a limit frees all kilometres: what stands beside it is chosen by price and number alone."""
    cover = DayCover(bundles, days, price_alone)
    return [_choice([bundle, *cover.bundles(days - bundle.days)]) for bundle in bundles if bundle.included_km is None]


def _cheapest(
    covers: Sequence[BundleChoice], weekends: Sequence[Bundle], rank: Callable[[BundleChoice], _Rank]
) -> BundleChoice:
    cover = min(covers, key=rank)
    weekend = min((_choice([weekend]) for weekend in weekends), key=rank, default=cover)
    return weekend if rank(weekend)[0] < rank(cover)[0] else cover


def _by_time(choice: BundleChoice) -> _Rank:
    """Smallest is best: the price, then more kilometres, then fewer packages."""
    km = _UNLIMITED_KM if choice.included_km is None else choice.included_km
    return choice.price_cents, -km, choice.count


def _paid(choice: BundleChoice, use: Use) -> int:
    """Cents that the customer pays for time and extra kilometres (half a cent of a discount is a cent)."""
    discount = divide_half_up(choice.price_cents * (10_000 - use.paid_share), 10_000)
    return choice.price_cents - discount + choice.extra_km(use.driven_km) * use.km_cents


def _choice(bundles: Sequence[Bundle]) -> BundleChoice:
    """These packages, the largest first, with their price and kilometres."""
    counts = Counter(sorted(bundles, key=lambda bundle: -bundle.days))
    limits = [bundle.included_km for bundle in bundles if bundle.included_km is not None]
    included = sum(limits) if len(limits) == len(bundles) else None
    return BundleChoice(tuple(counts.items()), sum(bundle.price_cents for bundle in bundles), included)
