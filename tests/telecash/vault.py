"""The data vault by raw messages: what our client has no need of, but the simulator must do right."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from .world import World

_NAMES = (
    'xmlns:i="http://ipg-online.com/ipgapi/schemas/ipgapi" xmlns:a1="http://ipg-online.com/ipgapi/schemas/a1"'
    ' xmlns:v1="http://ipg-online.com/ipgapi/schemas/v1"'
)


@dataclass(frozen=True)
class CardShown:
    """What the vault shows of a stored card; the expiry is (year, month)."""

    brand: str
    last4: str
    expiry: tuple[int, int]


def storage(*items: str) -> str:
    inner = "".join(f"<a1:DataStorageItem>{item}</a1:DataStorageItem>" for item in items)
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f"<i:IPGApiActionRequest {_NAMES}><a1:Action>"
        f"<a1:StoreHostedData>{inner}</a1:StoreHostedData></a1:Action></i:IPGApiActionRequest></S:Body></S:Envelope>"
    )


def under(token: str) -> str:
    return f"<a1:HostedDataID>{token}</a1:HostedDataID>"


async def shown(world: World, token: str) -> CardShown | None:
    answer = await world.post_raw(storage("<a1:Function>display</a1:Function>" + under(token)))
    document = etree.fromstring(answer.content)
    said = {
        etree.QName(child).localname: child.text or ""
        for card in document.iter("{*}CreditCardData")
        for child in card.iterchildren("{*}*")
    }
    if not said:
        return None
    return CardShown(said["Brand"], said["CardNumber"][-4:], (2000 + int(said["ExpYear"]), int(said["ExpMonth"])))


async def deleted(world: World, token: str) -> bool:
    answer = await world.post_raw(storage("<a1:Function>delete</a1:Function>" + under(token)))
    return ">true<" in answer.text
