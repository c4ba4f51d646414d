"""What can be done with a document and what is open of it."""

from __future__ import annotations

from server.office.actions.action import Action, Known, Subject
from server.office.actions.steps import Steps
from server.office.desk import Desk
from server.office.door import NotFound
from server.office.operations import Answer

_CANCELLABLE = frozenset({"ADVANCE_INVOICE", "FINAL_INVOICE", "DAMAGE_CLAIM"})


async def read(desk: Desk, number: str) -> Answer:
    """A document by its number."""
    found = (await desk.ask("Document", number=number))["document"]
    if found is None:
        raise NotFound
    document: Answer = found
    return document


def _is_open(document: Answer) -> bool:
    return document["openItem"] is not None


def _document_id(document: Answer) -> Known:
    return {"documentId": document["id"]}


def _all_of_it(document: Answer) -> Known:
    return {"amount": document["openItem"]["open"] if document["openItem"] else None}


def _open_item_id(document: Answer) -> Known:
    return {"openItemId": (document["openItem"] or {}).get("id", "")}


def _is_cancellable(document: Answer) -> bool:
    return document["type"] in _CANCELLABLE


ACTIONS = (
    Action("payment", "RecordExternalPayment", "recordExternalPayment", _is_open, _all_of_it, _document_id),
    Action("write-off", "WriteOffOpenItem", "writeOffOpenItem", _is_open, fixed=_open_item_id, is_grave=True),
    Action("cancel", "CancelDocument", "cancelDocument", _is_cancellable, fixed=_document_id, is_grave=True),
)
STEPS = Steps(
    Subject(
        read,
        title=lambda document: str(document["number"]),
        page=lambda document: f"/office/documents/{document['number']}",
        key=lambda document: str(document["number"]),
    ),
    {action.name: action for action in ACTIONS},
)
