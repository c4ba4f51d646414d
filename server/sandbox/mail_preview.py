"""Writes every sample mail into a folder: as HTML and text, with a page that shows them all."""

from __future__ import annotations

from html import escape
from pathlib import Path

from server.paper.mail_templates import render_mail
from server.sandbox.sample_mails import LANGUAGES, samples

_PAGE = """<!doctype html>
<meta charset="utf-8"><title>Mails</title>
<style>body {{ font: 15px sans-serif; margin: 2em }} li {{ margin: .4em 0 }}</style>
<h1>Mails</h1>
<ul>
{items}
</ul>
"""


def write(folder: Path) -> int:
    """Writes all of them, and returns how many there are; what was there of the same name is overwritten."""
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for language in LANGUAGES:
        for sample in samples(language):
            name = f"{sample.name}.{language}"
            mail = render_mail(sample.template, language, sample.view)
            (folder / f"{name}.html").write_text(mail.html, encoding="utf-8")
            (folder / f"{name}.txt").write_text(f"{mail.subject}\n\n{mail.text}", encoding="utf-8")
            text = f'<a href="{name}.txt">text</a>'
            items.append(f'<li><a href="{name}.html">{escape(mail.subject)}</a> ({name}, {text})</li>')
    (folder / "index.html").write_text(_PAGE.format(items="\n".join(items)), encoding="utf-8")
    return len(items)
