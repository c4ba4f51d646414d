"""Judges the form that opens the hosted page, as strictly as the gateway: whatever is wrong ends in a refusal."""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.sandbox.telecash.config import SimulatorConfig

DIGESTS = {"HMACSHA256": hashlib.sha256, "HMACSHA384": hashlib.sha384, "HMACSHA512": hashlib.sha512}

KNOWN_FIELDS = frozenset(
    {
        "assignToken",
        "authenticateTransaction",
        "baddr1",
        "baddr2",
        "bcity",
        "bcompany",
        "bcountry",
        "bname",
        "bstate",
        "bzip",
        "chargetotal",
        "checkoutoption",
        "comments",
        "currency",
        "customerid",
        "declineHostedDataDuplicates",
        "dynamicMerchantName",
        "email",
        "hash_algorithm",
        "hideOrderDetails",
        "hosteddataid",
        "hosteddatastoreid",
        "invoicenumber",
        "language",
        "merchantTransactionId",
        "mode",
        "oid",
        "parentUri",
        "paymentMethod",
        "phone",
        "ponumber",
        "referencedMerchantTransactionId",
        "referencedSchemeTransactionId",
        "responseFailURL",
        "responseSuccessURL",
        "scaExemptionIndicator",
        "skipTRA",
        "storename",
        "threeDSRequestorChallengeIndicator",
        "timezone",
        "tokenType",
        "transactionNotificationURL",
        "trxOrigin",
        "txndatetime",
        "txntype",
        "unscheduledCredentialOnFileType",
    }
)
"""The fields that the seal covers; others are left out of it and merely echoed."""

_MANDATORY = (
    "txntype",
    "timezone",
    "txndatetime",
    "hash_algorithm",
    "hashExtended",
    "storename",
    "checkoutoption",
    "chargetotal",
    "currency",
    "oid",
    "responseSuccessURL",
    "responseFailURL",
)
_AMOUNT = re.compile(r"[0-9]{1,10}(?:[.,][0-9]{1,2})?")
_ORDER = re.compile(r"[A-Za-z0-9-]{1,100}")
_URL_FIELDS = ("responseSuccessURL", "responseFailURL", "transactionNotificationURL")


class CheckoutRefused(Exception):
    """The gateway shows an error page instead of the payment page; the text says why."""


def seal(secret: str, message: str, algorithm: str) -> str:
    """The base64 of the keyed hash."""
    return base64.b64encode(hmac.new(secret.encode(), message.encode(), DIGESTS[algorithm]).digest()).decode()


def check_checkout(form: Mapping[str, str], config: SimulatorConfig, now: datetime) -> None:
    """Raises `CheckoutRefused` unless the form may open the payment page."""
    missing = [name for name in _MANDATORY if not form.get(name)]
    if missing:
        _refuse(f"missing: {', '.join(missing)}")
    _check_seal(form, config)
    _check_terms(form, config)
    if not _ORDER.fullmatch(form["oid"]):
        _refuse("oid may hold letters, digits and hyphens only")
    for name in _URL_FIELDS:
        if form.get(name) and not form[name].startswith(("http://", "https://")):
            _refuse(f"{name} is not an address")
    _check_time(form, config, now)


def _check_terms(form: Mapping[str, str], config: SimulatorConfig) -> None:
    if form["storename"] != config.store_id:
        _refuse("unknown storename")
    if form["txntype"] not in ("sale", "preauth"):
        _refuse("txntype must be sale or preauth")
    if form["checkoutoption"] == "classic" and form.get("mode") not in ("payonly", "payplus", "fullpay"):
        _refuse("checkoutoption classic needs a mode")
    if form["checkoutoption"] not in ("combinedpage", "classic"):
        _refuse("unknown checkoutoption")
    if form["currency"] != config.currency:
        _refuse("the currency is not set up")
    if not _AMOUNT.fullmatch(form["chargetotal"]) or amount_cents(form) <= 0:
        _refuse("chargetotal is not an amount")


def amount_cents(form: Mapping[str, str]) -> int:
    """The form's amount in cents."""
    whole, _, part = form["chargetotal"].replace(",", ".").partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _check_seal(form: Mapping[str, str], config: SimulatorConfig) -> None:
    algorithm = form["hash_algorithm"]
    if algorithm not in DIGESTS:
        _refuse("unknown hash_algorithm")
    message = "|".join(form[name] for name in sorted(form) if name in KNOWN_FIELDS and form[name])
    expected = seal(config.shared_secret, message, algorithm)
    if not hmac.compare_digest(expected.encode(), form["hashExtended"].encode()):
        _refuse("the hash is wrong")


def _check_time(form: Mapping[str, str], config: SimulatorConfig, now: datetime) -> None:
    try:
        zone = ZoneInfo(form["timezone"])
        at = datetime.strptime(form["txndatetime"], "%Y:%m:%d-%H:%M:%S").replace(tzinfo=zone)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        _refuse("txndatetime or timezone is malformed")
    if abs(now - at) > timedelta(minutes=config.checkout_minutes):
        _refuse("txndatetime is too far from now")


def _refuse(reason: str) -> None:
    raise CheckoutRefused(reason)
