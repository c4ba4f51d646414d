"""Folders of sealed files. A name says what is in a file, its ending that it is sealed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from mobile_kivy.store.files import UNFINISHED, write_durably
from mobile_kivy.store.sealing import Seal, about

SEALED = ".sealed"


class SealedFiles:
    """The files of one folder, sealed for it and for their names."""

    def __init__(self, folder: Path, seal: Seal, kind: str) -> None:
        """Opens or makes the folder, and seals what an earlier app has left there in plain."""
        self.folder, self._seal, self._kind = folder, seal, kind
        folder.mkdir(parents=True, exist_ok=True)
        for path in list(folder.iterdir()):
            if path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)  # a write that was cut off; nobody writes while the store opens
            elif path.suffix != SEALED:
                self._seal_plain(path)

    def put(self, name: str, content: bytes) -> Path:
        """Keeps a file; it is there, whole, when this returns."""
        path = self.path(name)
        write_durably(path, self._seal.seal(self._about(name), content))
        return path

    def read(self, name: str) -> bytes | None:
        """What was kept, or None. `SealBroken` if it is not any more what was kept."""
        try:
            return self._seal.unseal(self._about(name), self.path(name).read_bytes())
        except FileNotFoundError:
            return None

    def path(self, name: str) -> Path:
        """Where it lies, if it does."""
        return self.folder / f"{name}{SEALED}"

    def all(self) -> Iterator[tuple[str, Path]]:
        """The first word of each name, which is what the file is named by, and the file; unfinished ones, too."""
        for path in self.folder.iterdir():
            yield path.name.partition(".")[0], path

    def _seal_plain(self, path: Path) -> None:
        # May be killed anywhere: the plain one goes last, and is sealed once more if it did not go.
        times = path.stat()
        sealed = self.put(path.name, path.read_bytes())
        os.utime(sealed, (times.st_atime, times.st_mtime))  # its age decides when it is swept
        path.unlink()

    def _about(self, name: str) -> bytes:
        return about(self._kind, name.partition(".")[0])


def seal_whole(path: Path, seal: Seal) -> None:
    """Seals a file that only people who look for faults will ever open."""
    sealed = path.with_name(f"{path.name}{SEALED}")
    write_durably(sealed, seal.seal(about("file", path.name), path.read_bytes()))
    path.unlink()


def read_whole(path: Path, seal: Seal) -> bytes:
    """The content of a file that `seal_whole` has sealed."""
    return seal.unseal(about("file", path.name.removesuffix(SEALED)), path.read_bytes())
