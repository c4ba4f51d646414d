"""The command line: serve, worker, jobs, db, user, client, demo, schema, simulator."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn
from uuid import UUID

import typer
from sqlmodel import col, select

from server import logs, migrate
from server.backup import BackupFailed, read_backup, write_backup
from server.cli_jobs import jobs
from server.cli_running import owner as _owner
from server.cli_running import settings_of as _settings
from server.cli_running import with_runtime as _with_runtime
from server.clock import SystemClock
from server.database import ADMINISTRATION
from server.errors import DomainError
from server.models import Station
from server.models.contract import ContractKind
from server.models.staff import Role
from server.runtime import NotConfigured, Runtime, bring_up_to_date
from server.services.people import staff
from server.services.people.client_policies import PolicyRequest
from server.services.people.staff import NewUser

app = typer.Typer(
    help="Rental and replacement cars for dealerships.", no_args_is_help=True, pretty_exceptions_enable=False
)
db = typer.Typer(help="Migrations and backups.", no_args_is_help=True)
user = typer.Typer(help="Users who sign in.", no_args_is_help=True)
client = typer.Typer(help="Websites and other programs with an API key.", no_args_is_help=True)
app.add_typer(jobs, name="jobs")
app.add_typer(db, name="db")
app.add_typer(user, name="user")
app.add_typer(client, name="client")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Nothing real outside: for trying and testing.")] = False,
    demo_data: Annotated[bool, typer.Option(help="Fill an empty sandbox with a dealer group.")] = True,
) -> None:
    """Starts API and worker."""
    from server.serving import serve as run  # noqa: PLC0415  # the other commands do not need a web server

    logs.configure()
    settings = _settings(host=host, port=port, sandbox=sandbox, demo_data=demo_data, data_dir=data_dir)
    with _ended_in_order():
        run(settings)


@app.command()
def worker(data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """A worker process of its own."""
    from server.metrics_page import listening  # noqa: PLC0415  # the other commands do not need a web server

    logs.configure()
    settings = _settings(data_dir=data_dir)

    async def work(runtime: Runtime) -> None:
        async with listening(runtime), runtime.working():
            await asyncio.Event().wait()

    with _ended_in_order():
        _with_runtime(settings, work)


@app.command()
def schema() -> None:
    """Prints the GraphQL schema."""
    from server.resolvers.schema import create_schema  # noqa: PLC0415

    print(create_schema().as_str())


@app.command()
def simulator(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8444,
    data_dir: Annotated[Path | None, typer.Option(help="Where its ledger is kept.")] = None,
) -> None:
    """The Telecash simulator alone."""
    from server.serving import serve_simulator  # noqa: PLC0415

    settings = _settings(data_dir=data_dir, port=port, sandbox=True)
    with _ended_in_order():
        serve_simulator(settings)


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where mails, PDFs and photos are left.")] = Path("demo-output"),
) -> None:
    """The main job from start to end against a fresh sandbox, with every figure checked."""
    from server.sandbox.demo import run  # noqa: PLC0415

    with _ended_in_order():
        sys.exit(run(folder))


@app.command()
def mails(
    folder: Annotated[Path, typer.Argument(help="Where they are left.")] = Path("mail-preview"),
) -> None:
    """Writes every mail with invented facts, in German and English, to be looked at: open index.html."""
    from server.sandbox.mail_preview import write  # noqa: PLC0415

    print(f"{write(folder)} mails in {folder}/index.html")


@db.command("upgrade")
def upgrade(data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Brings the database up to date."""
    with _owner(_settings(data_dir=data_dir)) as url:
        bring_up_to_date(url)
        print(f"The database is at {migrate.current(url)}.")


@db.command("check")
def check(data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Tells whether migrations are missing; the exit code is 1 if so."""
    with _owner(_settings(data_dir=data_dir)) as url:
        current, differences = migrate.current(url), migrate.differences(url)
    print(f"at {current}, newest {migrate.head()}; {len(differences)} differences to the models")
    for difference in differences:
        print(f"  {difference}")
    sys.exit(0 if current == migrate.head() and not differences else 1)


@db.command("backup")
def backup(file: Path, data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Database and media in one file."""
    settings = _settings(data_dir=data_dir)
    with _owner(settings) as url:
        notice = write_backup(settings, url, file)
    print(f"Written: {file}", *([notice] if notice else []), sep="\n")


@db.command("restore")
def restore(
    file: Path, data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None
) -> None:
    """Database and media from one file, into an empty place."""
    settings = _settings(data_dir=data_dir)
    with _owner(settings) as url:
        notice = read_backup(settings, url, file)
    print(f"Restored: {file}", *([notice] if notice else []), sep="\n")


@user.command("create")
def create_user(
    email: Annotated[str, typer.Option(help="The address to sign in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")],
    station: Annotated[list[str] | None, typer.Option(help="Code of a station; repeat for several.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """A user; the password is asked for, or read from ERSATZWAGEN_PASSWORD."""
    logs.configure()
    password = os.environ.get("ERSATZWAGEN_PASSWORD") or getpass.getpass("Password: ")

    async def create(runtime: Runtime) -> None:
        async with runtime.outside.database.transaction(ADMINISTRATION) as session:
            ids = await _station_ids(session, station or [])
            new = NewUser(email=email, name=name, role=role, station_ids=ids, password=password)
            await staff.create_user(session, new, now=_machine_now())

    _with_runtime(_settings(data_dir=data_dir), create)
    print(f"Created: {email} ({role.value})")


@client.command("create")
def create_client(
    name: Annotated[str, typer.Option(help="What it is called.")],
    station: Annotated[list[str], typer.Option(help="Code of a station; repeat for several.")],
    kind: Annotated[list[ContractKind] | None, typer.Option(help="What it may book; RENTAL unless said.")] = None,
    payer: Annotated[bool, typer.Option("--payer", help="It may name another payer.")] = False,
    holds: Annotated[int | None, typer.Option(help="Cars that may be HELD at a time; 20 unless said.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None,
) -> None:
    """An API key, shown once. What it may do besides can be changed with `updateApiClient`."""
    logs.configure()  # standard output is the key alone
    policy = PolicyRequest(kinds=tuple(kind) if kind else None, may_name_payer=payer or None, open_holds=holds)

    async def create(runtime: Runtime) -> str:
        async with runtime.outside.database.transaction(ADMINISTRATION) as session:
            ids = await _station_ids(session, station)
            _client, key = await staff.create_client(session, name, ids, policy, now=_machine_now())
        return key

    print(_with_runtime(_settings(data_dir=data_dir), create))


def main() -> NoReturn:
    """Runs the command line; what is refused is one line, not a trace."""
    try:
        app()
    except (NotConfigured, DomainError, BackupFailed) as error:
        print(f"ersatzwagen: {error}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


def _machine_now() -> datetime:
    return SystemClock().now()


async def _station_ids(session: Any, codes: list[str]) -> tuple[UUID, ...]:
    found: dict[str, UUID] = {
        row.code: row.id for row in await session.all(select(Station).where(col(Station.code).in_(codes)))
    }
    missing = set(codes) - found.keys()
    if missing:
        raise NotConfigured(f"there is no station {', '.join(sorted(missing))}")
    return tuple(found.values())


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """SIGTERM ends the program as Ctrl-C does: everything that was started is stopped."""

    def end(_signal: int, _frame: object) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(0)
