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
