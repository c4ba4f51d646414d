"""The form that opens the hosted page: sealed, complete and sensible, or refused."""

import pytest

from server.gateways.telecash import TelecashGateway, connect

from .world import Browser, World, new_checkout

VISA = "4035874000424977"


@pytest.mark.parametrize(
    "changes",
    [
        {"chargetotal": "1.00"},
        {"oid": "RB-other"},
        {"hosteddataid": "somebody-elses"},
        {"hashExtended": ""},
        {"responseFailURL": ""},
        {"hash_algorithm": "MD5"},
        {"invoicenumber": "added-later"},
    ],
)
async def test_forms_with_a_broken_seal(
    world: World, gateway: TelecashGateway, browser: Browser, changes: dict[str, str]
) -> None:
    form = gateway.checkout_form(new_checkout(world))
    assert (await browser.open(form.url, dict(form.fields) | changes)).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"chargetotal": "49.505"},
        {"chargetotal": "1.049,50"},
        {"currency": "840"},
        {"oid": "RB_1"},
        {"storename": "999"},
        {"txntype": "void"},
        {"timezone": "Mars/Base"},
        {"txndatetime": "2030-01-15 10:20:30"},
        {"txndatetime": "2030:01:15-09:20:30"},
        {"checkoutoption": "classic"},
        {"responseSuccessURL": "javascript:alert(1)"},
    ],
)
async def test_sealed_nonsense(
    world: World, gateway: TelecashGateway, browser: Browser, changes: dict[str, str]
) -> None:
    fields = dict(gateway.checkout_form(new_checkout(world)).fields) | changes
    fields["hashExtended"] = connect.seal("sandbox-shared-secret", connect.request_message(fields))
    assert (await browser.open(gateway.checkout_form(new_checkout(world)).url, fields)).status_code == 400


async def test_unknown_fields_are_outside_the_seal_and_echoed(
    world: World, gateway: TelecashGateway, browser: Browser
) -> None:
    form = gateway.checkout_form(new_checkout(world))
    await browser.open(form.url, dict(form.fields) | {"customParam_booking": 'B"><script>'})
    await browser.pay(VISA)
    assert browser.answer()[1]["customParam_booking"] == 'B"><script>'
    assert '"><script>' not in browser.page
