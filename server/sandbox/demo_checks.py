"""How the demo tells its story, compares what it finds with what must be, and leaves papers behind."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

from server.sandbox.demo_server import DemoFailed, Json

_TYPES = {"SALE": "sale", "HOLD": "preAuth", "CAPTURE": "postAuth", "REFUND": "return", "RELEASE": "void"}


def cents(money: Json) -> int:
    """An amount of the API in cents."""
    return int(Decimal(money["amount"]) * 100)


def euros(amount: int) -> str:
    """Cents for people."""
    return f"{amount // 100}.{amount % 100:02d} EUR"


@dataclass
class Story:
    """Prints, and fails at the first difference."""

    checks: int = 0

    def title(self, text: str) -> None:
        """Begins a new part."""
        print("", text, "-" * len(text), sep="\n", flush=True)  # noqa: T201

    def say(self, *lines: str) -> None:
        """Tells something."""
        for line in lines:
            print(line, flush=True)  # noqa: T201

    def figure(self, name: str, found: int, expected: int) -> None:
        """An amount that is shown and must be exactly this."""
        self.equal(name, found, expected)
        self.say(f"  {euros(found):>12}  {name}")

    def equal(self, name: str, found: Any, expected: Any) -> None:
        """DemoFailed unless both are the same."""
        self.checks += 1
        if found != expected:
            raise DemoFailed(f"{name}: found {found!r}, expected {expected!r}")


@dataclass
class Papers:
    """The folder with mails, PDFs and photos; files of an earlier run are written over."""

    folder: Path
    seen: list[str] = field(default_factory=list)
    mails: int = 0

    def photo(self, name: str, content: bytes) -> None:
        """A picture as it was uploaded."""
        self._write("photos", name, content)

    def mail(self, story: Story, template: str, raw: bytes, papers: dict[str, str]) -> str:
        """Keeps a mail with what is attached: calendar files, and PDFs, each of which must be one of `papers` (type to
        sha256). Returns the template.
        """
        self.mails += 1
        self._write("mails", f"{self.mails}-{template.lower().replace('_', '-')}.eml", raw)
        message = message_from_bytes(raw, policy=default)
        names = []
        for part in message.iter_attachments():
            if part.get_content_type() == "text/calendar":
                self._write("mails", f"{self.mails}-{part.get_filename()}", str(part.get_content()).encode())
                names.append(str(part.get_filename()))
                continue
            content = part.get_content()
            if part.get_content_type() != "application/pdf" or not content.startswith(b"%PDF-"):
                raise DemoFailed(f"{template}: an attachment is no PDF: {part.get_filename()}")
            kind = next((kind for kind, sha256 in papers.items() if sha256 == self.sha256(content)), None)
            if kind is None:
                raise DemoFailed(f"{template}: {part.get_filename()} is none of the contract's papers")
            self.seen.append(kind)
            self._write("pdfs", f"{kind.lower().replace('_', '-')}.pdf", content)
            names.append(f"{part.get_filename()} ({len(content) // 1024} KB)")
        story.say(f"  {message['Subject']}", f"      with {', '.join(names) or 'nothing attached'}")
        return template

    @staticmethod
    def sha256(content: bytes) -> str:
        """The hash that the API names for a paper."""
        return hashlib.sha256(content).hexdigest()

    def _write(self, kind: str, name: str, content: bytes) -> None:
        target = self.folder / kind / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


@dataclass(frozen=True)
class Ledgers:
    """What the gateway and the system have in their books for one contract."""

    gateway: list[Json]
    system: list[Json]

    def compare(self, story: Story, expected: list[tuple[str, int, str]]) -> None:
        """Shows both line by line. They must agree, and be what the story says happened to the money."""
        ours = {payment["gatewayReference"]: payment for payment in self.system}
        story.say(f"  {'gateway':<28}{'':>12}   system")
        for line in self.gateway:
            amount = _amount(line)
            payment = ours.get(line["transaction_id"])
            shown = f"{payment['kind']:<8} {payment['state']}" if payment else "nothing"
            story.say(f"  {line['order_id']:<14}{line['type']:<8}{line['state']:<9}{euros(amount):>12}   {shown}")
        story.equal("lines in both books", len(self.system), len(self.gateway))
        for line in self.gateway:
            payment = ours.get(line["transaction_id"])
            found = payment and (_TYPES[payment["kind"]], cents(payment["amount"]), payment["orderReference"])
            story.equal("a payment in both books", found, (line["type"], _amount(line), line["order_id"]))
            story.equal("its outcome", payment and payment["state"], "SUCCEEDED")
        found_lines = [(line["type"], _amount(line), line["state"]) for line in self.gateway]
        story.equal("the gateway's lines", Counter(found_lines), Counter(expected))


def _amount(line: Json) -> int:
    return int(Decimal(line["amount"]) * 100)
