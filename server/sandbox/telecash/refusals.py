"""Codes of refusals and their texts."""

from typing import Literal

Result = Literal["DECLINED", "FRAUD", "FAILED"]

ISSUER_TEXTS = {
    "05": "Do not honour",
    "33": "Expired card",
    "41": "Lost card",
    "43": "Stolen card, pick up",
    "51": "Insufficient funds",
    "54": "Expired card",
    "57": "Transaction not permitted to cardholder",
    "61": "Exceeds withdrawal amount limit",
    "62": "Restricted card",
    "65": "Authentication required",
    "91": "Issuer temporarily not reachable",
}
"""What the card's bank says; also the table of `amount_rules`: the cents are the code."""

GATEWAY_TEXTS = {
    "-2303": "Invalid credit card number.",
    "-2304": "The hosted data id is not known.",
    "-2305": "The card security code is invalid.",
    "-5001": "The order id is missing or empty.",
    "-5002": "This service or brand is not set up for the store.",
    "-5003": "The order already exists in the database.",
    "-5004": "No authorised pre-authorisation found.",
    "-5005": "The transaction was refused as a duplicate.",
    "-5008": "Order does not exist.",
    "-5009": "No transaction to return found.",
    "-5019": "The transaction to be voided is not voidable.",
    "-5101": "3D Secure authentication failed.",
    "-5103": "3D Secure authentication did not return.",
    "-5993": "The transaction has been cancelled by the user.",
    "-5995": "The order is too old to be referenced.",
    "-5997": "Too many transactions for this order.",
    "-10501": "PostAuth already performed.",
    "-10503": "Invalid amount or currency.",
    "-10601": "Total amount passed is more than the return/void amount.",
    "-12000": "The card security code is mandatory.",
    "-30053": "The transaction timed out.",
    "-50653": "The currency is not set up.",
}
"""What the gateway itself says before or instead of asking the bank."""


class Refused(Exception):
    """A rule or the card's bank refuses the transaction; `listed` says whether inquiries show the attempt."""

    def __init__(self, result: Result, code: str, *, listed: bool | None = None) -> None:
        super().__init__(code)
        self.result: Result = result
        self.code = code
        self.text = ISSUER_TEXTS.get(code) or GATEWAY_TEXTS.get(code) or "Refused by the sandbox."
        self.listed = result != "FAILED" if listed is None else listed

    @property
    def approval(self) -> str:
        """The approval code of a refusal."""
        return f"N:{self.code}:{self.text}"

    @property
    def error(self) -> str:
        """The error message: issuer codes NN become 0500NN, gateway codes lose their sign."""
        digits = self.code.lstrip("-")
        if not digits.isdigit():
            return f"SGS-000000: {self.text}"
        number = int(digits) if self.code.startswith("-") else 50000 + int(digits)
        return f"SGS-{number:06d}: {self.text}"


def declined(code: str) -> Refused:
    """The card's bank says no."""
    return Refused("DECLINED", code)


def failed(code: str) -> Refused:
    """A gateway rule says no; nothing was created."""
    return Refused("FAILED", code)
