"""The preview writes every mail of the API, in both languages, whole."""

from __future__ import annotations

from pathlib import Path

from server.models.email import EmailTemplate
from server.sandbox.mail_preview import write
from server.sandbox.sample_mails import LANGUAGES, samples


def test_every_template_is_there_in_both_languages(tmp_path: Path) -> None:
    count = write(tmp_path / "preview")

    for language in LANGUAGES:
        made = list(samples(language))
        assert {sample.template for sample in made} == {template.value for template in EmailTemplate}
        for sample in made:
            html = (tmp_path / "preview" / f"{sample.name}.{language}.html").read_text()
            text = (tmp_path / "preview" / f"{sample.name}.{language}.txt").read_text()
            assert f'lang="{language}"' in html
            assert not [left for left in ("{{", "{%", "None") if left in text], sample.name
    index = (tmp_path / "preview" / "index.html").read_text()
    assert index.count("<li>") == count == 2 * len(list(samples("de")))


def test_what_was_there_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("old")
    assert write(tmp_path) == write(tmp_path)
    assert "old" not in (tmp_path / "index.html").read_text()


def text_of(folder: Path, name: str) -> str:
    return " ".join((folder / name).read_text().replace("\u00a0", " ").split())


def test_the_facts_of_a_sample_go_together(tmp_path: Path) -> None:
    write(tmp_path)

    changed = text_of(tmp_path, "change.de.txt")
    assert "neu Fr., 18.09.2026, 08:00 Uhr" in changed
    assert "Rückgabe: Freitag, 18.09.2026, 08:00 Uhr" in changed
    # What is to be transferred has somewhere to go.
    for name in ("payment_failed.de.txt", "payment_failed-claim.en.txt", "payment_reminder.en.txt"):
        assert "IBAN: DE37 9999 9999 0123 4567 89" in text_of(tmp_path, name)
    assert "3 × 59.00" in text_of(tmp_path, "booking_confirmation.en.txt")
    # No card is debited for what somebody else pays.
    assert "Jetzt bezahlt: 0,00 €" in text_of(tmp_path, "booking_confirmation-payer.de.txt")
