"""The goals: what a run has found beside what it may be."""

from __future__ import annotations

from benchmarks.alternation import cpu, rate
from benchmarks.results import Bar, Results, Work

FIVE = "PostGraphile 5"
BOARD_BY_PAGES = "product, by pages"
PAGE_BY_ROWS = "product, the general way"


def bars(found: Results) -> list[Bar]:
    """All of them, in the order of the operations."""
    return [*_availability(found), *_page(found), *_board(found), *_day(found), *_rentals(found), *_process(found)]


def _availability(found: Results) -> list[Bar]:
    return [
        Bar("a1: CPU of the floor's", _cpu(found, "a1", "product", "floor"), 1.5),
        Bar("a1: statements", _statements(found, "a1"), 3),
        Bar("a1: round trips", _round_trips(found, "a1"), 6),
        Bar("a: CPU of a1's", _cpu(found, "a", "product", "product, a1"), 2),
    ]


def _page(found: Results) -> list[Bar]:
    return [
        Bar("b: CPU of the floor's, on the general path", _cpu(found, "b", PAGE_BY_ROWS, "floor"), 3),
        Bar("b: CPU of the floor's, as JSON of the database", _cpu(found, "b", "product", "floor"), 0.6),
        Bar(f"b: CPU of {FIVE}'s", _cpu(found, "b", "product", FIVE), 1),
        Bar("b: CPU of plain Strawberry, of ours", _cpu(found, "b", "plain Strawberry", "product"), 8, at_least=True),
        Bar("b: statements", _statements(found, "b"), 6),
        Bar("b: round trips", _round_trips(found, "b"), 8),
    ]


def _board(found: Results) -> list[Bar]:
    board = found.compared.get("e")
    faster = board.ratio("product", BOARD_BY_PAGES, rate) if board else None
    return [
        Bar("e: rate of `planningBoard`, of `vehicles` page by page", faster, 10, at_least=True),
        Bar(f"e: CPU of {FIVE}'s", _cpu(found, "e", "product", FIVE), 1),
    ]


def _day(found: Results) -> list[Bar]:
    work = _smallest(found, "f")
    took = work.counted.planning_ms + work.counted.execution_ms if work else None
    return [
        Bar("f: CPU of the floor's", _cpu(found, "f", "product", "floor"), 2),
        Bar("f: milliseconds of PostgreSQL", took, 6),
        Bar("f: statements", _statements(found, "f"), 12),
        Bar("f: buffers of the large database, of the small one", growth(found, "f"), 1.1),
    ]


def _rentals(found: Results) -> list[Bar]:
    if not found.steps:
        alone = whole = None
    else:
        alone, whole = found.steps[0], sum(step.cpu_ms for step in found.steps[1:])
    return [
        Bar("booking: statements", alone.counted.statements if alone else None, 45),
        Bar("booking: transactions", alone.counted.transactions if alone else None, 6),
        Bar("booking: milliseconds of CPU", alone.cpu_ms if alone else None, 35),
        Bar("whole rental: milliseconds of CPU", whole, 120),
    ]


def _process(found: Results) -> list[Bar]:
    late = [one.p99 / one.p50 for (_, clients), one in found.latency.items() if clients == 64]
    errors = [float(one.errors) for (_, clients), one in found.latency.items() if clients == 256]
    garbage = [look.garbage * 100 for look in found.looks.values()]
    return [
        Bar("64 clients: p99 of p50", max(late, default=None), 2),
        Bar("256 clients: errors", max(errors, default=None), 0),
        Bar("per cent of the CPU for garbage", max(garbage, default=None), 5),
        Bar("megabytes after load and rest", found.memory.rested if found.memory else None, 200),
    ]


def growth(found: Results, operation: str) -> float | None:
    """Buffers of the largest database, of those of the smallest."""
    if len(found.sizes) < 2:
        return None
    small, large = (found.work.get(size, {}).get(operation) for size in (min(found.sizes), max(found.sizes)))
    return large.counted.buffers / small.counted.buffers if small and large else None


def _cpu(found: Results, operation: str, one: str, other: str) -> float | None:
    compared = found.compared.get(operation)
    return compared.ratio(one, other, cpu) if compared else None


def _smallest(found: Results, operation: str) -> Work | None:
    return found.work.get(min(found.sizes), {}).get(operation)


def _statements(found: Results, operation: str) -> float | None:
    work = _smallest(found, operation)
    return work.counted.statements if work else None


def _round_trips(found: Results, operation: str) -> float | None:
    work = _smallest(found, operation)
    return work.round_trips if work else None
