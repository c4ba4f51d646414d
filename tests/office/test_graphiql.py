"""GraphiQL: built from its lock file, quiet under a strict policy, with operations on its shelf that answer."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import OperationType, parse

from server.office import shelf_of
from server.office.graphiql import build
from server.office.shelf_of import Entry
from tests.dealership import Dealership
from tests.driving import SandboxServer
from tests.office.browser import Clerk, email_of
from tests.office.chromium import CHROMIUM, Window, picture, window

READY = [entry for entry in shelf_of.entries() if '""' not in entry.variables]
"""What asks for nothing that the page does not know."""


def test_what_is_served_was_built_from_what_is_here() -> None:
    """If this fails: `python -m server.office.graphiql.build`, and commit what it makes."""
    written = json.loads((build.BUILT / build.SUMS).read_text(encoding="utf-8"))
    assert written == {"sources": build.sources(), "made": build.made(build.BUILT)}


@pytest.mark.skipif(not shutil.which("npm"), reason="Node's npm is not here: nothing can be built")
def test_a_rebuild_makes_the_same_bytes(tmp_path: Path) -> None:
    build.build(tmp_path / "again")
    assert build.made(tmp_path / "again") == build.made(build.BUILT)


def test_the_lock_file_names_no_registry() -> None:
    assert "resolved" not in (build.SOURCE / "package-lock.json").read_text(encoding="utf-8")


def test_no_token_stands_on_the_page(clerk: Clerk) -> None:
    clerk.open("/office/graphiql")
    assert clerk.status == 200
    policy = clerk.answer.headers["content-security-policy"]
    nonce = clerk.page.xpath("//div[@id='graphiql']/@data-nonce")[0]
    assert f"'nonce-{nonce}'" in policy
    assert "script-src 'self';" in policy
    session = str(clerk.http.cookies["ersatzwagen"])
    assert not any(part in clerk.answer.text for part in session.split("."))
    assert not re.search(r"https?://", clerk.answer.text)


def test_a_browser_at_the_api_is_led_to_it(stranger: Clerk, dealership: Dealership) -> None:
    stranger.sign_in(email_of(dealership))
    stranger.open("/graphql")
    assert stranger.path == "/office/graphiql"


@pytest.mark.parametrize("entry", shelf_of.entries(), ids=lambda entry: entry.name)
def test_an_entry_says_what_it_is_in_both_languages(entry: Entry) -> None:
    assert all(entry.titles[language] and entry.uses[language] for language in ("de", "en"))
    (operation,) = parse(entry.query).definitions
    kind = operation.operation  # type: ignore[attr-defined]  # each file is one operation
    assert (kind is OperationType.MUTATION) == (entry.name == "note"), "the shelf is for reading"


@pytest.mark.parametrize("entry", READY, ids=lambda entry: entry.name)
def test_an_entry_answers_as_it_lies_there(entry: Entry, dealership: Dealership, clerk: Clerk) -> None:
    clerk.open("/office/graphiql")
    words = json.loads(clerk.page.xpath("//script[@id='words']")[0].text)
    shown = next(one for one in words["shelf"] if one["name"] == entry.name)
    body = {"query": shown["query"], "variables": json.loads(shown["variables"])}
    answer = clerk.http.post(f"{clerk.base}/graphql", json=body, headers={"x-form-token": words["token"]}).json()
    assert "errors" not in answer
    assert (dealership.station["id"] in shown["variables"]) == ('"$station"' in entry.variables)
    assert '"$' not in shown["variables"]


@pytest.fixture
def shown(dealership: Dealership, server: SandboxServer) -> Iterator[Window]:
    with window(server.base) as one:
        one.sign_in(email_of(dealership))
        yield one


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here: apt-get install chromium")
def test_a_query_from_the_shelf_is_run_in_the_browser(shown: Window, tmp_path: Path) -> None:
    # given GraphiQL with its shelf open
    shown.open("/office/graphiql")
    button = shown.page.get_by_role("button", name="Fehlgeschlagene Mails")
    button.click()
    written = shown.page.locator(".monaco-editor", has_text="FailedMails").first
    written.wait_for()
    # The tab is named by the operation as soon as GraphiQL itself knows it: what is run before is nothing.
    shown.page.locator(".graphiql-tab", has_text="FailedMails").wait_for()

    # when its query is run
    shown.page.get_by_role("button", name="Execute query").click()

    # then the answer is there, and nothing went elsewhere or to the console
    shown.page.locator(".result-window", has_text='"emails"').wait_for()
    picture(shown, tmp_path, "graphiql")
    assert shown.told == []
    stored = shown.page.evaluate("JSON.stringify(localStorage) + document.cookie")
    assert "ea_" not in stored
    assert "er_" not in stored
    # and what was written is there again after F5
    shown.page.reload()
    shown.page.locator(".monaco-editor", has_text="FailedMails").first.wait_for()
