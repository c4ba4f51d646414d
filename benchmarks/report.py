"""What a run has found, as a text with tables and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import flames, plots
from benchmarks.alternation import Compared, cpu, rate
from benchmarks.bars import bars, growth
from benchmarks.results import Results

TEXT = "report.md"


def write(found: Results, folder: Path) -> Path:
    """The text, with its pictures beside it; the path of the text."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, compared in found.compared.items():
        rows = [(label, compared.middle(label, cpu)) for label in compared.rounds]
        (folder / f"cpu-{name}.svg").write_text(plots.bars(f"{name}: CPU of the server", "ms", rows), "utf-8")
    if found.latency:
        (folder / "latency.svg").write_text(_latency_plot(found), "utf-8")
    for name, look in found.looks.items():
        (folder / f"flame-{name}.svg").write_text(flames.svg(name, look.stacks), "utf-8")
    text = folder / TEXT
    text.write_text("\n".join(lines(found)), "utf-8")
    return text


def lines(found: Results) -> Iterator[str]:
    """The text, line by line."""
    yield from ("# Benchmarks", "")
    yield f"{' and '.join(f'{size:,}' for size in found.sizes)} contracts. Ratios are medians of alternating pairs."
    yield from ("", *(f"* {note}" for note in found.notes), "")
    yield from _goals(found)
    yield from (line for one in found.compared.values() for line in _side_by_side(one, found))
    yield from _work(found)
    yield from _waiting(found)
    yield from _process(found)
    yield from _rentals(found)


def _goals(found: Results) -> Iterator[str]:
    judged = bars(found)
    yield from ("## Goals", "", f"{sum(bar.is_missed for bar in judged)} of {len(judged)} are missed.", "")
    yield from _table(("", "goal", "found", "limit"), [
        (
            "MISSED" if bar.is_missed else "ok",
            bar.what,
            "not measured" if bar.found is None else plots.number_of(bar.found),
            f"{'≥' if bar.at_least else '≤'} {bar.limit:g}",
        )
        for bar in judged
    ])  # fmt: skip


def _side_by_side(compared: Compared, found: Results) -> Iterator[str]:
    name = compared.operation
    yield from (f"## {name}, {compared.clients} clients", "", f"![CPU](cpu-{name}.svg)", "")
    first = next(iter(compared.rounds))
    rows = []
    for label in compared.rounds:
        ratios = [compared.ratio(label, first, of) or 0.0 for of in (cpu, rate)]
        figures = [
            compared.middle(label, of)
            for of in (cpu, lambda one: one.postgres_ms, rate, lambda one: one.p50, lambda one: one.p99)
        ]
        errors = sum(one.errors for one in compared.rounds[label])
        rows.append(
            (
                label,
                *map(plots.number_of, [*figures[:1], ratios[0], *figures[1:3], ratios[1], *figures[3:]]),
                str(errors),
            )
        )
    heads = ("server", "CPU ms", "ratio", "PostgreSQL ms", "per second", "ratio", "p50 ms", "p99 ms", "errors")
    yield from _table(heads, rows)
    if name in found.looks:
        yield from (f"Where the time goes: [flame graph](flame-{name}.svg).", "")


def _work(found: Results) -> Iterator[str]:
    if not found.work:
        return
    yield from ("## What the database is asked", "")
    rows = []
    for size, works in sorted(found.work.items()):
        for name, work in works.items():
            one = work.counted
            figures = (
                one.statements,
                work.round_trips,
                one.transactions,
                one.planning_ms,
                one.execution_ms,
                one.buffers,
            )
            rows.append((name, f"{size:,}", *map(plots.number_of, figures)))
    heads = (
        "operation",
        "contracts",
        "statements",
        "round trips",
        "transactions",
        "planning ms",
        "execution ms",
        "buffers",
    )
    yield from _table(heads, rows)
    if len(found.sizes) > 1:
        grown = {name: growth(found, name) for name in found.work[min(found.sizes)]}
        said = [f"{name} {ratio:.2f}" for name, ratio in grown.items() if ratio is not None]
        yield from (f"Buffers of the largest, of the smallest: {', '.join(said)}.", "")


def _waiting(found: Results) -> Iterator[str]:
    if not found.latency:
        return
    yield from ("## How long callers wait", "", "![p99](latency.svg)", "")
    rows = [
        (
            name,
            str(clients),
            *map(plots.number_of, (one.rate, one.p50, one.p99, one.p99 / max(one.p50, 1e-9))),
            str(one.errors),
        )
        for (name, clients), one in found.latency.items()
    ]
    yield from _table(("operation", "clients", "per second", "p50 ms", "p99 ms", "p99 of p50", "errors"), rows)


def _process(found: Results) -> Iterator[str]:
    if found.memory:
        memory = found.memory
        yield from ("## Memory", "", f"{memory.start:.0f} MB at the start, {memory.loaded:.0f} after all kinds of requests,"
                    f" {memory.rested:.0f} after a rest of {memory.seconds:g} seconds.", "")  # fmt: skip
    if found.looks:
        yield from ("## Garbage", "", "Share of the processor time that its collector takes:", "")
        yield from _table(("operation", "share"), [(name, f"{look.garbage:.1%}") for name, look in found.looks.items()])


def _rentals(found: Results) -> Iterator[str]:
    if not found.steps:
        return
    yield from ("## Rentals", "", "With all that the worker does because of them, unless said otherwise.", "")
    rows = [
        (step.name, *map(plots.number_of, (step.cpu_ms, step.counted.statements, step.counted.transactions,
                                           step.counted.planning_ms, step.counted.execution_ms)))
        for step in found.steps
    ]  # fmt: skip
    yield from _table(("step", "CPU ms", "statements", "transactions", "planning ms", "execution ms"), rows)


def _latency_plot(found: Results) -> str:
    rows = [(f"{name}, {clients} clients", one.p99) for (name, clients), one in found.latency.items()]
    return plots.bars("The slowest of a hundred", "ms", rows)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join('---' for _ in heads)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
