"""The rules by which money moves. `Ledger.process` decides one request and writes down what became of it."""

import random
import uuid
from dataclasses import asdict, dataclass

from server.sandbox.telecash import vault
from server.sandbox.telecash.cards import Card, check_security_code, recognise
from server.sandbox.telecash.config import SimulatorConfig, Switches
from server.sandbox.telecash.follow_ups import capture, give_back, undo
from server.sandbox.telecash.orders import Order, Transaction
from server.sandbox.telecash.records import Records, hold_expiry
from server.sandbox.telecash.refusals import ISSUER_TEXTS, Refused, declined, failed

_AS_ASKED = ("attempt", "source", "split_count", "final", "three_d_secure")
NO_CARD = Card("", "", 0, 0, "", "")


@dataclass(frozen=True)
class Ledger:
    """The store's books inside one database transaction."""

    records: Records
    config: SimulatorConfig
    switches: Switches

    def process(self, order: Order, forced: Refused | None = None) -> Transaction:
        """Decides the request; `forced` is a scripted refusal that takes the place of the bank's answer."""
        try:
            self._check_store(order)
            if order.operation in ("sale", "preAuth", "credit"):
                return self._open_order(order, forced)
            return self._follow_up(order, forced)
        except Refused as refusal:
            return self.write_refusal(order, refusal, order.card or NO_CARD)

    def write_refusal(self, order: Order, refusal: Refused, card: Card) -> Transaction:
        """Writes down an attempt that moved nothing."""
        state = "DECLINED" if refusal.listed else "FAILED"
        return self._write(order, card, refusal.result, state, refusal.approval, refusal=refusal)

    def _check_store(self, order: Order) -> None:
        if order.currency not in (None, self.config.currency, "EUR"):
            raise failed("-50653")
        if order.operation == "credit" and not self.switches.credit_allowed:
            raise failed("-5002")
        if (order.tokens or order.assign_token) and not self.switches.vault_contracted:
            raise failed("-5002")
        if order.split_count is not None and not self.switches.split_shipment:
            raise failed("-5002")
        if order.operation in ("sale", "preAuth"):
            security_code = order.card or (order.entry and order.entry.security_code)
            if self.switches.cvv_mandatory and not security_code:
                raise failed("-12000")

    def _open_order(self, order: Order, forced: Refused | None) -> Transaction:
        if order.order_id and any(one.listed for one in self.records.of_order(order.order_id)):
            raise failed("-5003")
        card, first_scheme_id = self._find_card(order)
        try:
            self._ask_bank(order, card, first_scheme_id, forced)
        except Refused as refusal:
            return self.write_refusal(order, refusal, card)
        scheme_id = f"{random.randrange(10**4):04d}MCC{random.randrange(10**6):06d}" if order.initiator else None
        token = self._store_card(order, card, scheme_id)
        state = "AUTHORIZED" if order.operation == "preAuth" else "CAPTURED"
        if order.waiting_seconds:
            state = "WAITING"
        return self._write(order, card, "APPROVED", state, self._approval(), scheme_id=scheme_id, token=token)

    def _find_card(self, order: Order) -> tuple[Card, str | None]:
        if order.card:
            card = order.card
        elif order.entry:
            card = recognise(order.entry.number, order.entry.month, order.entry.year)
            if order.entry.security_code:
                check_security_code(card.brand, order.entry.security_code)
        else:
            store = order.vault_store or self.config.store_id
            known = self.config.sibling_stores | {self.config.store_id}
            found = vault.find(self.records.connection, store, order.tokens[0]) if order.tokens else None
            if found is None or store not in known:
                raise failed("-2304")
            self._check_brand(found[0])
            return found
        self._check_brand(card)
        return card, None

    def _check_brand(self, card: Card) -> None:
        if card.brand not in self.config.brands:
            raise failed("-5002")

    def _ask_bank(self, order: Order, card: Card, first_scheme_id: str | None, forced: Refused | None) -> None:
        if forced:
            raise forced
        self._check_duplicate(order, card)
        if order.operation == "credit":
            return
        if card.expired(self.records.now.year, self.records.now.month) or card.behaviour == "expired":
            raise declined("54")
        if self.switches.strict_credential_on_file and order.tokens and not (order.entry or order.card):
            self._check_credential(order, first_scheme_id)
        if self.switches.amount_rules:
            code = f"{(order.amount_cents or 0) % 100:02d}"
            if code in ISSUER_TEXTS:
                raise declined(code)
        self._ask_card(order, card)

    def _check_duplicate(self, order: Order, card: Card) -> None:
        earliest = self.records.now.timestamp() - self.switches.duplicate_window_seconds
        same = (
            one.amount_cents == order.amount_cents and one.at > earliest and one.result == "APPROVED"
            for one in self.records.of_card(card.fingerprint)
            if one.type in ("sale", "preAuth", "credit")
        )
        if self.switches.duplicate_window_seconds and any(same):
            raise Refused("FRAUD", "-5005")

    def _check_credential(self, order: Order, first_scheme_id: str | None) -> None:
        if order.initiator is None or (order.initiator == "MERCHANT_INITIATED" and first_scheme_id is None):
            raise declined("65")
        reference_code = self.switches.missing_scheme_reference_code
        if order.initiator == "MERCHANT_INITIATED" and reference_code and order.scheme_reference != first_scheme_id:
            raise declined(reference_code)

    def _ask_card(self, order: Order, card: Card) -> None:
        if card.behaviour.startswith("decline:"):
            raise declined(card.behaviour.partition(":")[2])
        if card.behaviour == "hold-declined" and order.operation == "preAuth":
            raise declined("51")
        if card.behaviour == "declined-later" and order.operation == "sale":
            # Orders of one booking share everything up to the last hyphen (RB-7F3K-D1, RB-7F3K-KM1).
            booking = (order.order_id or "").rpartition("-")[0]
            earlier = (one.order_id.startswith(booking) for one in self._paid_sales(card))
            if any(earlier):
                raise declined("51")

    def _paid_sales(self, card: Card) -> list[Transaction]:
        return [one for one in self.records.of_card(card.fingerprint) if one.type == "sale" and one.moved_money]

    def _store_card(self, order: Order, card: Card, scheme_id: str | None) -> str | None:
        if not (order.card or order.entry) or order.operation == "credit":
            return None
        first = scheme_id if order.initiator == "FIRST" else None
        store = order.vault_store or self.config.store_id
        for token in order.tokens:
            vault.keep(self.records.connection, store, token, card, first)
        if not order.assign_token:
            return None
        token = vault.new_token()
        vault.keep(self.records.connection, store, token, card, first)
        return token

    def _follow_up(self, order: Order, forced: Refused | None) -> Transaction:
        decide = {"postAuth": capture, "return": give_back, "void": undo}[order.operation]
        target, amount_cents = decide(self.records, self.config, self.switches, order)
        if forced:
            raise forced
        state = "VOID" if order.operation == "void" else "CAPTURED"
        if order.operation == "void":
            self.records.set_state(target.ipg_id, "VOIDED")
        return self._write(
            order, target.card, "APPROVED", state, self._approval(), target=target, amount_cents=amount_cents
        )

    def _approval(self) -> str:
        return f"Y:{random.randrange(10**6):06d}:{random.randrange(10**10):010d}:PPXM:{random.randrange(10**6):06d}"

    def _write(
        self,
        order: Order,
        card: Card,
        result: str,
        state: str,
        approval: str,
        *,
        refusal: Refused | None = None,
        scheme_id: str | None = None,
        token: str | None = None,
        target: Transaction | None = None,
        amount_cents: int = 0,
    ) -> Transaction:
        now, order_id = self.records.now.timestamp(), target.order_id if target else order.order_id
        return self.records.insert(
            Transaction(
                ipg_id=self.records.next_ipg_id(),
                order_id=order_id or f"A-{uuid.uuid4()}",
                type=order.operation,
                amount_cents=amount_cents or order.amount_cents or 0,
                currency=self.config.currency,
                result=result,
                state=state,
                approval=approval,
                error=refusal.error if refusal else "",
                tdate=str(int(now)),
                scheme_id=scheme_id,
                **asdict(card),
                **{name: getattr(order, name) for name in _AS_ASKED},
                at=now,
                expires_at=self._expiry(order, card) if result == "APPROVED" else None,
                waiting_until=now + order.waiting_seconds if order.waiting_seconds else None,
                refers_to=target.ipg_id if target else None,
                listed=refusal is None or refusal.listed,
                token=token,
            )
        )

    def _expiry(self, order: Order, card: Card) -> float | None:
        if order.operation != "preAuth":
            return None
        return hold_expiry(self.records.now, card.brand, order.source, self.config)
