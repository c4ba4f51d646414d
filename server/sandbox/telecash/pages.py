"""The hosted page's HTML, in German and English."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}

TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "sandbox": "Testumgebung – hier wird nie echtes Geld bewegt. Bitte keine echten Karten eingeben.",
        "pay": "Zahlung",
        "pay_by_card": "Mit Karte zahlen",
        "reserve": "Kaution reservieren",
        "order": "Bestellung",
        "amount": "Betrag",
        "holder": "Name auf der Karte",
        "number": "Kartennummer",
        "expiry": "Gültig bis",
        "month": "Monat",
        "year": "Jahr",
        "code": "Prüfziffer",
        "code_hint": "3 Ziffern auf der Rückseite",
        "stored": "Die Karte wird für spätere Beträge dieser Anmietung hinterlegt.",
        "pay_now": "{amount} zahlen",
        "reserve_now": "{amount} reservieren",
        "cancel": "Abbrechen",
        "test_cards": "Testkarten",
        "use": "Einsetzen",
        "bad_number": "Diese Kartennummer ist nicht gültig.",
        "bad_brand": "Diese Kartenmarke wird nicht angenommen.",
        "bad_expiry": "Diese Karte ist abgelaufen.",
        "bad_code": "Die Prüfziffer ist nicht gültig.",
        "secure": "Ihre Bank prüft die Zahlung",
        "secure_text": "Bestätigen Sie diese Zahlung, als wäre dies die App Ihrer Bank (3-D Secure).",
        "card": "Karte",
        "confirm": "Zahlung bestätigen",
        "fail": "Bestätigung misslingt",
        "walk_away": "Wer diese Seite einfach schließt, lässt die Zahlung {minutes} Minuten nach Beginn scheitern.",
        "forward": "Sie werden zurückgeleitet",
        "forward_text": "Falls nichts geschieht, drücken Sie bitte den Knopf.",
        "go_on": "Weiter",
        "lost": "Verbindung verloren",
        "lost_text": "Absichtlich: Der Händler erhält zu dieser Zahlung keine Antwort und muss selbst nachfragen.",
        "refused": "Die Zahlungsseite kann nicht geöffnet werden",
        "gone": "Diese Zahlungsseite gibt es nicht (mehr).",
    },
    "en": {
        "sandbox": "Sandbox – no real money ever moves here. Please do not enter real cards.",
        "pay": "Payment",
        "pay_by_card": "Pay by card",
        "reserve": "Reserve the deposit",
        "order": "Order",
        "amount": "Amount",
        "holder": "Name on card",
        "number": "Card number",
        "expiry": "Expiry date",
        "month": "Month",
        "year": "Year",
        "code": "Security code",
        "code_hint": "3 digits on the back",
        "stored": "The card is kept on file for later amounts of this rental.",
        "pay_now": "Pay {amount}",
        "reserve_now": "Reserve {amount}",
        "cancel": "Cancel",
        "test_cards": "Test cards",
        "use": "Use",
        "bad_number": "This card number is not valid.",
        "bad_brand": "This brand of card is not accepted.",
        "bad_expiry": "This card has expired.",
        "bad_code": "The security code is not valid.",
        "secure": "Your bank checks the payment",
        "secure_text": "Confirm this payment as if this were your bank's app (3-D Secure).",
        "card": "Card",
        "confirm": "Confirm payment",
        "fail": "Let it fail",
        "walk_away": "Simply closing this page lets the payment fail {minutes} minutes after it began.",
        "forward": "Taking you back",
        "forward_text": "If nothing happens, please press the button.",
        "go_on": "Continue",
        "lost": "Connection lost",
        "lost_text": "On purpose: the shop gets no answer about this payment and has to ask.",
        "refused": "The payment page cannot be opened",
        "gone": "This payment page does not exist (any more).",
    },
}


def page(name: str, language: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Renders one page; the texts are `t` in the templates."""
    html = _ENVIRONMENT.get_template(f"{name}.html").render(t=TEXTS[language], language=language, **values)
    return HTMLResponse(html, status, _HEADERS)


def show_amount(cents: int, language: str) -> str:
    """An amount of euro for people."""
    whole, part = divmod(cents, 100)
    return f"{whole},{part:02d} €" if language == "de" else f"€{whole}.{part:02d}"
