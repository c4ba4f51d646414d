"""Why a payment did not succeed, in words. What is stored is the gateway's code and text, or words of our own."""

from __future__ import annotations

from server.errors import Sentence

_BY_CODE = {
    "05": Sentence("The bank has declined the payment.", "Die Bank hat die Zahlung abgelehnt."),
    "14": Sentence("There is no such card number.", "Diese Kartennummer gibt es nicht."),
    "33": Sentence("The card has expired.", "Die Karte ist abgelaufen."),
    "41": Sentence("The card is blocked.", "Die Karte ist gesperrt."),
    "43": Sentence("The card is blocked.", "Die Karte ist gesperrt."),
    "51": Sentence("The card's limit or balance does not suffice.", "Limit oder Guthaben der Karte reichen nicht aus."),
    "54": Sentence("The card has expired.", "Die Karte ist abgelaufen."),
    "57": Sentence(
        "The card is not allowed for such payments.", "Die Karte ist für solche Zahlungen nicht zugelassen."
    ),
    "61": Sentence("The amount is above the card's limit.", "Der Betrag liegt über dem Limit der Karte."),
    "62": Sentence(
        "The card is not allowed for such payments.", "Die Karte ist für solche Zahlungen nicht zugelassen."
    ),
    "65": Sentence("The bank wants the payment to be confirmed.", "Die Bank verlangt eine Bestätigung der Zahlung."),
    "91": Sentence("The bank cannot be reached.", "Die Bank ist nicht erreichbar."),
    "-2303": Sentence("There is no such card number.", "Diese Kartennummer gibt es nicht."),
    "-5002": Sentence("Cards of this kind are not taken.", "Karten dieser Art werden nicht angenommen."),
    "-5003": Sentence("This payment was made before.", "Diese Zahlung gab es schon."),
    "-5005": Sentence("The card is blocked for now.", "Die Karte ist vorübergehend gesperrt."),
    "-5100": Sentence("The bank has not confirmed the payment.", "Die Bank hat die Zahlung nicht bestätigt."),
    "-5101": Sentence("The bank has not confirmed the payment.", "Die Bank hat die Zahlung nicht bestätigt."),
    "-5102": Sentence("The bank has not confirmed the payment.", "Die Bank hat die Zahlung nicht bestätigt."),
    "-5103": Sentence("The bank was not answered in time.", "Die Bestätigung bei der Bank kam nicht rechtzeitig."),
    "-5111": Sentence("The bank has not confirmed the payment.", "Die Bank hat die Zahlung nicht bestätigt."),
    "-5993": Sentence("The payment was cancelled on the page.", "Die Zahlung wurde auf der Seite abgebrochen."),
}
NOT_COMPLETED = "the payment page was not completed"
UNREACHABLE = "the payment system cannot be reached"
NO_CARD = "no card is stored"
CARD_UNKNOWN = "no card is stored at the gateway under this token"
NOT_KNOWN = "the transaction to lift is not known"
NOT_WANTED = "no longer wanted"
NEVER_HEARD_OF = "not known to the gateway after repeated inquiries"
_OUR_OWN = {
    NOT_COMPLETED: Sentence("The payment page was not completed.", "Die Zahlungsseite wurde nicht ausgefüllt."),
    UNREACHABLE: Sentence("The payment system cannot be reached.", "Das Zahlungssystem ist nicht erreichbar."),
    NO_CARD: Sentence("No card is stored.", "Es ist keine Karte hinterlegt."),
    CARD_UNKNOWN: Sentence(
        "The gateway has no card under this token.",
        "Unter diesem Token ist beim Zahlungsdienst keine Karte hinterlegt.",
    ),
    NOT_KNOWN: Sentence("What was to be lifted is not known.", "Was aufgehoben werden sollte, ist nicht bekannt."),
    NOT_WANTED: Sentence("The payment was not needed any more.", "Die Zahlung wurde nicht mehr gebraucht."),
    NEVER_HEARD_OF: Sentence("The payment never arrived.", "Die Zahlung ist nie angekommen."),
}
_OTHERWISE = Sentence("The payment was refused.", "Die Zahlung wurde abgelehnt.")


def code_of(reason: str | None) -> str | None:
    """The code of the bank or the gateway; None where it gave none."""
    code = (reason or "").partition(":")[0].strip()
    return code if code.lstrip("-").isalnum() and any(char.isdigit() for char in code) else None


def said(reason: str | None) -> Sentence | None:
    """A stored reason in words, with its code beside it for whoever asks the bank; None where there is none."""
    if not reason:
        return None
    if reason in _OUR_OWN:
        return _OUR_OWN[reason]
    code = code_of(reason)
    words = _BY_CODE.get(code or "", _OTHERWISE)
    return Sentence(f"{words.en} ({code})", f"{words.de} ({code})") if code else words
