"""The hosted page (Connect): the sealed form that opens it, and the judging of its answers. No network.

An answer's seal covers amount, currency, time and approval only, neither the order nor the token: so the order must be
the checkout's own, the token is one we made ourselves, and every answer stays a hint until an inquiry confirms it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from server.gateways.payment import Checkout, HostedForm, NoticeRejected, Outcome, ReturnNotice
from server.gateways.telecash.answers import UNDECIDED_CODES
from server.gateways.telecash.lookups import parse_amount
from server.gateways.telecash.messages import currency_number, format_amount
from server.gateways.telecash.settings import TelecashSettings

_DIGESTS = {"HMACSHA256": hashlib.sha256, "HMACSHA384": hashlib.sha384, "HMACSHA512": hashlib.sha512}
_ORDER_CHARACTERS = re.compile(r"[A-Za-z0-9-]{1,100}")
_LANGUAGES = {"de": "de_DE", "en": "en_GB"}


def seal(secret: str, message: str, algorithm: str = "HMACSHA256") -> str:
    """The base64 of the keyed hash that the hosted page and its answers carry."""
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), _DIGESTS[algorithm]).digest()).decode()


def request_message(fields: Mapping[str, str]) -> str:
    """What the request's seal covers: all non-empty values in the ASCII order of their names."""
    return "|".join(fields[name] for name in sorted(fields) if fields[name] and name != "hashExtended")


def checkout_form(settings: TelecashSettings, checkout: Checkout) -> HostedForm:
    """The form for the customer's browser: payment, strong authentication and storing of the card in one step."""
    order_ref = checkout.attempt.order_ref
    if not _ORDER_CHARACTERS.fullmatch(order_ref):
        message = f"the hosted page allows only letters, digits and hyphens in an order: {order_ref!r}"
        raise ValueError(message)
    fields = {
        "authenticateTransaction": "true",
        "chargetotal": format_amount(checkout.amount_cents),
        "checkoutoption": "combinedpage",
        "currency": currency_number(checkout.currency),
        "hash_algorithm": "HMACSHA256",
        "hosteddataid": checkout.token,
        "language": _LANGUAGES.get(checkout.locale[:2].lower(), "en_GB"),
        "merchantTransactionId": checkout.attempt.attempt_ref,
        "oid": order_ref,
        "responseFailURL": checkout.fail_url,
        "responseSuccessURL": checkout.success_url,
        "storename": settings.store_id,
        "threeDSRequestorChallengeIndicator": "04",
        "timezone": _zone(settings, checkout).key,
        "transactionNotificationURL": checkout.notify_url,
        "txndatetime": transaction_time(settings, checkout),
        "txntype": "sale" if checkout.kind == "sale" else "preauth",
        "unscheduledCredentialOnFileType": "FIRST",
    }
    fields["hashExtended"] = seal(settings.shared_secret, request_message(fields))
    return HostedForm(url=settings.connect_url, fields=fields)


def transaction_time(settings: TelecashSettings, checkout: Checkout) -> str:
    """The checkout's time as the hosted page writes it, without an offset."""
    return checkout.at.astimezone(_zone(settings, checkout)).strftime("%Y:%m:%d-%H:%M:%S")


def _zone(settings: TelecashSettings, checkout: Checkout) -> ZoneInfo:
    """The store's zone; UTC in the hour that comes twice when its clocks are put back: there a local time names two
    instants, and the page refuses the one that is an hour off.
    """
    local = checkout.at.astimezone(settings.time_zone)
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return ZoneInfo("UTC") if is_twice else settings.time_zone


def order_of(form: Mapping[str, str]) -> str:
    """The order that an answer names."""
    return form.get("oid", "")


def read_return(settings: TelecashSettings, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
    """Judges what the browser brought back."""
    approval, amount, currency, at, store = _sealed_values(settings, form, checkout)
    return _judge(settings, form, checkout, "response_hash", "|".join((approval, amount, currency, at, store)))


def read_notification(settings: TelecashSettings, form: Mapping[str, str], checkout: Checkout) -> ReturnNotice:
    """Judges what the gateway posted to us."""
    approval, amount, currency, at, store = _sealed_values(settings, form, checkout)
    return _judge(settings, form, checkout, "notification_hash", "|".join((amount, currency, at, store, approval)))


def _sealed_values(
    settings: TelecashSettings, form: Mapping[str, str], checkout: Checkout
) -> tuple[str, str, str, str, str]:
    """Approval and amount as received; currency, time and store as we know them, whatever the form claims."""
    return (
        form.get("approval_code", ""),
        form.get("chargetotal", ""),
        currency_number(checkout.currency),
        transaction_time(settings, checkout),
        settings.store_id,
    )


def _judge(
    settings: TelecashSettings, form: Mapping[str, str], checkout: Checkout, hash_field: str, message: str
) -> ReturnNotice:
    expected = seal(settings.shared_secret, message)
    if not hmac.compare_digest(expected.encode(), form.get(hash_field, "").encode()):
        reason = f"{hash_field} is wrong"
        raise NoticeRejected(reason)
    if order_of(form) != checkout.attempt.order_ref:
        reason = "the answer names another order"
        raise NoticeRejected(reason)
    if not _same_amount(form.get("chargetotal", ""), checkout.amount_cents):
        reason = "the answer names another amount"
        raise NoticeRejected(reason)
    approval = form.get("approval_code", "")
    code = approval[2:].partition(":")[0].strip() or form.get("fail_rc") if approval.startswith("N") else None
    return ReturnNotice(
        order_ref=checkout.attempt.order_ref,
        outcome=_outcome(approval, code),
        gateway_ref=form.get("ipgTransactionId") or None,
        network_ref=form.get("schemeTransactionId") or None,
        code=code or None,
    )


def _same_amount(text: str, cents: int) -> bool:
    try:
        return parse_amount(text) * 100 == cents
    except ValueError:
        return False


def _outcome(approval: str, code: str | None) -> Outcome:
    """Decides by the approval code alone: `status` is translated into the store's language and not sealed."""
    if approval.startswith("Y"):
        return Outcome.APPROVED
    if approval.startswith("?"):
        return Outcome.PENDING
    if not approval.startswith("N") or code in UNDECIDED_CODES:
        return Outcome.UNKNOWN
    return Outcome.REJECTED if (code or "").startswith("-") else Outcome.DECLINED
