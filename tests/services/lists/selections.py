"""Selections of all that PostgreSQL can write of a type, and of some of it at random."""

from __future__ import annotations

import random

from server.services.lists.json_text import Shape


def everything(shape: Shape) -> str:
    """All fields that are known."""
    inner = "".join(f" {name} {everything(part.shape)}" for name, part in shape.parts.items())
    return "{ __typename " + " ".join(shape.fields) + inner + " }"


def some(shape: Shape, dice: random.Random) -> str:
    """Some fields, in any order and under any keys, through fragments and conditions; now and then one twice."""
    names = [*shape.fields, *shape.parts, "__typename"]
    chosen = []
    for place in range(dice.randint(1, 6)):
        name = dice.choice(names)
        part = shape.parts.get(name)
        field = f"k{place}: {name} {some(part.shape, dice) if part else ''}"
        condition = dice.choice(["", "", "", "@skip(if: $yes)", "@include(if: $yes)", "@skip(if: false)"])
        chosen.append(f"... on {shape.name} {condition} {{ {field} }}" if condition else field)
    return "{ " + " ".join(chosen) + " }"
