"""What whoever watches is told: figures of the database, of the gateway and of operations, and who may read them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from pydantic import ValidationError
from sqlmodel import update

from server import figures, metrics, metrics_page, migrate
from server.app import create_app
from server.clock import SystemClock
from server.config import Settings
from server.database import SYSTEM, Database
from server.database.embedded import SUPERUSER, Cluster
from server.figures import Figures
from server.gateways.object_store import LocalObjectStore, ObjectMissing, StoreUnavailable
from server.gateways.payment import GatewayUnreachable
from server.gateways.telecash import TelecashGateway, certificate
from server.jobs import enqueue
from server.models import Deposit, Email, Payment
from server.models.email import EmailState
from server.models.job import JobKind, OfContract
from server.models.payment import DepositState, PaymentState
from server.runtime import NotConfigured, Runtime
from server.worker import LANES, create_worker
from tests.builders.bench import Bench
from tests.builders.rentals import book, rented
from tests.builders.rows import open_shop
from tests.certificates import make_certificates
from tests.driving import free_port
from tests.services.samples import at

TOKEN = "0123456789abcdef0123456789abcdef"
START = at("2026-09-08 09:00")
DAY = timedelta(days=1)


@pytest.fixture
def owner_url(cluster: Cluster) -> str:
    return cluster.url(SUPERUSER)


def figure(name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


async def read(bench: Bench) -> None:
    """Reads the figures anew, however old those of before are."""
    await Figures(bench.outside.database, LANES).refresh()


def runtime_of(bench: Bench, **given: Any) -> Runtime:
    return Runtime(Settings(_env_file=None, **given), bench.outside, create_worker(bench.outside), None)


@asynccontextmanager
async def calling(bench: Bench, **given: Any) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(runtime_of(bench, **given))
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app, client=("127.0.0.1", 4711)), base_url="http://rental"
    ) as client:
        yield client


class TestWhoMayRead:
    @pytest.mark.parametrize(
        "headers", [{}, {"authorization": f"Bearer {TOKEN}"}, {"x-forwarded-for": "127.0.0.1"}, {"host": "localhost"}]
    )
    async def test_without_a_token_nobody_may_also_from_this_machine(
        self, bench: Bench, headers: dict[str, str]
    ) -> None:
        async with calling(bench) as client:
            assert (await client.get("/metrics", headers=headers)).status_code == 404

    async def test_whoever_has_the_token_may_wherever_the_call_comes_from(self, bench: Bench) -> None:
        async with calling(bench, metrics_token=TOKEN) as client:
            for given in ({}, {"x-forwarded-for": "203.0.113.7", "forwarded": "for=203.0.113.7"}):
                answer = await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}", **given})
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("text/plain; version=")
                assert "ersatzwagen_database_up 1.0" in answer.text

    @pytest.mark.parametrize(
        "header", ["", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}0", "Bearer ä", TOKEN]
    )
    async def test_nobody_else_may(self, bench: Bench, header: str) -> None:
        async with calling(bench, metrics_token=TOKEN) as client:
            answer = await client.get("/metrics", headers=[(b"authorization", header.encode())])
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"] == "Bearer"

    async def test_an_address_of_its_own_opens_nothing_beside_the_api(self, bench: Bench) -> None:
        port = free_port()
        runtime = runtime_of(bench, metrics_address=f"127.0.0.1:{port}")
        async with metrics_page.listening(runtime), httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/metrics")
            assert answer.status_code == 200
            assert "ersatzwagen_database_bytes" in answer.text
            assert (await client.get(f"http://127.0.0.1:{port}/graphql")).status_code == 404
            # Where somebody listens already, the program says so
            with pytest.raises(NotConfigured, match="ERSATZWAGEN_METRICS_ADDRESS"):
                async with metrics_page.listening(runtime):
                    pass
            async with calling(bench, metrics_address=f"127.0.0.1:{port}") as api:
                assert (await api.get("/metrics")).status_code == 404
        async with httpx2.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"http://127.0.0.1:{port}/metrics")

    async def test_with_both_the_token_is_asked_for_there_too(self, bench: Bench) -> None:
        port = free_port()
        runtime = runtime_of(bench, metrics_address=f"127.0.0.1:{port}", metrics_token=TOKEN)
        async with metrics_page.listening(runtime), httpx2.AsyncClient(trust_env=False) as client:
            address = f"http://127.0.0.1:{port}/metrics"
            assert (await client.get(address)).status_code == 401
            assert (await client.get(address, headers={"authorization": f"Bearer {TOKEN}"})).status_code == 200

    @pytest.mark.parametrize(
        "wrong",
        [
            {"metrics_token": "short"},
            *({"metrics_address": one} for one in ("9100", ":9100", "host:", "host:0", "a:1b")),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, wrong: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Settings(_env_file=None, **wrong)


class TestOfTheDatabase:
    async def test_mails_payments_and_deposits_are_counted_by_state(self, bench: Bench) -> None:
        # Given a booking with a card, whose mail waits, a payment nobody knows of, and a deposit that ends soon
        shop = await open_shop(bench)
        await book(shop, START, START + DAY)
        async with bench.owned(past_triggers=True) as session:
            await session.write(update(Payment).values(state=PaymentState.UNKNOWN, sent_at=bench.now))
            await session.write(
                update(Deposit).values(state=DepositState.ACTIVE, expires_at=bench.now + timedelta(hours=3))
            )
        mails = len(await bench.all(Email, state=EmailState.QUEUED))
        payments = len(await bench.all(Payment))
        bench.later(seconds=90)
        # When
        await read(bench)
        # Then
        assert mails > 0
        assert figure("ersatzwagen_mails", state="QUEUED") == mails
        assert figure("ersatzwagen_mails", state="FAILED") == 0
        assert figure("ersatzwagen_mails_oldest_seconds") == 90
        assert figure("ersatzwagen_payments", state="UNKNOWN") == payments > 0
        assert figure("ersatzwagen_payments", state="DECLINED") == 0
        assert figure("ersatzwagen_payments_unresolved") == payments
        assert figure("ersatzwagen_payments_unresolved_oldest_seconds") == 90
        assert figure("ersatzwagen_deposits", state="ACTIVE") == len(await bench.all(Deposit))
        assert figure("ersatzwagen_deposits_ending") == len(await bench.all(Deposit))
        size = figure("ersatzwagen_database_bytes")
        assert size is not None
        assert size > 1_000_000

    async def test_without_anything_they_are_nought_and_there(self, bench: Bench) -> None:
        await read(bench)
        for name in ("mails_oldest_seconds", "payments_unresolved_oldest_seconds", "deposits_ending", "jobs_waiting"):
            assert figure(f"ersatzwagen_{name}") == 0
        assert {figure("ersatzwagen_payments", state=one) for one in ("PENDING", "UNKNOWN", "FAILED")} == {0}
        assert {figure("ersatzwagen_lane_oldest_seconds", lane=lane.value) for lane in LANES.values()} == {0}

    async def test_a_lane_is_as_late_as_its_oldest_job(self, bench: Bench) -> None:
        async with bench.outside.database.transaction(SYSTEM) as session:
            for kind, minutes in ((JobKind.BILL, 5), (JobKind.COLLECT, 7), (JobKind.SEND_EMAIL, 1)):
                due_at = bench.now - timedelta(minutes=minutes)
                await enqueue(session, kind, OfContract(uuid4()), key=kind, now=bench.now, due_at=due_at)
        await read(bench)
        lanes = [figure("ersatzwagen_lane_oldest_seconds", lane=lane) for lane in ("MONEY", "MAIL", "PAPER")]
        assert lanes == [420, 60, 0]

    async def test_however_often_it_is_asked_the_database_is_asked_once(self, bench: Bench) -> None:
        # Given
        watched = Figures(bench.outside.database, LANES)
        await watched.refresh()
        assert figure("ersatzwagen_jobs_waiting") == 0
        async with bench.outside.database.transaction(SYSTEM) as session:
            await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill", now=bench.now)
        # When
        await asyncio.gather(*(watched.refresh() for _ in range(50)))
        # Then
        assert figure("ersatzwagen_jobs_waiting") == 0
        await read(bench)
        assert figure("ersatzwagen_jobs_waiting") == 1

    async def test_a_database_that_is_away_is_a_figure_and_no_error(self) -> None:
        nowhere = Database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing", SystemClock())
        await Figures(nowhere, LANES).refresh()
        assert figure("ersatzwagen_database_up") == 0
        await nowhere.close()

    async def test_a_statement_that_takes_too_long_is_ended(
        self, bench: Bench, owner_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given somebody who holds a table that is counted
        monkeypatch.setattr(figures, "WITHIN_SECONDS", 1.0)
        with psycopg.connect(owner_url) as holder:
            holder.execute("lock table deposit in access exclusive mode")
            # When
            await read(bench)
            # Then
            assert figure("ersatzwagen_database_up") == 0
            holder.rollback()
        await read(bench)
        assert figure("ersatzwagen_database_up") == 1

    @pytest.mark.parametrize("table", ["email", "payment", "deposit"])
    async def test_each_count_finds_its_rows_by_an_index(self, bench: Bench, table: str) -> None:
        statements = {"email": figures._MAILS, "payment": figures._PAYMENTS, "deposit": figures._DEPOSITS}
        async with bench.outside.database.transaction(SYSTEM) as session:
            await session.rows("select set_config('enable_seqscan', 'off', true)")
            plan = await session.rows(f"explain {statements[table]}", {"soon": bench.now} if table == "deposit" else {})
        assert re.search(r"Index( Only)? Scan using|Bitmap Index Scan", "\n".join(row[0] for row in plan))


class TestOutside:
    async def test_calls_to_the_gateway_are_counted_by_how_they_ended(self, bench: Bench) -> None:
        before = figure("ersatzwagen_gateway_calls_total", operation="sale", outcome="approved") or 0
        shop = await open_shop(bench)
        await rented(shop, START, START + DAY)
        assert (figure("ersatzwagen_gateway_calls_total", operation="sale", outcome="approved") or 0) > before

    async def test_a_gateway_that_is_away_is_counted(self, bench: Bench) -> None:
        gateway = bench.outside.gateway
        assert isinstance(gateway, TelecashGateway)
        away = replace(gateway._settings, service_url=f"http://127.0.0.1:{free_port()}/ipgapi/services")
        labels = {"operation": "inquiry", "outcome": "unreachable"}
        before = figure("ersatzwagen_gateway_calls_total", **labels) or 0
        async with TelecashGateway(away) as nobody:
            with pytest.raises(GatewayUnreachable):
                await nobody.lookup_order("RB-1")
        assert figure("ersatzwagen_gateway_calls_total", **labels) == before + 1

    async def test_what_the_store_cannot_do_is_counted(self, tmp_path: Path) -> None:
        store = LocalObjectStore(tmp_path / "media")
        before = {kind: figure("ersatzwagen_store_errors_total", kind=kind) or 0 for kind in ("missing", "unavailable")}
        with pytest.raises(ObjectMissing):
            await store.get("photos/ab/nothing.jpg")
        (tmp_path / "media" / "photos").write_text("a file where a folder should be")
        for call in (store.put("photos/ab/a.jpg", b"a"), store.delete("photos/ab/a.jpg")):
            with pytest.raises(StoreUnavailable):
                await call
        assert figure("ersatzwagen_store_errors_total", kind="missing") == before["missing"] + 1
        assert figure("ersatzwagen_store_errors_total", kind="unavailable") == before["unavailable"] + 2

    async def test_the_end_of_the_certificate_is_told_in_days(self, bench: Bench, tmp_path: Path) -> None:
        make_certificates(tmp_path)
        ends_at = certificate.validity_of(tmp_path / "client.pem").ends
        assert timedelta(days=3649) < ends_at - datetime.now(UTC) <= timedelta(days=3650)
        await Figures(bench.outside.database, LANES, ends_at).refresh()
        days = figure("ersatzwagen_gateway_certificate_days", certificate="telecash")
        assert days is not None
        assert 3649 < days <= 3650

    @pytest.mark.parametrize("content", ["", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"])
    def test_what_is_no_certificate_is_said_so(self, tmp_path: Path, content: str) -> None:
        (tmp_path / "client.pem").write_text(content)
        with pytest.raises(ValueError, match="certificate"):
            certificate.validity_of(tmp_path / "client.pem")


class TestOfOperations:
    async def test_they_are_named_by_their_root_field_whatever_the_caller_calls_them(self, bench: Bench) -> None:
        # Given
        sign_in = 'mutation %s{signIn(email:"a@example.com",password:"wrong-password"){__typename}}'
        labels = {"operation": "signIn", "outcome": "done"}
        counted = figure("ersatzwagen_operation_seconds_count", **labels) or 0
        refused = figure("ersatzwagen_problems_total", operation="signIn", code="NOT_ALLOWED") or 0
        # When
        async with calling(bench, metrics_token=TOKEN) as client:
            for name in ("Anything", "AnythingElse"):
                assert (await client.post("/graphql", json={"query": sign_in % name})).status_code == 200
            text = (await client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})).text
        # Then
        assert figure("ersatzwagen_operation_seconds_count", **labels) == counted + 2
        assert figure("ersatzwagen_problems_total", operation="signIn", code="NOT_ALLOWED") == refused + 2
        assert "Anything" not in text
        assert re.search(r'^ersatzwagen_responses_total\{status="2xx"\} [1-9]', text, re.MULTILINE)


class TestLevels:
    """A program works beside one that is one level ahead, and no further."""

    @pytest.mark.parametrize(
        ("revision", "level", "fit"),
        [
            (migrate.head(), migrate.LEVEL, migrate.Fit.CURRENT),
            ("0030", 0, migrate.Fit.BEHIND),
            ("9999", migrate.LEVEL, migrate.Fit.AHEAD),
            ("9999", migrate.LEVEL + 1, migrate.Fit.AHEAD),
            ("9999", migrate.LEVEL + 2, migrate.Fit.BEYOND),
            ("9999", migrate.LEVEL - 1, migrate.Fit.BEYOND),
        ],
    )
    async def test_readiness(self, bench: Bench, owner_url: str, revision: str, level: int, fit: migrate.Fit) -> None:
        assert migrate.fit(migrate.Standing(revision, level)) is fit
        with psycopg.connect(owner_url, autocommit=True) as owner:
            before = owner.execute("select version_num, level from alembic_version").fetchone()
            assert before is not None
            try:
                owner.execute("update alembic_version set version_num = %s, level = %s", (revision, level))
                async with calling(bench) as client:
                    answer = await client.get("/readyz")
            finally:
                owner.execute("update alembic_version set version_num = %s, level = %s", before)
        usable = fit in (migrate.Fit.CURRENT, migrate.Fit.AHEAD)
        assert (answer.status_code, answer.json()) == (200 if usable else 503, {"database": True, "schema": usable})

    def test_the_database_has_the_level_of_this_program(self, owner_url: str) -> None:
        with psycopg.connect(owner_url) as owner:
            assert owner.execute("select version_num, level from alembic_version").fetchall() == [
                (migrate.head(), migrate.LEVEL)
            ]
