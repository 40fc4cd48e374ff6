"""The tables of one directory: whole files, read and written under one lock."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from outreach.crms.csv_file_formats import Damaged, Format, Row
from outreach.errors import Unavailable

T = TypeVar("T")

PROVIDER = "csv_file"
_NAMES = ("id", "email", "first_name", "last_name", "company")
COLUMNS = {
    "people": (*_NAMES, "owner", "status", "stage", "tags", "do_not_contact"),
    "activities": ("id", "person_id", "at", "kind", "channel", "direction", "subject", "from", "to", "text", "ref"),
    "deals": ("id", "person_id", "name", "pipeline", "stage", "value", "state"),
}


class Files:
    """The directory's tables. Only `locked` may be called without the lock."""

    def __init__(self, directory: Path, form: Format) -> None:
        self.directory = directory
        self._form = form

    def locked(self, work: Callable[[], T]) -> T:
        """Do `work` as the only one on this directory. Raises Unavailable if the files cannot be used."""
        try:
            with self._lock():
                return work()
        except OSError as error:
            # Rows are kept by their keys, so doing it again after a half-seen failure makes nothing twice.
            raise Unavailable(PROVIDER, f"{self.directory}: {error.strerror or error}") from None
        except Damaged as error:
            # Nobody's data is at fault but the file's: the work waits until someone saved it properly.
            raise Unavailable(PROVIDER, f"{self.directory}: {error}") from None

    def load(self, table: str) -> list[Row]:
        """Every row, with each of our columns; rows typed by hand are given an id, and keep it."""
        path = self._path(table)
        if not path.exists():
            return []
        rows = self._form.read(path, COLUMNS[table])
        nameless = [row for row in rows if not row["id"]]
        for row in nameless if table == "people" else []:
            row["id"] = person_id_of(rows, row["email"] or "\n".join(row.values()))
        if nameless and table == "people":
            self.save(table, rows)
        return rows

    def save(self, table: str, rows: list[Row]) -> None:
        """Write beside the old file, make it durable, put it in its place."""
        columns = list(dict.fromkeys([*COLUMNS[table], *(name for row in rows for name in row)]))
        path = self._path(table)
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            self._form.write(file, columns, rows)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        self._make_durable()

    def _path(self, table: str) -> Path:
        return self.directory / f"{table}{self._form.suffix}"

    def _make_durable(self) -> None:
        directory = os.open(self.directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # let go when the file is closed, also by a kill
            yield


def person_id_of(people: list[Row], identity: str) -> str:
    """From the address, or our lead id. A taken id (someone changed that row's address) gets another number."""
    taken = {row["id"] for row in people}
    number = 0
    while (person_id := f"p{digest(identity.lower(), str(number))}") in taken:
        number += 1
    return person_id


def digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
