"""A `worker` process that is told to end in the middle of a job."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

from server.database.embedded import Cluster
from server.models import Email, Job
from server.models.email import EmailState
from server.models.job import JobKind, JobState
from server.sandbox.smtp_server import SmtpServer
from tests.builders.bench import Bench
from tests.builders.rentals import book
from tests.builders.rows import open_shop
from tests.driving import ROOT, free_port


class Slow:
    """A mail server that has heard a mail, and takes its time to say that it takes it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.begun, self.goes_on = threading.Event(), threading.Event()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        self.heard += envelope.rcpt_tos
        self.begun.set()
        while not self.goes_on.is_set():  # noqa: ASYNC110  # another thread's
            await asyncio.sleep(0.02)
        return "250 taken"


def started(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "server", "worker"], cwd=ROOT, env=environment, stdout=said, stderr=said
        )


async def test_a_worker_that_is_told_to_end_finishes_its_mail(bench: Bench, cluster: Cluster, tmp_path: Path) -> None:
    # Given: a booking's mail is just being handed over
    shop = await open_shop(bench)
    await book(shop, bench.now + timedelta(days=301), bench.now + timedelta(days=302))
    slow = Slow()
    mails = SmtpServer(slow, free_port())
    mails.start()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ERSATZWAGEN_")} | {
        "ERSATZWAGEN_DATABASE_URL": cluster.url(),
        "ERSATZWAGEN_DATA_DIR": str(tmp_path),
        "ERSATZWAGEN_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
    }
    worker = started(environment, tmp_path / "log")
    try:
        assert await asyncio.to_thread(slow.begun.wait, 90), (tmp_path / "log").read_text()
        # When
        worker.terminate()
        await asyncio.sleep(0.5)
        assert worker.poll() is None
        slow.goes_on.set()
        code = await asyncio.to_thread(worker.wait, 60)
    finally:
        slow.goes_on.set()
        worker.kill()
        worker.wait()
        mails.stop()
    # Then: it is sent, once, and nobody has to find that out later
    assert code == 0, (tmp_path / "log").read_text()
    (mail,) = [one for one in await bench.all(Email) if one.state is EmailState.SENT]
    assert slow.heard == [mail.to]
    sent = [job for job in await bench.all(Job, kind=JobKind.SEND_EMAIL) if job.payload == {"email": str(mail.id)}]
    assert [(job.state, job.leased_until) for job in sent] == [(JobState.DONE, None)]
