"""Copies that wait to be filed, on disk, so that a killed process loses none.

Each process has a folder of its own below the mailbox's, locked for as long as it lives; the system lets go of the lock
when it is killed, and whoever starts next takes over what it left behind.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import IO

_LOCK = "lock"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)


class CopiesOnDisk:
    """The folder of one mailbox; `own` names that of this process. Raises OSError where the disk refuses."""

    def __init__(self, root: Path, own: str) -> None:
        self._root = root
        self._folder = root / own
        self._lock: IO[bytes] | None = None
        self._numbers = count(1)

    def add(self, raw: bytes, at: datetime) -> Path:
        """Keep a copy of a mail that was sent at that instant."""
        if self._lock is None:
            self._lock = _locked(self._folder)
        path = self._folder / f"{(at - _EPOCH) // _INSTANT:017}-{next(self._numbers):06}.eml"
        path.write_bytes(raw)
        return path

    def take_over(self) -> Iterator[Path]:
        """What processes that are gone left behind, the oldest first; it belongs to this process from now on."""
        for folder in sorted(each for each in self._root.glob("*") if each.is_dir() and each != self._folder):
            lock = _locked(folder)
            if lock is None:
                continue  # its process is alive
            with lock:
                for left in sorted(folder.glob("*.eml")):
                    yield self._moved(left)
                shutil.rmtree(folder, ignore_errors=True)

    def has_left_behind(self) -> bool:
        """Is there a folder of another process?"""
        return any(each.is_dir() and each != self._folder for each in self._root.glob("*"))

    def close(self) -> None:
        """Let go: what is still here is for the next one to take over."""
        if self._lock is None:
            return
        if not any(self._folder.glob("*.eml")):
            shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.close()
        self._lock = None

    def _moved(self, left: Path) -> Path:
        if self._lock is None:
            self._lock = _locked(self._folder)
        moved = self._folder / f"{left.stem[:17]}-{next(self._numbers):06}.eml"
        return left.rename(moved)


def instant_of(path: Path) -> datetime:
    """When the mail of that copy was sent."""
    return _EPOCH + int(path.name.partition("-")[0]) * _INSTANT


def _locked(folder: Path) -> IO[bytes] | None:
    """None: another process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / _LOCK).open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
