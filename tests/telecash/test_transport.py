"""What comes before any business: passwords, certificates, HTTP and the shape of messages."""

import contextlib
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.gateways.payment import GatewayMisconfigured, GatewayUnreachable, Outcome
from server.gateways.telecash import TelecashGateway, messages
from server.sandbox.telecash import ProductionRefused, SimulatorConfig, create_simulator
from tests.certificates import make_certificates

from .world import APPROVED, CONFIG, MovableClock, World, fetch, new_attempt, serving, settings_for

INQUIRY = messages.inquire_order(CONFIG.store_id, "RB-1")
V1 = 'xmlns:v1="http://ipg-online.com/ipgapi/schemas/v1"'


def envelope(content: str) -> str:
    return (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
        f'<i:IPGApiOrderRequest xmlns:i="http://ipg-online.com/ipgapi/schemas/ipgapi">{content}</i:IPGApiOrderRequest>'
        "</S:Body></S:Envelope>"
    )


def sale(card: str = "", *, before: str = "", payment: str = "", store: str = CONFIG.store_id) -> str:
    return envelope(
        f"<v1:Transaction {V1}><v1:CreditCardTxType><v1:StoreId>{store}</v1:StoreId><v1:Type>sale</v1:Type>"
        f"</v1:CreditCardTxType>{card}{before}<v1:Payment>{payment}<v1:ChargeTotal>10.00</v1:ChargeTotal>"
        "<v1:Currency>978</v1:Currency></v1:Payment></v1:Transaction>"
    )


def card(number: str = "4035874000424977", month: str = "12", year: str = "33", code: str = "123") -> str:
    return (
        f"<v1:CreditCardData><v1:CardNumber>{number}</v1:CardNumber><v1:ExpMonth>{month}</v1:ExpMonth>"
        f"<v1:ExpYear>{year}</v1:ExpYear><v1:CardCodeValue>{code}</v1:CardCodeValue></v1:CreditCardData>"
    )


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"user": "WS999._.1"}, {"user": "1"}, {"password": "sandbox-password\u00e9"}]
)
async def test_wrong_credentials(world: World, changes: dict[str, Any]) -> None:
    async with world.gateway(**changes) as gateway:
        with pytest.raises(GatewayMisconfigured):
            await gateway.charge(new_attempt(), APPROVED, 100)
    assert world.ledger() == []


async def test_401_is_a_page(world: World) -> None:
    response = await world.post_raw(INQUIRY, auth=None)
    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/html")


async def test_http_rules(world: World) -> None:
    assert (await world.post_raw(INQUIRY, method="GET")).status_code == 405
    assert (await world.post_raw(INQUIRY, headers={"Content-Type": "application/json"})).status_code == 415
    assert (await world.post_raw(b" " * 200_001)).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not xml",
        "<a/>",
        envelope(""),
        '<!DOCTYPE a [<!ENTITY x "y">]>' + INQUIRY.decode().partition("?>")[2],
        INQUIRY.decode().partition("?>")[2].replace("ipgapi/schemas/ipgapi", "ipgapi/schemes/ipgapi"),
        INQUIRY.decode().partition("?>")[2].replace("ActionRequest", "ActionResponse"),
        sale(card(year="2033")),
        sale(card(month="13")),
        sale(card()).replace("10.00", "10.005"),
        sale(card()).replace("10.00", "1e1"),
        sale(card()).replace("10.00", "0.00"),
        sale(),
        sale(card(), store="999"),
        sale(payment="<v1:HostedDataID>tok-approved</v1:HostedDataID>").replace("sale<", "payerAuth<"),
        sale(before=card(), payment="<v1:HostedDataID>t</v1:HostedDataID>").replace("</v1:CreditCardTxType>", "", 1),
        sale("<v1:unscheduledCredentialOnFileType>FIRST</v1:unscheduledCredentialOnFileType>", before=card()),
        sale(card()).replace(">sale<", ">postAuth<"),
        sale(card()).replace(">sale<", ">void<"),
    ],
)
async def test_malformed_messages(world: World, body: str) -> None:
    response = await world.post_raw(body)
    assert response.status_code == 500
    assert "MerchantException" in response.text
    assert world.ledger() == []


@pytest.mark.parametrize(
    ("entry", "approval"),
    [
        (card(), "Y:"),
        (card("4035874000424978"), "N:-2303:"),
        (card("403587...4977"), "N:-2303:"),
        (card("378282246310005", code="1234"), "N:-5002:"),
        (card(code="1234"), "N:-2305:"),
        (card(month="12", year="29"), "N:54:"),
        (card(month="01", year="30"), "Y:"),
    ],
)
async def test_card_checks(world: World, entry: str, approval: str) -> None:
    response = await world.post_raw(sale(entry))
    assert f"ApprovalCode>{approval}" in response.text


async def test_currency(world: World) -> None:
    assert "N:-50653:" in (await world.post_raw(sale(card()).replace("978", "840"))).text


async def test_client_certificate(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    simulator = create_simulator(MovableClock(), tmp_path / "data")
    tls = {
        "ssl_certfile": str(tmp_path / "server.pem"),
        "ssl_keyfile": str(tmp_path / "server.key"),
        "ssl_ca_certs": str(tmp_path / "ca.pem"),
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
    }
    with serving(simulator, **tls) as port:
        bare = settings_for(f"https://127.0.0.1:{port}", trust=tmp_path / "ca.pem")
        full = replace(bare, certificate=tmp_path / "client.pem", key=tmp_path / "client.key")
        async with TelecashGateway(full) as gateway:
            assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.APPROVED
        async with TelecashGateway(replace(full, trust=None)) as gateway:
            with pytest.raises(GatewayMisconfigured):
                await gateway.charge(new_attempt(), APPROVED, 100)
        async with TelecashGateway(bare) as gateway:
            # TLS 1.3 refuses a missing certificate only after the request was written, and the alert may get lost:
            # then the client cannot know and must say so.
            with contextlib.suppress(GatewayMisconfigured):
                assert (await gateway.charge(new_attempt(), APPROVED, 100)).outcome is Outcome.UNKNOWN
            with pytest.raises((GatewayMisconfigured, GatewayUnreachable)):
                await gateway.lookup_order("RB-1")
        assert len(simulator.state.store.ledger_lines()) == 1
    simulator.state.store.close()


def test_unreadable_certificate(tmp_path: Path) -> None:
    with pytest.raises(GatewayMisconfigured):
        TelecashGateway(settings_for("https://127.0.0.1:9", certificate=tmp_path / "nothing.pem"))


def test_production_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProductionRefused):
        create_simulator(MovableClock(), tmp_path / "data", SimulatorConfig(production=True))
    assert not (tmp_path / "data").exists()


async def test_redirects_are_not_followed(tmp_path: Path) -> None:
    async def redirect(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"https://evil.example/")]})
        await send({"type": "http.response.body", "body": b""})

    with serving(redirect) as port:  # type: ignore[arg-type]
        async with TelecashGateway(settings_for(f"http://127.0.0.1:{port}")) as gateway:
            with pytest.raises(GatewayMisconfigured):
                await gateway.charge(new_attempt(), APPROVED, 100)


def test_old_forms_of_void_and_return_are_understood(world: World) -> None:
    auth = (CONFIG.user, CONFIG.password)
    headers = {"Content-Type": "text/xml"}
    address = f"{world.base}/ipgapi/services"
    details = "<v1:TransactionDetails><v1:OrderId>RB-1-D1</v1:OrderId>{}</v1:TransactionDetails></v1:Transaction>"
    body = sale(card()).replace("</v1:Transaction>", details.format(""))
    fetch("POST", address, content=body, auth=auth, headers=headers)
    [line] = world.ledger()
    subsequent = envelope(
        f"<v1:SubsequentTransaction {V1}><v1:IpgTransactionId>{line['transaction_id']}</v1:IpgTransactionId>"
        "<v1:TransactionType>RETURN</v1:TransactionType><v1:Payment><v1:ChargeTotal>4.00</v1:ChargeTotal>"
        "<v1:Currency>978</v1:Currency></v1:Payment></v1:SubsequentTransaction>"
    )
    fetch("POST", address, content=subsequent, auth=auth, headers=headers)
    second = body.replace("RB-1-D1", "RB-2-D1")
    fetch("POST", address, content=second, auth=auth, headers=headers)
    tdate = int(world.clock.now().timestamp())
    void = envelope(
        f"<v1:Transaction {V1}><v1:CreditCardTxType><v1:Type>void</v1:Type></v1:CreditCardTxType>"
        f"<v1:TransactionDetails><v1:OrderId>RB-2-D1</v1:OrderId><v1:TDate>{tdate}</v1:TDate>"
        "</v1:TransactionDetails></v1:Transaction>"
    )
    fetch("POST", address, content=void, auth=auth, headers=headers)
    assert world.states() == [
        ("sale", "10.00", "approved"),
        ("return", "4.00", "approved"),
        ("sale", "10.00", "voided"),
        ("void", "10.00", "approved"),
    ]
