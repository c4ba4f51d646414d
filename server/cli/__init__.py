"""The command line: serve, worker, check, jobs, db, user, client, demo, schema, simulator."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer

from server import logs, migrate
from server.backup import read_backup, write_backup
from server.cli.check import check_all
from server.cli.jobs import jobs
from server.cli.people import client, user
from server.cli.running import owner as _owner
from server.cli.running import settings_of as _settings
from server.cli.running import with_runtime as _with_runtime
from server.config import Settings
from server.gateways.object_store import StoreUnavailable
from server.lost_objects import missing
from server.runtime import Runtime, object_store_of
from server.start_errors import advice

app = typer.Typer(
    help="Rental and replacement cars for dealerships.", no_args_is_help=True, pretty_exceptions_enable=False
)
db = typer.Typer(help="Migrations and backups.", no_args_is_help=True)
_log = structlog.get_logger("cli")
app.command("check")(check_all)
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
        ended = asyncio.Event()
        for one in (signal.SIGTERM, signal.SIGINT):
            # Not raised wherever the program just is: jobs that have begun come to their end.
            asyncio.get_running_loop().add_signal_handler(one, ended.set)
        async with listening(runtime), runtime.working():
            await ended.wait()

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
        migrate.upgrade(url)
        print(f"The database is at {migrate.current(url)}.")


@db.command("check")
def check(data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Tells whether migrations are missing, or tables differ from what this program knows; the exit code is 1 if so."""
    with _owner(_settings(data_dir=data_dir)) as url:
        found = migrate.standing(url)
        fits = migrate.checked(found)
        # Of another release's tables every difference is one that its migrations make.
        differences = migrate.differences(url) if fits is migrate.Fit.CURRENT else []
    at = "empty" if found is None else f"at {found.revision}"
    if fits is migrate.Fit.BEHIND:
        _end_with(1, f"{at}, newest {migrate.head()}: bring it up to date with `ersatzwagen db upgrade`")
    if fits is migrate.Fit.AHEAD:
        _end_with(0, f"{at}: {fits.value}")
    _end_with(1 if differences else 0, f"{at}; {len(differences)} differences to the models", *differences)


@db.command("backup")
def backup(file: Path, data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None) -> None:
    """Database and media in one file."""
    settings = _settings(data_dir=data_dir)
    with _owner(settings) as url:
        notice = write_backup(settings, url, file)
        lost = _lost_objects(settings, url)
    _end(f"Written: {file}", notice, lost)


@db.command("restore")
def restore(
    file: Path, data_dir: Annotated[Path | None, typer.Option(help="Where everything is kept.")] = None
) -> None:
    """Database and media from one file, into an empty place."""
    settings = _settings(data_dir=data_dir)
    with _owner(settings) as url:
        notice = read_backup(settings, url, file)
        lost = _lost_objects(settings, url)
    _end(f"Restored: {file}", notice, lost)


def _lost_objects(settings: Settings, owner_url: str) -> list[str]:
    """Lines about media that the database names and the store does not have."""
    try:
        named, keys = asyncio.run(missing(object_store_of(settings), owner_url))
    except StoreUnavailable as away:
        return [f"Nobody knows whether media are missing: their store cannot be looked at ({away})."]
    return [f"{len(keys)} of {named} media are missing:", *(f"  {key}" for key in keys)] if keys else []


def _end(done: str, notice: str | None, lost: list[str]) -> NoReturn:
    _end_with(1 if lost else 0, done, *([notice] if notice else []), *lost)


def _end_with(code: int, *lines: object) -> NoReturn:
    print(*lines, sep="\n")
    sys.exit(code)


def main() -> NoReturn:
    """Runs the command line; what is refused is one line, not a trace. Cut off, a command stops what it has started."""
    _at_sigterm(128 + signal.SIGTERM)
    try:
        app()
    except Exception as error:
        said = advice(error)
        if said is None:
            logs.configure()
            _log.error("command.failed", exc_info=error)
            said = "a fault of this program: please report the line above, which names nobody's data"
        print(f"ersatzwagen: {said}", file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """For what runs until it is told to end: SIGTERM and Ctrl-C are its way to end well."""
    _at_sigterm(0)
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(0)


def _at_sigterm(code: int) -> None:
    def end(_signal: int, _frame: object) -> None:
        sys.exit(code)

    signal.signal(signal.SIGTERM, end)
