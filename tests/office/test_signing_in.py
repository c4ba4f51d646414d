"""Signing in to the office: cookies that no script reads, renewal, lock-out, forms that only our pages can send."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from server import security
from tests.dealership import Dealership
from tests.driving import PASSWORD, SandboxServer
from tests.office.browser import Clerk, email_of


def cookies(clerk: Clerk) -> dict[str, str]:
    return {cookie.name: str(cookie.value) for cookie in clerk.http.cookies.jar}


def test_who_is_not_signed_in_comes_back_to_the_page_that_was_wanted(dealership: Dealership, stranger: Clerk) -> None:
    # when a page is opened without a session
    stranger.open("/office/vehicles?status=ACTIVE")

    # then the sign-in is shown, and leads on to that page
    assert stranger.path.startswith("/office/sign-in?next=")
    stranger.send(email=email_of(dealership), password=PASSWORD)
    assert stranger.path == "/office/vehicles?status=ACTIVE"
    assert stranger.status == 200


def test_the_cookie_is_for_the_browser_alone(dealership: Dealership, stranger: Clerk) -> None:
    stranger.open("/office/sign-in")
    form = {"email": email_of(dealership), "password": PASSWORD, "formToken": stranger.forms()[-1].fields["formToken"]}

    answer = stranger.http.post(f"{stranger.base}/office/sign-in", data=form)

    assert answer.status_code == 303
    given = answer.headers.get_list("set-cookie")
    assert [one.split("=")[0] for one in given] == ["ersatzwagen", "ersatzwagen_form"]
    assert all("HttpOnly" in one and "SameSite=lax" in one and "Path=/" in one for one in given)
    assert all("Max-Age" not in one and "expires" not in one.lower() for one in given), "it ends with the browser"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/office//evil", "/graphql", "/office\\x"]
)
def test_a_link_to_the_sign_in_leads_nowhere_else(dealership: Dealership, stranger: Clerk, address: str) -> None:
    stranger.open("/office/sign-in")
    stranger.send(email=email_of(dealership), password=PASSWORD, next=address)
    assert stranger.path == "/office/"


def test_a_wrong_password_is_said_and_kept_nowhere(dealership: Dealership, stranger: Clerk) -> None:
    stranger.sign_in(email_of(dealership), "not-the-password")
    assert stranger.status == 200
    assert stranger.alerts() == ["E-mail or password is wrong."]
    assert "not-the-password" not in stranger.answer.text
    assert "ersatzwagen" not in cookies(stranger)


def test_an_account_is_locked_out_as_in_the_api(dealership: Dealership, stranger: Clerk) -> None:
    for _ in range(11):
        stranger.sign_in(email_of(dealership, "yard"), "wrong-wrong-wrong")
    assert stranger.alerts() == ["Too many failed sign-ins. Try again in a quarter of an hour."]


def test_a_session_whose_hour_is_over_is_renewed_in_silence(
    dealership: Dealership, clerk: Clerk, server: SandboxServer
) -> None:
    # given an access token whose time is over
    before = cookies(clerk)["ersatzwagen"]
    _let_expire(server, before)

    # when the next page is opened
    clerk.open("/office/contracts")

    # then nobody notices, and the browser has the next pair
    assert (clerk.status, clerk.path) == (200, "/office/contracts")
    assert cookies(clerk)["ersatzwagen"] != before


def test_two_windows_that_renew_at_once_both_go_on(dealership: Dealership, clerk: Clerk, server: SandboxServer) -> None:
    before = cookies(clerk)["ersatzwagen"]
    _let_expire(server, before)
    clerk.open("/office/contracts")

    # when another window still sends the old pair
    with httpx2.Client(cookies={"ersatzwagen": before}) as other:
        answer = other.get(f"{clerk.base}/office/contracts", headers=clerk.headers)

    assert answer.status_code == 200
    assert answer.cookies["ersatzwagen"] == cookies(clerk)["ersatzwagen"]


def test_who_signs_in_is_not_given_the_renewed_session_of_somebody_else(
    dealership: Dealership, clerk: Clerk, server: SandboxServer
) -> None:
    # given a sign-in page that stands open until the hour of the clerk's session is over
    clerk.open("/office/sign-in")
    _let_expire(server, cookies(clerk)["ersatzwagen"])

    # when somebody else signs in on it
    clerk.send(email=email_of(dealership, "yard"), password=PASSWORD)

    # then it is that person who is signed in
    assert clerk.path == "/office/"
    assert "Yard" in clerk.text("//footer")
    assert "Clerk" not in clerk.text("//footer")


def test_who_signs_out_after_the_hour_is_signed_out(clerk: Clerk, server: SandboxServer) -> None:
    clerk.open("/office/")
    sign_out = next(form for form in clerk.page.forms if form.action == "/office/sign-out")
    _let_expire(server, cookies(clerk)["ersatzwagen"])

    clerk.post("/office/sign-out", sign_out.form_values())

    assert clerk.path == "/office/sign-in"
    assert "ersatzwagen" not in cookies(clerk)


def test_a_session_that_ended_leads_to_the_sign_in_and_takes_the_cookie(clerk: Clerk, server: SandboxServer) -> None:
    _revoke(server, cookies(clerk)["ersatzwagen"])
    clerk.open("/office/")
    assert clerk.path.startswith("/office/sign-in")
    assert "ersatzwagen" not in cookies(clerk)


def test_signing_out_ends_the_session_itself(clerk: Clerk) -> None:
    kept = cookies(clerk)["ersatzwagen"]
    clerk.open("/office/")
    sign_out = next(form for form in clerk.page.forms if form.action == "/office/sign-out")

    clerk.post("/office/sign-out", sign_out.form_values())

    assert clerk.path == "/office/sign-in"
    with httpx2.Client(cookies={"ersatzwagen": kept}) as thief:
        assert thief.get(f"{clerk.base}/office/").headers["location"].startswith("/office/sign-in")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_of_a_foreign_page_does_nothing(dealership: Dealership, clerk: Clerk, headers: dict[str, str]) -> None:
    clerk.open("/office/password")
    fields = [*clerk.forms()[-1].form_values(), ("current", PASSWORD), ("new", "another-password-1")]

    clerk.post("/office/password", fields, headers)

    assert clerk.status == 403
    clerk.http.cookies.clear()
    clerk.sign_in(email_of(dealership))
    assert clerk.path == "/office/", "the password is what it was"


def test_a_proxy_may_call_the_server_by_another_name(clerk: Clerk) -> None:
    """The browser itself says that a form comes from a page of the same origin."""
    clerk.open("/office/password")
    fields = [*clerk.forms()[-1].form_values(), ("current", "wrong-wrong-1"), ("new", "another-password-1")]

    clerk.post("/office/password", fields, {"sec-fetch-site": "same-origin", "origin": "https://office.example"})

    assert clerk.page.xpath("//*[@id='f-current-why']")[0].text == "The current password is wrong."


def test_a_sign_in_that_stands_open_still_works_after_another_window_was_sent_there(
    dealership: Dealership, stranger: Clerk
) -> None:
    """At night the sessions of all windows end, and each is led to the sign-in."""
    stranger.open("/office/plan")
    first = stranger.page
    stranger.open("/office/contracts")

    stranger.page = first
    stranger.send(email=email_of(dealership), password=PASSWORD)

    assert (stranger.status, stranger.path) == (200, "/office/plan")


@pytest.mark.parametrize("token", ["", "x", "abc.def", None])
def test_a_form_without_this_browsers_token_does_nothing(clerk: Clerk, token: str | None) -> None:
    clerk.open("/office/password")
    clerk.send(formToken=token, current=PASSWORD, new="another-password-1")
    assert clerk.status == 403
    assert "out of date" in clerk.alerts()[0]


def test_a_token_of_another_browser_is_worth_nothing(dealership: Dealership, clerk: Clerk) -> None:
    with httpx2.Client(timeout=60) as http:
        other = Clerk(http, clerk.base)
        other.sign_in(email_of(dealership, "yard"))
        other.open("/office/password")
        foreign = other.forms()[-1].fields["formToken"]
    clerk.open("/office/password")
    clerk.send(formToken=foreign, current=PASSWORD, new="another-password-1")
    assert clerk.status == 403


def test_the_own_password_is_changed_and_the_session_goes_on(dealership: Dealership, clerk: Clerk) -> None:
    clerk.open("/office/password")
    clerk.send(current="wrong-wrong-1", new="another-password-1")
    assert clerk.page.xpath("//*[@id='f-current-why']")[0].text == "The current password is wrong."

    clerk.send(current=PASSWORD, new="another-password-1")

    assert "Your password is changed" in clerk.text()
    clerk.open("/office/")
    assert clerk.path == "/office/"


def test_a_page_that_is_closed_before_it_is_there_is_nobodys_fault(clerk: Clerk, server: SandboxServer) -> None:
    held = "; ".join(f"{name}={value}" for name, value in cookies(clerk).items())
    asked = f"GET /office/ HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {held}\r\n\r\n".encode()
    address, before = urlsplit(clerk.base), len(server.logged("unexpected_error"))
    for _ in range(10):
        with socket.create_connection((address.hostname, address.port or 80)) as browser:
            browser.sendall(asked)

    clerk.open("/office/")

    assert clerk.status == 200
    assert len(server.logged("unexpected_error")) == before


def test_pages_have_a_strict_policy_and_are_kept_nowhere(clerk: Clerk) -> None:
    clerk.open("/office/")
    policy = clerk.answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "unsafe" not in policy
    assert clerk.answer.headers["cache-control"] == "no-store"
    assert clerk.answer.headers["x-content-type-options"] == "nosniff"
    assert not clerk.page.xpath("//script[not(@src)] | //style | //*[@style] | //*[starts-with(name(@*), 'on')]")


def test_files_are_kept_for_ever_and_change_their_address(clerk: Clerk) -> None:
    clerk.open("/office/")
    for address in clerk.page.xpath("//link/@href | //script/@src"):
        answer = clerk.http.get(f"{clerk.base}{address}")
        assert answer.status_code == 200
        assert "?v=" in address
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_pages_are_compressed_and_their_tokens_differ(clerk: Clerk) -> None:
    tokens = set()
    for _ in range(3):
        clerk.open("/office/contracts")
        assert clerk.answer.headers["content-encoding"] == "gzip"
        tokens.add(clerk.page.xpath("//input[@name='formToken']/@value")[0])
    assert len(tokens) == 3


def test_the_language_is_the_browsers_until_one_is_chosen(clerk: Clerk) -> None:
    clerk.open("/office/")
    assert clerk.page.get("lang") == "en"
    switch = next(form for form in clerk.page.forms if form.action == "/office/language")
    clerk.post("/office/language", [*switch.form_values(), ("language", "de")])
    assert (clerk.page.get("lang"), clerk.path) == ("de", "/office/")

    # and what the API says is in it, too
    clerk.open("/office/password")
    clerk.send(current="wrong-wrong-1", new="another-password-1")
    assert clerk.page.xpath("//*[@id='f-current-why']")[0].text == "Das bisherige Passwort ist falsch."


def _let_expire(server: SandboxServer, cookie: str) -> None:
    _change(server, "access_expires_at = %s", datetime.now(UTC) - timedelta(minutes=1), cookie)


def _revoke(server: SandboxServer, cookie: str) -> None:
    _change(server, "revoked_at = %s", datetime.now(UTC), cookie)


def _change(server: SandboxServer, change: str, at: datetime, cookie: str) -> None:
    access = cookie.split(".", maxsplit=1)[0]
    with psycopg.connect(server.owner, autocommit=True) as connection:
        done = connection.execute(
            f"update session set {change} where access_hash = %s", (at, security.token_hash(access))
        )
        assert done.rowcount == 1
