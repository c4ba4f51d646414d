"""What every night is deleted because nobody needs it any more, and what is left alone."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from server.clock import SystemClock
from server.database import SYSTEM
from server.jobs import TryLater, enqueue
from server.models import EvidenceFile, IdempotencyRecord, Job, Photo, SignInBucket, User
from server.models import Session as StoredSession
from server.models.contract import ContractState
from server.models.job import JobKind, JobState, OfContract
from server.models.staff import Role
from server.services.claims import evidence
from server.services.handover import photos
from server.services.retention import cleaning
from server.worker import create_worker, recover
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import Shop, open_shop
from tests.driving import picture
from tests.papers import empty_pdf
from tests.services.retention.looking import delete_files
from tests.services.retention.rental import files_of, left, whole_rental
from tests.services.samples import at

DAY = timedelta(days=1)
KEPT = timedelta(days=30)


async def clean(bench: Bench) -> datetime:
    """What the job does, twice, because a job may be run again, and the files; when it comes back."""
    for _ in range(2):
        with pytest.raises(TryLater) as later:
            await cleaning.clean(bench.outside)
    await delete_files(bench)
    return later.value.at


async def job(bench: Bench, key: str, state: JobState, done_at: datetime | None = None) -> None:
    await bench.put(
        Job(
            kind=JobKind.BILL, payload={}, key=key, state=state, due_at=bench.now, created_at=bench.now, done_at=done_at
        )
    )


async def keys(bench: Bench) -> set[str]:
    return {one.key for one in await bench.all(Job) if one.kind is not JobKind.ERASE_FILES}


async def user_of(bench: Bench) -> UUID:
    somebody = User(
        email="a@example.com",
        email_key=f"{uuid4()}@example.com",
        name="A",
        role=Role.CLERK,
        password_hash="",
        created_at=bench.now,
    )
    await bench.put(somebody)
    return somebody.id


class TestTheJob:
    async def test_a_worker_that_starts_sees_to_it_that_there_is_one(self, bench: Bench) -> None:
        # When
        for _ in range(3):
            await recover(bench.outside)
        # Then it is there once, in the night that comes
        (stored,) = await bench.all(Job, kind=JobKind.CLEAN)
        assert (stored.state, stored.due_at) == (JobState.WAITING, at("2026-09-08 04:00"))
        assert bench.now == at("2026-09-07 10:00")

    async def test_a_start_in_between_does_not_put_it_off(self, bench: Bench) -> None:
        await recover(bench.outside)
        bench.clock.move_to(at("2026-09-08 05:00"))  # it should have begun an hour ago
        await recover(bench.outside)
        (stored,) = await bench.all(Job, kind=JobKind.CLEAN)
        assert stored.due_at == at("2026-09-08 04:00")

    async def test_it_comes_again_every_night_as_the_same_one(self, bench: Bench) -> None:
        await recover(bench.outside)
        worker = create_worker(bench.outside)
        for night in range(8, 11):
            bench.clock.move_to(at(f"2026-09-{night:02} 04:00"))
            assert await worker.run_due() == (1, 0)
            (stored,) = await bench.all(Job)
            assert (stored.state, stored.tries) == (JobState.WAITING, 0)
            assert stored.due_at == at(f"2026-09-{night + 1:02} 04:00")

    @pytest.mark.parametrize("ended", [JobState.FAILED, JobState.DONE])
    async def test_if_it_was_given_up_or_dismissed_the_next_start_sets_it_going(
        self, bench: Bench, ended: JobState
    ) -> None:
        await recover(bench.outside)
        async with bench.owned() as session:
            await session.write(
                "update job set state = :state, faults = 6, tries = 6, done_at = due_at", {"state": ended.value}
            )
        await recover(bench.outside)
        (stored,) = await bench.all(Job)
        assert (stored.state, stored.tries, stored.faults, stored.done_at) == (JobState.WAITING, 0, 0, None)
        assert stored.due_at == at("2026-09-08 04:00")

    async def test_what_fails_keeps_nothing_else_from_being_cleaned_and_is_told(self, bench: Bench) -> None:
        # Given a table that may not be touched, and an old job
        await job(bench, "old", JobState.DONE, SystemClock().now() - KEPT - DAY)
        async with bench.owned() as session:
            await session.write("revoke delete on session from ersatzwagen_system")
        # When
        try:
            with pytest.raises(Exception, match="permission denied for table session"):
                await cleaning.clean(bench.outside)
        finally:
            async with bench.owned() as session:
                await session.write("grant delete on session to ersatzwagen_system")
        # Then
        assert await keys(bench) == set()

    async def test_what_one_try_has_no_time_for_the_next_minutes_do(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cleaning, "BUDGET_SECONDS", 0.0)
        await job(bench, "old", JobState.DONE, SystemClock().now() - KEPT - DAY)
        assert await clean(bench) == bench.now + cleaning.GO_ON_AFTER
        assert await keys(bench) == {"old"}


class TestBookkeeping:
    async def test_jobs_that_are_done_go_after_thirty_days_and_others_stay(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Given more than one batch of old ones
        monkeypatch.setattr(cleaning, "MOST_ROWS", 3)
        machine_now = SystemClock().now()
        for number in range(8):
            await job(bench, f"old-{number}", JobState.DONE, machine_now - KEPT - timedelta(minutes=1))
        await job(bench, "young", JobState.DONE, machine_now - KEPT + timedelta(hours=1))
        await job(bench, "given up", JobState.FAILED, machine_now - 10 * KEPT)
        await job(bench, "waiting", JobState.WAITING)
        # When
        assert await clean(bench) == at("2026-09-08 04:00")
        # Then
        assert await keys(bench) == {"young", "given up", "waiting"}

    async def test_a_key_whose_job_is_forgotten_can_be_asked_for_anew(self, bench: Bench) -> None:
        await job(bench, "bill:1", JobState.DONE, SystemClock().now() - KEPT - DAY)
        await clean(bench)
        async with bench.outside.database.transaction(SYSTEM) as session:
            await enqueue(session, JobKind.BILL, OfContract(uuid4()), key="bill:1", now=bench.now)
        (stored,) = await bench.all(Job)
        assert stored.state is JobState.WAITING

    async def test_sessions_that_cannot_be_refreshed_go(self, bench: Bench) -> None:
        # Given
        user_id, machine_now = await user_of(bench), SystemClock().now()
        for name, ends_at in (("over", machine_now - DAY), ("good", machine_now + DAY)):
            await bench.put(
                StoredSession(
                    family_id=uuid4(),
                    user_id=user_id,
                    access_hash=f"a-{name}",
                    refresh_hash=f"r-{name}",
                    access_expires_at=min(ends_at, machine_now),
                    refresh_expires_at=ends_at,
                    created_at=machine_now - KEPT,
                )
            )
        # When
        await clean(bench)
        # Then
        assert [one.refresh_hash for one in await bench.all(StoredSession)] == ["r-good"]

    async def test_buckets_whose_window_is_over_go(self, bench: Bench) -> None:
        machine_now = SystemClock().now()
        await bench.put(
            SignInBucket(key="account:a", window_started_at=machine_now - timedelta(minutes=61), failures=9)
        )
        await bench.put(
            SignInBucket(key="account:b", window_started_at=machine_now - timedelta(minutes=59), failures=9)
        )
        await clean(bench)
        assert [one.key for one in await bench.all(SignInBucket)] == ["account:b"]

    async def test_keys_of_bookings_go_after_thirty_days_but_never_while_held(self, bench: Bench) -> None:
        # Given two bookings, one of which is HELD still
        shop = await open_shop(bench, cars=2)
        done = await book(shop, at("2026-09-08 09:00"), at("2026-09-09 09:00"))
        held = await book(shop, at("2026-09-08 09:00"), at("2026-09-09 09:00"))
        async with bench.owned(past_triggers=True) as session:
            await session.write("update contract set state = 'HELD' where id = :id", {"id": held.id})
        assert {one.contract_id for one in await bench.all(IdempotencyRecord)} == {done.id, held.id}
        # When
        bench.clock.move_to(bench.now + KEPT)
        await clean(bench)
        assert len(await bench.all(IdempotencyRecord)) == 2
        bench.later(seconds=1)
        await clean(bench)
        # Then
        assert [one.contract_id for one in await bench.all(IdempotencyRecord)] == [held.id]
        assert (await bench.contract(held.id)).state is ContractState.HELD


async def uploaded(shop: Shop, seed: int) -> Photo:
    content = picture(seed)
    sha256 = hashlib.sha256(content).hexdigest()
    return await photos.upload(shop.bench.outside, shop.somebody(Role.YARD), sha256, content, now=shop.bench.now)


class TestUploads:
    async def test_what_nobody_has_attached_goes_after_thirty_days_with_its_files(self, bench: Bench) -> None:
        # Given photos and signatures of a rental, a photo and an estimate of nobody
        shop = await open_shop(bench)
        contract = await whole_rental(shop)
        kept, begun = await files_of(bench, contract.id), bench.now
        lonely = await uploaded(shop, 77)
        content = empty_pdf(1)
        sha256 = hashlib.sha256(content).hexdigest()
        estimate = await evidence.upload(bench.outside, shop.somebody(Role.MANAGER), sha256, content, now=bench.now)
        stored = {"lonely": {lonely.object_key, lonely.thumbnail_key, estimate.object_key}}
        attached = len(await bench.all(Photo)) - 1
        # When
        bench.clock.move_to(begun + KEPT)
        await clean(bench)
        # Then
        assert await left(bench, stored) == {"lonely": 3}
        # When
        bench.later(seconds=1)
        await clean(bench)
        # Then
        assert await left(bench, stored) == {"lonely": 0}
        assert await bench.all(EvidenceFile) == []
        assert len(await bench.all(Photo)) == attached
        assert await left(bench, kept) == {"documents": 2, "protocols": 2, "signatures": 2, "photos": 8}

    async def test_all_pages_are_looked_at(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cleaning, "MOST_ROWS", 2)
        shop = await open_shop(bench)
        for seed in range(5):
            await uploaded(shop, seed)
        bench.clock.move_to(bench.now + KEPT)
        bench.later(seconds=1)
        young = await uploaded(shop, 99)
        await clean(bench)
        assert [one.id for one in await bench.all(Photo)] == [young.id]
