"""The steps of every operation's form: look, "what would it cost?", save; and what is shown if somebody else saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.responses import Response

from server.office import reading
from server.office.actions.action import Action, Known, Subject
from server.office.desk import Desk
from server.office.door import NotFound, own_address
from server.office.forms import Field, Form
from server.office.operations import Answer, Refusal

ORIGIN = "formOrigin"


@dataclass(frozen=True)
class Difference:
    """A field that somebody else has changed while a form was open."""

    label: str
    stored: str
    typed: str


@dataclass
class Shown:
    """What the page shows besides the form."""

    preview: Answer | None = None
    """What a contract would cost then."""
    tariff: Answer | None = None
    """What rentals would cost with the changed tariff."""
    conflicts: Sequence[Answer] = ()
    """Other uses of the car that are in the way."""
    differences: Sequence[Difference] = ()
    was_changed: bool = False
    """Whether somebody else saved in between."""
    next: str = ""
    """Where the person goes when it is done, if not to the page of what it was about."""


@dataclass(frozen=True)
class Steps:
    """The operations of one subject."""

    subject: Subject
    actions: Mapping[str, Action]

    async def act(self, desk: Desk) -> Response:
        """The form of an operation, or what comes of it."""
        action = self.actions.get(desk.request.path_params["action"])
        if action is None or not action.is_for(desk):
            raise NotFound
        row = await self.subject.read(desk, desk.request.path_params["key"])
        form, shown = await self._form(desk, action, row), Shown()
        if desk.request.method == "POST":
            sent = await desk.sent()
            shown.next = own_address(str(sent.get("next", "")), "")
            variables = reading.read(form, sent)
            if _is_outdated(form, sent):
                shown.was_changed, shown.differences = True, differences(form, await self._form(desk, action, row))
                return self._show(desk, action, row, form, shown)
            if variables is not None and (sent.get("do") == "save" or not action.is_previewed):
                return await self._save(desk, action, row, form, shown, variables)
        else:
            asked = desk.request.query_params
            shown.next = own_address(asked.get("next", ""), "")
            reading.prefill(form, asked)
            variables = reading.variables_of(form) if "preview" in asked else None
        if variables is not None and action.is_previewed:
            await _preview(desk, action, form, shown, variables)
        return self._show(desk, action, row, form, shown)

    def _show(self, desk: Desk, action: Action, row: Answer, form: Form, shown: Shown) -> Response:
        return desk.show("action.html", action=action, row=row, subject=self.subject, form=form, shown=shown)

    async def _save(
        self, desk: Desk, action: Action, row: Answer, form: Form, shown: Shown, variables: Known
    ) -> Response:
        result = (await desk.ask(action.document, **variables))["result"]
        if "key" in result:
            return desk.show("settings/key.html", key=result["key"])
        if "problemCode" not in result:
            return desk.go(shown.next or f"{self.subject.page(row)}?{urlencode({'done': action.name})}")
        await self._refused(desk, action, row, form, shown, result)
        return self._show(desk, action, row, form, shown)

    def offered(self, desk: Desk, row: Answer) -> list[Action]:
        """What this person can do with it as things stand."""
        return [action for action in self.actions.values() if action.is_for(desk) and action.offered(row)]

    def address(self, row: Answer, action: Action) -> str:
        """Where the form of an operation is."""
        return f"{self.subject.page(row)}/{action.name}"

    async def _form(self, desk: Desk, action: Action, row: Answer) -> Form:
        return desk.form(
            action.document,
            self.subject.zone(row),
            values=action.values(row),
            fixed=action.fixed(row),
            choices=await action.choices(desk, row),
            without=action.without,
            only_changes=action.only_changes,
        )

    async def _refused(self, desk: Desk, action: Action, row: Answer, form: Form, shown: Shown, result: Answer) -> None:
        shown.conflicts = result.get("conflicts") or ()
        if "currentVersion" not in result:
            form.blame(result["message"], result.get("field") or ())
            return
        shown.was_changed = True
        stored = await self._form(desk, action, await self.subject.read(desk, self.subject.key(row)))
        shown.differences = differences(form, stored)
        for one in form.fields():
            if one.name == "version":
                one.value = str(result["currentVersion"])


def _is_outdated(form: Form, sent: FormData) -> bool:
    """Whether a form was made from what somebody else has changed since. Of what has a version the API sees it."""
    has_version = any(one.name == "version" for one in form.fields())
    return not has_version and sent.get(ORIGIN, form.origin()) != form.origin()


async def _preview(desk: Desk, action: Action, form: Form, shown: Shown, variables: Known) -> None:
    try:
        if action.change is not None:
            change = action.change(variables)
            found = await desk.ask("PreviewChange", contractId=variables["contractId"], change=change)
            shown.preview = found["changePreview"]
            shown.conflicts = shown.preview["conflicts"]
        elif action.preview is not None:
            asked = {name: value for name, value in variables.items() if name != "version"}
            (shown.tariff,) = (await desk.ask(action.preview, **asked)).values()
    except Refusal as refusal:
        form.blame(refusal.message, refusal.field)


def differences(typed: Form, stored: Form) -> list[Difference]:
    """Where what was typed is not what is stored now."""
    now = {one.name: one for one in stored.fields()}
    return [
        Difference(one.label, _text(now[one.name]), _text(one))
        for one in typed.fields()
        if one.name in now and one.widget != "hidden" and _text(one) != _text(now[one.name])
    ]


def _text(one: Field) -> str:
    words = {choice.value: choice.text for choice in one.choices}
    if one.widget == "ticks":
        return ", ".join(words.get(value, value) for value in one.chosen)
    return words.get(one.value, one.value)
