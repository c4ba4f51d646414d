"""The card page: what was entered stays after a mistake, and everything on it is in its language."""

import re
import sqlite3
from html import unescape

import pytest

from server.gateways.telecash import TelecashGateway
from server.sandbox.telecash.cards import TEST_CARDS

from .world import Browser, World, new_checkout

WRONG_DIGIT = "4035 8740 0042 4978"


async def opened(world: World, gateway: TelecashGateway, browser: Browser, locale: str = "de") -> None:
    form = gateway.checkout_form(new_checkout(world, locale=locale))
    assert (await browser.open(form.url, dict(form.fields))).status_code == 200


def filled_in(page: str) -> dict[str, str]:
    """What the page's fields hold."""
    inputs = re.findall(r'<input id="(\w+)"([^>]*)>', page)
    held = {name: unescape(value[1]) for name, rest in inputs if (value := re.search(r'value="([^"]*)"', rest))}
    chosen = re.findall(r'<select id="(\w+)".*?<option value="(\d+)" selected>', page, re.DOTALL)
    return held | dict(chosen)


async def test_an_untouched_page(world: World, gateway: TelecashGateway, browser: Browser) -> None:
    await opened(world, gateway, browser)
    year = world.clock.now().year
    assert filled_in(browser.page) == {"bname": "", "cardnumber": "", "expmonth": "12", "expyear": str(year + 3)}


async def test_after_a_mistake_everything_but_the_security_code_stays(
    world: World, gateway: TelecashGateway, browser: Browser
) -> None:
    # Given
    await opened(world, gateway, browser)
    year = str(world.clock.now().year + 5)
    # When: a digit is wrong
    said = await browser.pay(WRONG_DIGIT, bname='Zoë "Z" <Müller>', expmonth="07", expyear=year, cvm="987")
    # Then
    assert (said.status_code, said.headers["cache-control"]) == (422, "no-store")
    assert filled_in(browser.page) == {
        "bname": 'Zoë "Z" <Müller>',
        "cardnumber": WRONG_DIGIT,
        "expmonth": "07",
        "expyear": year,
    }
    assert "987" not in browser.page


async def test_what_is_shown_again_is_kept_nowhere(
    world: World, gateway: TelecashGateway, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    # Given: a number whose last digit is wrong was sent, with and without blanks
    await opened(world, gateway, browser)
    for number in (WRONG_DIGIT, WRONG_DIGIT.replace(" ", "")):
        await browser.pay(number, bname="Zoë Müller", cvm="987")
    # When: everything that the simulator stores is looked through
    with world.store.database.transaction() as connection:
        stored = everything(connection)
    # Then: the requests are there, without what must not be kept
    assert "403587...4978" in stored
    for secret in (WRONG_DIGIT, WRONG_DIGIT.replace(" ", ""), "Zoë Müller", "987"):
        assert secret not in stored
        assert secret not in caplog.text


def everything(connection: sqlite3.Connection) -> str:
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return "\n".join(str(tuple(row)) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"'))


@pytest.mark.parametrize(
    ("locale", "declined", "lost"),
    [
        (
            "de",
            "abgelehnt 51 (Deckung reicht nicht)",
            "verlorene Antwort: jede Zahlung wird ausgeführt, dann geht die Antwort verloren",
        ),
        (
            "en",
            "declined 51 (insufficient funds)",
            "lost answer: each sale is processed, then the answer is lost",
        ),
    ],
)
async def test_the_test_cards_are_explained_in_the_pages_language(
    world: World, gateway: TelecashGateway, browser: Browser, locale: str, declined: str, lost: str
) -> None:
    await opened(world, gateway, browser, locale)
    listed = re.findall(r"<li><code>(\d+)</code><span>(.*?)</span>", browser.page)
    assert [number for number, _ in listed] == [card.number for card in TEST_CARDS]
    assert dict(listed)["4704550000000005"] == declined
    assert dict(listed)["4147463011110067"] == lost


async def test_on_a_narrow_screen_the_expiry_has_a_line_of_its_own(
    world: World, gateway: TelecashGateway, browser: Browser
) -> None:
    """360 px leave 277 inside the panel: two columns of 10rem do not fit, so that a year has 135 px and not 63."""
    await opened(world, gateway, browser)
    assert ".row{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:0 .8rem}" in browser.page
    pair = re.search(r'<div class="pair">(.*?)</fieldset>', browser.page, re.DOTALL)
    assert pair is not None
    assert re.findall(r'<select id="(\w+)"', pair[1]) == ["expmonth", "expyear"]
