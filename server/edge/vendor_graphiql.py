"""Fetches the files that Strawberry's GraphiQL page names, exactly those versions, and checks their hashes.

Run after an update of Strawberry changed them (tests/edge says so): `python -m server.edge.vendor_graphiql`.
It needs npm, and the result is committed: at run time nothing is fetched from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from strawberry.http.ides import get_graphql_ide_html

HOME = Path(__file__).parents[1] / "static" / "graphiql"
_ASSET = re.compile(
    r'(?:src|href)="https://[^/"]+/((?:@[^/"]+/)?[^@/"]+)@([\d.]+)/([^"]+)"\s+integrity="sha384-([^"]+)"'
)


@dataclass(frozen=True)
class Asset:
    """One file of a package that the page loads."""

    package: str
    version: str
    path: str
    sha384: str

    @property
    def prefix(self) -> str:
        """Package and version as part of a file name."""
        return f"{self.package.replace('@', '').replace('/', '-')}-{self.version}"

    @property
    def file_name(self) -> str:
        """What the file is called here."""
        return f"{self.prefix}-{PurePosixPath(self.path).name}"


def named_assets() -> list[Asset]:
    """The files that the page of the installed Strawberry loads, in its order."""
    return [Asset(*found) for found in _ASSET.findall(get_graphql_ide_html("graphiql"))]


def _members(archive: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is not None:
                yield member.name.removeprefix("package/"), content.read()


def vendor(home: Path = HOME) -> list[Path]:
    """Writes all assets and the licences of their packages; refuses a file whose hash is not the named one."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is needed to fetch the packages")
    home.mkdir(parents=True, exist_ok=True)
    (home / "licences").mkdir(exist_ok=True)
    written = []
    with tempfile.TemporaryDirectory() as folder:
        for asset in named_assets():
            packed = subprocess.run(  # noqa: S603 - the names come from the installed Strawberry, not from outside
                [npm, "pack", f"{asset.package}@{asset.version}", "--silent"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=True,
            )
            files = dict(_members(Path(folder, packed.stdout.strip().splitlines()[-1])))
            content = files[asset.path]
            if base64.b64encode(hashlib.sha384(content).digest()).decode() != asset.sha384:
                raise ValueError(f"{asset.file_name}: the hash is not the one that Strawberry names")
            (home / asset.file_name).write_bytes(content)
            # The explorer comes without a licence file: its package names MIT, and GraphiQL's repository holds it.
            licence = files.get("LICENSE", b"MIT licence of the GraphiQL project, see the licence of graphiql.\n")
            (home / "licences" / f"{asset.prefix}.txt").write_bytes(licence)
            written.append(home / asset.file_name)
    return written


if __name__ == "__main__":
    vendor()
