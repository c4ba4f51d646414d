"""What the simulator's vault stores, and what it refuses."""

import re

import pytest

from server.gateways.payment import GatewayMisconfigured, Outcome, StoredCard
from server.gateways.telecash import TelecashGateway

from .test_transport import card, sale
from .vault import shown, storage, under
from .world import APPROVED, World, new_attempt


def entry(number: str, year: str = "33") -> str:
    return (
        f"<a1:CreditCardData><v1:CardNumber>{number}</v1:CardNumber><v1:ExpMonth>12</v1:ExpMonth>"
        f"<v1:ExpYear>{year}</v1:ExpYear></a1:CreditCardData>"
    )


async def test_store_overwrite_and_several(world: World, gateway: TelecashGateway) -> None:
    await world.post_raw(storage(entry("4035874000424977") + under("a"), entry("5426064000424979") + under("b")))
    brands = [facts.brand for facts in (await shown(world, "a"), await shown(world, "b")) if facts]
    assert brands == ["VISA", "MASTERCARD"]
    await world.post_raw(storage(entry("5426064000424979") + under("a")))
    facts = await shown(world, "a")
    assert facts
    assert facts.brand == "MASTERCARD"


@pytest.mark.parametrize("item", [entry("4035874000424978"), entry("4035874000424977", "29")])
async def test_unfit_cards_are_not_stored(world: World, gateway: TelecashGateway, item: str) -> None:
    response = await world.post_raw(storage(item + under("x")))
    assert "SGSDAS-020300" in response.text
    assert ">true<" in response.text
    assert await shown(world, "x") is None


async def test_store_from_an_order(world: World, gateway: TelecashGateway) -> None:
    attempt = new_attempt()
    await gateway.charge(attempt, APPROVED, 100)
    await world.post_raw(storage(f"<a1:OrderId>{attempt.order_ref}</a1:OrderId>" + under("from-order")))
    assert (await gateway.charge(new_attempt(), StoredCard(token="from-order"), 100)).outcome is Outcome.APPROVED
    response = await world.post_raw(storage("<a1:OrderId>RB-none</a1:OrderId>" + under("y")))
    assert "SGSDAS-020300" in response.text


async def test_assigned_tokens(world: World, gateway: TelecashGateway) -> None:
    stored = await world.post_raw(storage(entry("4035874000424977") + "<a1:AssignToken>true</a1:AssignToken>"))
    paid = await world.post_raw(
        sale(card()).replace("</v1:Payment>", "<v1:AssignToken>1</v1:AssignToken></v1:Payment>")
    )
    for response in (stored, paid):
        token = re.search(r"HostedDataID>([0-9A-F-]{36})<", response.text)
        assert token
        assert await shown(world, token[1])


async def test_stored_with_the_sale_only_if_it_succeeds(world: World, gateway: TelecashGateway) -> None:
    await world.post_raw(sale(card(), payment="<v1:HostedDataID>good</v1:HostedDataID>"))
    await world.post_raw(sale(card("4704550000000005"), payment="<v1:HostedDataID>bad</v1:HostedDataID>"))
    assert await shown(world, "good")
    assert await shown(world, "bad") is None


async def test_split_shipment(world: World, gateway: TelecashGateway) -> None:
    def split(final: str) -> str:
        return (
            "<v1:SplitShipment><v1:SequenceCount>2</v1:SequenceCount>"
            f"<v1:FinalShipment>{final}</v1:FinalShipment></v1:SplitShipment>"
        )

    def capture(extra: str) -> str:
        body = sale().replace(">sale<", ">postAuth<")
        details = f"<v1:TransactionDetails><v1:OrderId>{hold.order_ref}</v1:OrderId>{extra}</v1:TransactionDetails>"
        return body.replace("</v1:Transaction>", details + "</v1:Transaction>")

    hold = new_attempt()
    await gateway.hold(hold, APPROVED, 3000)
    assert "N:-5002:" in (await world.post_raw(capture(split("false")))).text
    world.switch(split_shipment=True)
    codes = [(await world.post_raw(capture(split(final)))).text for final in ("false", "true", "true")]
    assert ["N:-10501:" in text for text in codes] == [False, False, True]


async def test_a_card_is_forgotten_once_and_for_all(world: World, gateway: TelecashGateway) -> None:
    # Given
    await world.post_raw(storage(entry("4035874000424977") + under("mine"), entry("4035874000424977") + under("other")))

    # When, and again because the answer may have been lost
    await gateway.forget_card("mine")
    await gateway.forget_card("mine")

    # Then
    assert await shown(world, "mine") is None
    assert await shown(world, "other") is not None
    refused = await gateway.charge(new_attempt(), StoredCard(token="mine"), 100)
    assert (refused.outcome, refused.card_unknown) == (Outcome.REJECTED, True)


async def test_a_card_for_tests_is_there_the_next_time(world: World, gateway: TelecashGateway) -> None:
    await gateway.forget_card(APPROVED.token)
    assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED


async def test_a_card_that_may_not_be_forgotten_is_said_so(world: World, gateway: TelecashGateway) -> None:
    world.switch(vault_contracted=False)
    with pytest.raises(GatewayMisconfigured, match="SGS-005002"):
        await gateway.forget_card("mine")
