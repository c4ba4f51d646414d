"""Builds GraphiQL from its lock file and writes down what came of it: `python -m server.office.graphiql.build`.

Node is needed here only. What is built is committed; a test looks whether it is what the lock file makes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent
BUILT = SOURCE.parent.parent / "static" / "office" / "graphiql"
SUMS = "sums.json"


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def sources() -> dict[str, str]:
    """What it is made of, by path: the lock file, and what is ours."""
    ours = [SOURCE / "package.json", SOURCE / "package-lock.json", SOURCE / "vite.config.js"]
    ours += sorted((SOURCE / "src").iterdir())
    return {file.relative_to(SOURCE).as_posix(): digest(file) for file in ours}


def made(folder: Path) -> dict[str, str]:
    """What was made, by path; without the sums themselves."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != SUMS)
    return {file.relative_to(folder).as_posix(): digest(file) for file in files}


def licences(work: Path) -> str:
    """The licences of everything that may be in the bundle, as their packages bring them."""
    packages = json.loads((work / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    texts = []
    for path, package in sorted(packages.items()):
        if not path or package.get("dev"):
            continue
        found = sorted(file for file in (work / path).glob("*") if file.stem.lower() in {"license", "licence"})
        text = found[0].read_text(encoding="utf-8") if found else str(package.get("license", "no licence named"))
        texts.append(f"{path.removeprefix('node_modules/')} {package['version']}\n\n{text.strip()}\n")
    return ("\n" + "-" * 80 + "\n\n").join(texts)


def build(folder: Path = BUILT) -> None:
    """Installs what the lock file names, builds into a folder, and writes the sums."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("Node's npm is not here: it is needed to build GraphiQL, and for nothing else.")
    with tempfile.TemporaryDirectory() as place:
        # Elsewhere: what npm installs must not get into our packages.
        work = Path(shutil.copytree(SOURCE, Path(place) / "graphiql"))
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work, check=True)  # noqa: S603
        build_into = ["exec", "--", "vite", "build", "--outDir", str(folder.resolve()), "--emptyOutDir"]
        subprocess.run([npm, *build_into], cwd=work, check=True)  # noqa: S603
        (folder / "licences.txt").write_text(licences(work), encoding="utf-8")
    content = {"sources": sources(), "made": made(folder)}
    (folder / SUMS).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    build()
