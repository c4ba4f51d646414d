"""`ersatzwagen demo`, as somebody who has just downloaded the project runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from PIL import Image

from server.sandbox.demo_checks import Ledgers, Story
from server.sandbox.demo_server import DemoFailed
from tests.calendar import SETTINGS
from tests.driving import ROOT


def test_the_demo_tells_the_whole_story_and_leaves_its_papers(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    result = subprocess.run(
        [sys.executable, "-m", "server", "demo", "--folder", str(folder)],
        cwd=ROOT,
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Every figure is right" in result.stdout
    assert "282.13 EUR  total" in result.stdout
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in folder.glob("mails/*.eml")]
    assert {mail["To"] for mail in mails} == {"erika.mustermann@kunde.example"}
    assert len(mails) == 6
    (calendar,) = folder.glob("mails/*.ics")
    assert calendar.name == "1-Miettermin.ics"
    assert "BEGIN:VEVENT" in calendar.read_text()
    pdfs = list(folder.glob("pdfs/*.pdf"))
    assert {file.stem for file in pdfs} == {"advance-invoice", "check-out", "check-in", "final-invoice"}
    assert all(file.read_bytes().startswith(b"%PDF-") for file in pdfs)
    photos = [Image.open(io.BytesIO(file.read_bytes())) for file in folder.glob("photos/*.jpg")]
    assert [photo.format for photo in photos] == ["JPEG"] * 9
    assert (folder / "photos/signature.png").exists()


def test_it_is_loud_about_a_figure_that_differs() -> None:
    with pytest.raises(DemoFailed, match="total: found 5901, expected 5900"):
        Story().figure("total", 5901, 5900)


def test_it_is_loud_about_books_that_differ() -> None:
    line = {"order_id": "BER-1-D1", "transaction_id": "7", "type": "sale", "amount": "59.00", "state": "approved"}
    payment = {
        "gatewayReference": "7", "kind": "SALE", "state": "SUCCEEDED",
        "amount": {"amount": "58.00"}, "orderReference": "BER-1-D1",
    }  # fmt: skip
    with pytest.raises(DemoFailed, match="a payment in both books"):
        Ledgers([line], [payment]).compare(Story(), [("sale", 5900, "approved")])
