"""Flame graphs: which functions the samples were in, each as wide as its share, callers below those that they call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

WIDTH, ROW, HEAD, FOOT = 1200, 17, 40, 10
NARROWEST = 0.003
"""Share of all samples under which a function is not drawn."""
_COLOURS = {
    "server.engine": "#d98f3f", "graphql": "#e0b04a", "strawberry": "#e0b04a", "server.database": "#4c8a8b",
    "server": "#3f7f5f", "sqlalchemy": "#8d6a9f", "psycopg": "#4f79b7", "asyncio": "#b0b7bb", "uvicorn": "#b0b7bb",
    "starlette": "#b0b7bb", "babel": "#c8553d",
}  # fmt: skip
_OTHERS = "#cfc8bc"
_LOOP = "asyncio.runners:run"


@dataclass
class Frame:
    """A function in one place of the stacks, with how many samples were in it."""

    name: str
    samples: int = 0
    inner: dict[str, Frame] = field(default_factory=dict)


def tree(stacks: Mapping[str, int]) -> Frame:
    """All stacks as one tree, each from the program's loop on: how a program starts says nothing."""
    root = Frame("all")
    for stack, samples in stacks.items():
        here = root
        here.samples += samples
        for name in stack.rpartition(f"{_LOOP};")[2].split(";"):
            here = here.inner.setdefault(name, Frame(name))
            here.samples += samples
    return root


def svg(title: str, stacks: Mapping[str, int]) -> str:
    """The picture; hovering over a function tells its share."""
    root = tree(stacks)
    drawn: list[str] = []
    deepest = _draw(root, 0.0, 0, root.samples or 1, drawn)
    height = HEAD + ROW * (deepest + 1) + FOOT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="Helvetica, Arial, sans-serif" font-size="10"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="10" y="24" font-size="15" font-weight="bold">{escape(title)}: {root.samples} samples</text>'
    )
    return "\n".join([head, f'<g transform="translate(0,{HEAD})">', *drawn, "</g></svg>", ""])


def _draw(frame: Frame, left: float, level: int, of_all: int, drawn: list[str]) -> int:
    deepest = level
    for one in sorted(frame.inner.values(), key=lambda inner: inner.name):
        share = one.samples / of_all
        if share >= NARROWEST:
            drawn.append(_box(one, left, level, share))
            deepest = max(deepest, _draw(one, left, level + 1, of_all, drawn))
        left += WIDTH * share
    return deepest


def _box(frame: Frame, left: float, level: int, share: float) -> str:
    module, _, function = frame.name.partition(":")
    width, y = WIDTH * share, ROW * level
    shown = f"{module.rpartition('.')[2]}.{function}"[: int(width / 5.6)] if width > 28 else ""
    return (
        f'<g><title>{escape(frame.name)}: {share:.1%}</title><rect x="{left:.1f}" y="{y}" width="{max(width - 0.5, 0.5):.1f}"'
        f' height="{ROW - 1}" fill="{_colour(module)}"/><text x="{left + 3:.1f}" y="{y + 12}">{escape(shown)}</text></g>'
    )


def _colour(module: str) -> str:
    fitting = [name for name in _COLOURS if module == name or module.startswith(f"{name}.")]
    return _COLOURS[max(fitting, key=len)] if fitting else _OTHERS
