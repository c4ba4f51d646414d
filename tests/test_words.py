"""One word for a thing, the glossary's: names in the code are made of no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("server/services", "server/schema", "server/resolvers", "server/models", "mobile_kivy")
NOT_USED = {
    "hand_out": "check_out",
    "handing_out": "check_out",
    "handing_over": "check_out",
    "taking_back": "check_in",
    "handed_out": "checked_out",
    "hand_over": "check_out",
    "handed_over": "checked_out",
    "give_out": "check_out",
    "pickup": "check_out",
    "take_back": "check_in",
    "taken_back": "checked_in",
    "takes_back": "is_check_in",
    "give_back": "check_in",
    "drop_off": "check_in",
    "protocol_paper": "protocol_sheet",
    "handover_protocol": "protocol",
    "hold_expired": "car_hold_expired",
    "expire_hold": "expire_car_hold",
    "snapshot_photo": "photo",
    "reservation": "contract",
    "rental_contract": "contract",
    "agreement": "contract",
    "branch": "station",
    "location": "station",
    "depot": "station",
    "vehicle_class": "vehicle_group",
    "vehicle_category": "vehicle_group",
    "car_group": "vehicle_group",
    "car_class": "vehicle_group",
    "price_list": "tariff",
    "rate_plan": "tariff",
    "package": "bundle",
    "surcharge": "extra",
    "add_on": "extra",
    "pre_auth": "hold",
    "preauth": "hold",
    "authorisation": "hold",
    "authorization": "hold",
    "security_deposit": "deposit",
    "bail": "deposit",
    "booking_hold": "car_hold",
    "vehicle_hold": "car_hold",
    "buffer": "turnaround",
    "prep_time": "turnaround",
    "grace_period": "grace",
    "mileage": "odometer",
    "license": "licence",
    "licence_plate": "plate",
    "number_plate": "plate",
    "registration_number": "plate",
    "lessee": "renter",
    "hirer": "renter",
    "loaner": "courtesy",
    "replacement_car": "courtesy",
    "credit_note": "cancellation_invoice",
    "gutschrift": "cancellation_invoice",
    "prepayment_invoice": "advance_invoice",
    "bill_payer": "payer",
    "sync_queue": "outbox",
    "upload_queue": "outbox",
    "canceled": "cancelled",
    "cancelation": "cancellation",
    "utils": "what it is about",
    "helpers": "what it is about",
}
"""What a thing is not called, and what it is called instead."""
PHOTOS_ONLY = ("server/services", "server/schema", "server/resolvers", "server/models")
"""Where nothing is drawn: what is taken with a camera is a photo."""
OF_OTHERS = {
    "PackageLoader": "jinja's",
    "getPackageName": "Android's",
    "handedOut": "an argument of the agreed contract",
    "handed_out": "the same in Python",
    "location": "a place in a GraphQL document",
}
"""Names that are not ours."""


def names(source: str) -> Iterator[tuple[str, int]]:
    """Every name that a file makes or uses, with its line."""
    for node in ast.walk(ast.parse(source)):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, line
        elif isinstance(node, ast.arg):
            yield node.arg, line
        elif isinstance(node, ast.Name):
            yield node.id, line
        elif isinstance(node, ast.Attribute):
            yield node.attr, line
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg, node.value.lineno
        elif isinstance(node, ast.alias):
            yield from ((part, line) for name in (node.name, node.asname or "") for part in name.split("."))


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def wrong_word(name: str) -> str | None:
    """The word in a name that is not used, if there is one; also in the plural."""
    words = f"_{snake(name)}_"
    return next(
        (word for word in NOT_USED if f"_{word}_" in words or f"_{word}s_" in words or f"_{word}es_" in words), None
    )


def faults(source: str) -> list[str]:
    found: dict[str, str] = {}
    for name, line in names(source):
        if name not in OF_OTHERS and (word := wrong_word(name)):
            found.setdefault(name, f"{line}: {name} (say {NOT_USED[word]})")
    return list(found.values())


def test_names_are_made_of_the_glossarys_words() -> None:
    files = [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 150
    assert [
        f"{file.relative_to(ROOT)}:{fault}" for file in files for fault in faults(file.read_text(encoding="utf-8"))
    ] == []


def test_what_a_camera_takes_is_a_photo() -> None:
    drawn = [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for folder in PHOTOS_ONLY
        for file in sorted((ROOT / folder).rglob("*.py"))
        for name, line in names(file.read_text(encoding="utf-8"))
        if "picture" in snake(name).split("_") or "pictures" in snake(name).split("_")
    ]
    assert drawn == []


def test_files_and_folders_too() -> None:
    named = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
    assert [str(path.relative_to(ROOT)) for path in named if wrong_word(path.stem)] == []


def test_fields_and_values_of_the_api_too() -> None:
    text = (ROOT / "server/schema/schema.graphql").read_text(encoding="utf-8")
    without_texts = re.sub(r'"""(.|\n)*?"""|"(\\.|[^"\\])*"', "", text)
    said = sorted(set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", without_texts)) - set(OF_OTHERS))
    assert len(said) > 400
    assert [name for name in said if wrong_word(name)] == []


def test_what_is_called_instead_is_in_the_glossary_and_used() -> None:
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").casefold().replace("-", " ")
    rows = {
        "check_out",
        "check_in",
        "protocol_sheet",
        "car_hold",
        "hold",
        "station",
        "vehicle_group",
        "tariff",
        "deposit",
    }
    assert rows <= set(NOT_USED.values())
    assert [word for word in sorted(rows) if f"| {word.replace('_', ' ')} |" not in glossary] == []


def test_another_word_is_found() -> None:
    source = "import depot\nclass HandOut:\n    def license_of(self, mileages, handover, fine): f(branch=1)\n"
    assert sorted(faults(source)) == [
        "1: depot (say station)",
        "2: HandOut (say check_out)",
        "3: branch (say station)",
        "3: license_of (say licence)",
        "3: mileages (say odometer)",
    ]
