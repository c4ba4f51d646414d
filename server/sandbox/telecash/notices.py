"""What the hosted page tells the shop: through the customer's browser, and from server to server."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import httpx2

from server.sandbox.telecash.checkout import seal
from server.sandbox.telecash.config import SimulatorConfig, Switches
from server.sandbox.telecash.orders import Transaction
from server.sandbox.telecash.store import Store

log = logging.getLogger(__name__)

_STATUS = {
    "de": {"Y": "GENEHMIGT", "N": "ABGELEHNT", "?": "WARTEND"},
    "en": {"Y": "APPROVED", "N": "DECLINED", "?": "WAITING"},
}
# Asked for, but never echoed.
_NOT_ECHOED = frozenset({"hashExtended", "hash", "cardnumber", "cvm", "transactionNotificationURL"})


@dataclass(frozen=True)
class Notice:
    """An answer ready to be sent twice: sealed for the browser and sealed for the server."""

    url: str
    browser: Mapping[str, str]
    server: Mapping[str, str]
    notification_url: str | None


def make_notice(
    form: Mapping[str, str], transaction: Transaction, config: SimulatorConfig, switches: Switches
) -> Notice:
    """The answers to the checkout `form`, whose payment ended in `transaction`."""
    waiting = transaction.state == "WAITING"
    approval = "?:waiting" if waiting else transaction.approval
    language = switches.answer_language if switches.answer_language != "page" else form.get("language", "de")[:2]
    amount = f"{transaction.amount_cents // 100}.{transaction.amount_cents % 100:02d}"
    fields = {name: value for name, value in form.items() if name not in _NOT_ECHOED and value}
    if approval[0] == "N":
        fields.pop("hosteddataid", None)  # nothing has been stored
    fields |= _result_fields(transaction, approval)
    fields["chargetotal"] = amount.replace(".", ",") if language == "de" else amount
    fields["status"] = _STATUS["de" if language == "de" else "en"][approval[0]]
    fields["storename"] = config.store_id
    sealed = [fields["chargetotal"], form["currency"], form["txndatetime"], config.store_id]
    secret = "wrong" if switches.wrong_hash else config.shared_secret
    algorithm = form["hash_algorithm"]
    if switches.missing_store:
        del fields["storename"]
    if switches.tampered_order:
        fields["oid"] = switches.tampered_order
    good = approval[0] in "Y?"
    return Notice(
        url=form["responseSuccessURL"] if good else form["responseFailURL"],
        browser=fields | {"response_hash": seal(secret, "|".join([approval, *sealed]), algorithm)},
        server=fields | {"notification_hash": seal(secret, "|".join([*sealed, approval]), algorithm)},
        notification_url=form.get("transactionNotificationURL") or None,
    )


async def send_notification(store: Store, order_id: str, notice: Notice) -> None:
    """Posts the notification once and keeps what became of it; the gateway is not known to repeat it."""
    if not notice.notification_url:
        return
    try:
        # The gateway does not check the shop's certificate either.
        async with httpx2.AsyncClient(verify=False, trust_env=False, timeout=10) as client:
            response = await client.post(notice.notification_url, data=dict(notice.server))
        status = str(response.status_code)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        status = type(error).__name__
    log.info("notification of order %s: %s", order_id, status)
    with store.database.transaction() as connection:
        connection.execute(
            "INSERT INTO notifications (at, order_id, url, status) VALUES (?, ?, ?, ?)",
            (store.clock.now().timestamp(), order_id, notice.notification_url, status),
        )


def _result_fields(transaction: Transaction, approval: str) -> dict[str, str]:
    parts = approval.split(":")
    approved = approval.startswith("Y")
    fields = {
        "approval_code": approval,
        "oid": transaction.order_id,
        "refnumber": transaction.ipg_id,
        "ipgTransactionId": transaction.ipg_id,
        "tdate": transaction.tdate,
        "terminal_id": "54000015",
        "processor_response_code": "00" if approved else parts[1],
        "ccbin": transaction.masked[:6],
        "cccountry": "DEU",
        "ccbrand": transaction.brand,
        "paymentMethod": {"VISA": "V", "MASTERCARD": "M"}.get(transaction.brand, ""),
        "cardnumber": f"({transaction.brand}) ... {transaction.masked[-4:]}" if transaction.masked else "",
        "expmonth": f"{transaction.month:02d}" if transaction.month else "",
        "expyear": str(transaction.year) if transaction.year else "",
        "response_code_3dsecure": transaction.three_d_secure or "",
        "schemeTransactionId": transaction.scheme_id or "",
    }
    if approval.startswith("N"):
        fields |= {"fail_reason": parts[-1], "fail_rc": parts[1].lstrip("-")}
    if transaction.token:
        fields["hosteddataid"] = transaction.token
    return {name: value for name, value in fields.items() if value}
