"""The money of a booking that is called off goes back once, whatever was before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from server.models import Document, Protocol
from server.models.contract import ContractState, SettlementState
from server.models.protocol import ProtocolType
from server.models.staff import Role
from server.services.acting import Acting
from server.services.billing import invoice
from server.services.changes import payer
from server.services.ends import undo
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import open_shop
from tests.services.ends.called_off import END, PAYER, START, cancel, look, mail_of, said
from tests.services.samples import KOMPAKT


async def test_a_refund_whose_answer_is_lost_is_looked_up_and_made_once(bench: Bench) -> None:
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    bench.books.script("refund", "lost")

    await cancel(shop, contract)
    await bench.look_up(contract.id)

    now = await bench.contract(contract.id)
    assert (now.paid_cents, now.settlement_state) == (0, SettlementState.PAID)
    assert [line for line in bench.books.ledger(now) if line[0] == "refund"] == [("refund", "59.00", "approved")]


async def test_what_goes_back_already_does_not_go_back_again(bench: Bench) -> None:
    # Given a payer since, so that the advance is on its way back
    shop = await open_shop(bench)
    contract = await book(shop, START, END)
    now = await bench.contract(contract.id)
    acting = Acting(bench.now, shop.somebody())
    await payer.change(bench.outside, acting, contract.id, now.version, payer=PAYER)
    # When
    looked = await look(shop, contract)
    done = await cancel(shop, contract)
    # Then
    assert (looked.moved_cents, looked.fee_cents) == (0, 0)
    assert (done.state, done.paid_cents) == (ContractState.CANCELLED, 0)
    assert [line[:2] for line in bench.books.lines() if line[0] == "refund"] == [("refund", "59.00")]


@pytest.mark.parametrize(("fee", "left"), [(None, 5_900), (0, 0)])
async def test_what_was_paid_for_a_rental_that_never_was_goes_back(bench: Bench, fee: int | None, left: int) -> None:
    """Billed with 250 km, so that 25.00 were charged; then the return was taken back, and the hand-over with it."""
    # Given
    shop = await open_shop(bench, terms=replace(KOMPAKT, cancellation_fee_cents=fee))
    contract = await rented(shop, START, END, back=START + timedelta(minutes=10), km=250)
    await invoice.settle(bench.outside, contract.id)
    assert (await bench.contract(contract.id)).paid_cents == 8_400
    manager = Acting(bench.now, shop.somebody(Role.MANAGER))
    for kind in (ProtocolType.CHECK_IN, ProtocolType.CHECK_OUT):
        (protocol,) = await bench.all(Protocol, contract_id=contract.id, type=kind)
        await undo.undo(bench.outside, manager, protocol.id, "falscher Vertrag")
    # When
    looked = await look(shop, contract)
    done = await cancel(shop, contract)
    # Then
    assert looked.moved_cents == left - 8_400
    assert (done.paid_cents, done.settlement_state) == (left, SettlementState.PAID)
    issued = await bench.all(Document, contract_id=contract.id)
    assert sum(one.payable_cents for one in issued) == left
    # Its last paper is an invoice, also where it is over nothing
    assert f"\nRechnung: {issued[-1].number}" in said(await mail_of(bench, contract))
