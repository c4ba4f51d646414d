"""Reads a sent form: the browser's texts become the variables of the form's operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from server.errors import Sentence
from server.office import typed
from server.office.forms import Field, Form, Group, Node
from server.office.typed import Unreadable

FILL_IN = Sentence("Please fill this in.", "Bitte ausfüllen.")
_NOTHING = object()


def read(form: Form, sent: FormData) -> dict[str, Any] | None:
    """The variables, or None if something is missing or cannot be read: its field says what.

    What was typed stays in the form either way.
    """
    _keep(form.nodes, sent)
    return variables_of(form)


def variables_of(form: Form) -> dict[str, Any] | None:
    """The variables of what stands in a form; None as above."""
    variables = _Reader(form).values(form.nodes)
    return None if form.has_errors() else {**variables, **form.fixed}


def prefill(form: Form, asked: Mapping[str, str]) -> None:
    """Puts what an address names into a form's fields: a link may say which day, which car."""
    for one in form.fields():
        if one.name in asked and one.widget not in {"hidden", "ticks"}:
            one.value = asked[one.name]


def _keep(nodes: Sequence[Node], sent: FormData) -> None:
    for node in nodes:
        if isinstance(node, Group):
            _keep(node.nodes, sent)
        elif node.widget == "ticks":
            node.chosen = tuple(str(one) for one in sent.getlist(node.name))
        elif node.widget == "checkbox":
            node.value = "on" if node.name in sent else ""
        else:
            # Browsers send lines as mails have them; the API and whoever compares have simple ends.
            text = str(sent.get(node.name, "")).replace("\r\n", "\n")
            node.value = node.initial if text == node.initial else text.strip()


class _Reader:
    def __init__(self, form: Form) -> None:
        self._form = form

    def values(self, nodes: Sequence[Node]) -> dict[str, Any]:
        found = {}
        for node in nodes:
            value = self._value(node)
            if value is not _NOTHING:
                found[node.name.rpartition(".")[2]] = value
        return found

    def _value(self, node: Node) -> Any:
        if isinstance(node, Field):
            return self._of_field(node)
        if node.is_list:
            return [self.values(row.nodes) for row in node.nodes if isinstance(row, Group) and self._is_filled(row)]
        if node.only_changes:
            return self._changes(node)
        if not node.must and not self._is_filled(node):
            return _NOTHING
        return self.values(node.nodes)

    def _changes(self, group: Group) -> dict[str, Any]:
        """What is not as it was; what was emptied is null."""
        found = {}
        for node in group.nodes:
            if not _has_changed(node):
                continue
            value = self._value(node)
            found[node.name.rpartition(".")[2]] = None if value is _NOTHING else value
        return found

    def _is_filled(self, group: Group) -> bool:
        """Whether anybody wrote anything in an optional part: what it began with does not count."""
        return any(
            bool(node.chosen) or (node.value not in {"", node.default} and node.widget != "hidden")
            if isinstance(node, Field)
            else self._is_filled(node)
            for node in group.nodes
        )

    def _of_field(self, one: Field) -> Any:
        if one.widget == "ticks":
            return list(one.chosen)
        if not one.value and one.widget != "checkbox":
            if one.must:
                one.error = FILL_IN.within(self._form.language)
            return _NOTHING
        if one.value == one.initial and one.given is not None:
            return one.given
        try:
            return typed.read(one.value, one.scalar, self._form.zone, self._form.language)
        except Unreadable as unreadable:
            one.error = unreadable.says.within(self._form.language)
            return _NOTHING


def _has_changed(node: Node) -> bool:
    if isinstance(node, Group):
        return any(_has_changed(one) for one in node.nodes)
    return (",".join(sorted(node.chosen)) if node.widget == "ticks" else node.value) != node.initial
