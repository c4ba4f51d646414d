"""Rules for what follows an earlier transaction: capture, return and void. Each answers the target and the cents."""

from datetime import timedelta

from server.sandbox.telecash.config import SimulatorConfig, Switches
from server.sandbox.telecash.orders import Order, Transaction
from server.sandbox.telecash.records import Records
from server.sandbox.telecash.refusals import failed


def capture(records: Records, _config: SimulatorConfig, switches: Switches, order: Order) -> tuple[Transaction, int]:
    """A postAuth takes a hold once, or several times up to its sum if split shipment is agreed."""
    history = _history(records, order, switches)
    hold = next((one for one in history if one.type == "preAuth" and one.state == "AUTHORIZED"), None)
    if hold is None:
        raise failed("-5004")
    captures = [one for one in history if one.type == "postAuth" and one.moved_money]
    split = hold.split_count is not None or order.split_count is not None
    shares = captures[0].split_count if captures else order.split_count
    if captures and not (switches.split_shipment and (shares or split) and not captures[-1].final):
        raise failed("-10501")
    if captures and len(captures) >= (shares or hold.split_count or 99):
        raise failed("-10501")
    amount = order.amount_cents or 0
    if amount + sum(one.amount_cents for one in captures) > hold.amount_cents:
        raise failed("-10503")
    return hold, amount


def give_back(records: Records, config: SimulatorConfig, switches: Switches, order: Order) -> tuple[Transaction, int]:
    """A return pays back at most what the order has taken."""
    target = _referenced(records, order)
    if target:
        history = records.of_order(target.order_id)
        _check_count(history, switches)
    else:
        history = _history(records, order, switches)
    taken = [one for one in history if one.type in ("sale", "postAuth") and one.moved_money]
    if not taken:
        raise failed("-5009")
    if records.now.timestamp() - taken[0].at > timedelta(days=config.return_age_days).total_seconds():
        raise failed("-5995")
    returned = sum(one.amount_cents for one in history if one.type == "return" and one.moved_money)
    left = sum(one.amount_cents for one in taken) - returned
    amount = order.amount_cents if order.amount_cents is not None else left
    if amount > left or amount <= 0:
        raise failed("-10601")
    return target or taken[0], amount


def undo(records: Records, _config: SimulatorConfig, switches: Switches, order: Order) -> tuple[Transaction, int]:
    """A void undoes one transaction that is not cleared yet; of a hold it is the release."""
    target = _referenced(records, order)
    if target is None:
        raise failed("-5008")
    history = records.of_order(target.order_id)
    _check_count(history, switches)
    if target.type == "preAuth":
        captured = any(one.type == "postAuth" and one.moved_money for one in history)
        allowed = switches.void_hold and target.state == "AUTHORIZED" and not captured
    else:
        returned = any(one.type == "return" and one.moved_money for one in history)
        allowed = target.type in ("sale", "postAuth") and target.state == "CAPTURED" and not returned
    if not allowed:
        raise failed("-5019")
    return target, target.amount_cents


def resolve_order_id(records: Records, order: Order) -> str | None:
    """The order that a request is about, even if it names only a transaction of it."""
    if order.operation in ("void", "return"):
        target = _referenced(records, order)
        return target.order_id if target else order.order_id
    return order.order_id


def _referenced(records: Records, order: Order) -> Transaction | None:
    if order.ipg_id:
        return records.by_ipg_id(order.ipg_id)
    if order.referenced_attempt:
        named = records.by_attempt(order.referenced_attempt)
        return next((one for one in named if one.result == "APPROVED"), None)
    if order.order_id and order.tdate:
        history = records.of_order(order.order_id)
        return next((one for one in history if one.tdate == order.tdate and one.result == "APPROVED"), None)
    if order.operation == "void" and order.order_id:
        history = records.of_order(order.order_id)
        return next((one for one in history if one.type in ("sale", "preAuth") and one.result == "APPROVED"), None)
    return None


def _history(records: Records, order: Order, switches: Switches) -> list[Transaction]:
    if not order.order_id:
        raise failed("-5001")
    history = [one for one in records.of_order(order.order_id) if one.listed]
    if not history:
        raise failed("-5008")
    _check_count(history, switches)
    return history


def _check_count(history: list[Transaction], switches: Switches) -> None:
    if sum(one.listed for one in history) >= switches.max_transactions_per_order:
        raise failed("-5997")
