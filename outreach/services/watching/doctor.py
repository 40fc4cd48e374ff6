"""What `outreach doctor` looks at on this machine: database, queue, clock, disk, versions, mailboxes, the way in."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from outreach.clock import Clock
from outreach.content.configuration import Settings
from outreach.content.field_types import split_url
from outreach.content.mail_servers import is_loopback
from outreach.errors import OutreachError
from outreach.services.watching.sender_records import Finding, State
from outreach.store import mailboxes, migrate
from outreach.store.session import Store

_SAFE_WAL = (3, 51, 3)
_CLOCKS_APART = timedelta(seconds=10)
_LITTLE = 1024**3
_TOO_LITTLE = 100 * 1024**2
_OLDEST = {"aiosmtplib": (5, 1, 2), "sqlalchemy": (2, 0, 36), "cryptography": (43,)}  # aiosmtplib: injections before it
_OLDEST_PYTHON = (3, 11)


def database(open_store: Callable[[], Store], clock: Clock) -> Iterator[Finding]:
    """Can it be reached, is it at the newest revision, and do its clock and ours agree?"""
    try:
        store = open_store()
        migrate.check(store.engine)
    except OutreachError as error:
        yield Finding("database", "", State.FAILED, str(error))
        return
    except Exception as error:  # noqa: BLE001  # whichever driver it is: it does not answer
        said = f"it does not answer ({type(error).__name__})"
        yield Finding("database", "", State.FAILED, said, "Look at database_url, and whether it runs.")
        return
    yield Finding("database", store.engine.dialect.name, State.OK, "reached, at the newest revision")
    if store.is_sqlite:
        yield _sqlite()
    else:
        yield _clocks(store, clock)


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= _SAFE_WAL:
        return Finding("database", "sqlite", State.OK, f"library {sqlite3.sqlite_version}, write-ahead log")
    said = f"library {sqlite3.sqlite_version}: the slower rollback journal is used, because its log may corrupt"
    return Finding("database", "sqlite", State.OK, said)


def _clocks(store: Store, clock: Clock) -> Finding:
    with store.read() as connection:
        theirs: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return _apart("the database's", theirs, clock.now())


def _apart(whose: str, theirs: datetime, ours: datetime) -> Finding:
    apart = abs(theirs - ours)
    if apart <= _CLOCKS_APART:
        return Finding("clock", "", State.OK, f"{whose} clock agrees")
    said = f"{whose} clock and this machine's are {apart.total_seconds():.0f} s apart"
    return Finding("clock", "", State.FAILED, said, "Switch time synchronisation (NTP) on.")


def queue(broker_url: str | None, ping: Callable[[str], None]) -> Finding:
    if broker_url is None:
        return Finding("queue", "in process", State.OK, "no broker is used")
    scheme = split_url(broker_url).scheme
    try:
        ping(broker_url)
    except Exception as error:  # noqa: BLE001  # whichever client it is: nobody answers there
        said = f"it does not answer ({type(error).__name__}); work is found more slowly without it"
        return Finding("queue", scheme, State.FAILED, said, "Look at broker_url, and whether it runs.")
    return Finding("queue", scheme, State.OK, "reached")


def disk(root: Path, usage: Callable[[Path], Any] = shutil.disk_usage) -> Finding:
    free = usage(root).free
    said = f"{free / 1024**3:.1f} GB free"
    if free < _TOO_LITTLE:
        return Finding("disk", str(root), State.FAILED, said, "Make room: nothing can be stored without.")
    return Finding("disk", str(root), State.WARNING if free < _LITTLE else State.OK, said)


def versions() -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    is_new = sys.version_info[:2] >= _OLDEST_PYTHON
    yield Finding("versions", "python", State.OK if is_new else State.FAILED, python)
    for name, oldest in _OLDEST.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            yield Finding("versions", name, State.FAILED, "not installed", f"Run: pip install {name}")
            continue
        numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
        needed = ".".join(map(str, oldest))
        state = State.OK if numbers >= oldest else State.FAILED
        yield Finding("versions", name, state, found, "" if state is State.OK else f"At least {needed} is needed.")


def webhooks(settings: Settings, http: httpx.Client, clock: Clock) -> Iterator[Finding]:
    """Is the web reached under its public address, and with the clock of the world?"""
    url = settings.public_url.rstrip("/")
    if is_loopback(split_url(url).hostname or ""):
        said = "public_url is this machine: nobody outside can opt out or tell us anything"
        yield Finding("webhooks", url, State.WARNING, said, "Write the address under which it is reached.")
        return
    if split_url(url).scheme != "https":
        said = "one-click opt-out needs https (RFC 8058)"
        yield Finding("webhooks", url, State.WARNING, said, "Put a proxy with TLS in front, and write https://.")
    try:
        answer = http.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        said = f"it is not reached ({type(error).__name__})"
        yield Finding("webhooks", url, State.FAILED, said, "Is outreach web running, and does the proxy lead there?")
        return
    if answer.status_code != 200 or answer.text.strip() != "ok":
        said = f"something else answers there ({answer.status_code})"
        yield Finding("webhooks", url, State.FAILED, said, "Let the proxy hand /webhooks/ and /u/ to outreach web.")
        return
    yield Finding("webhooks", url, State.OK, "reached")
    yield from _clock_of(answer, clock)


def _clock_of(answer: httpx.Response, clock: Clock) -> Iterator[Finding]:
    try:
        said = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return
    yield _apart("the proxy's", said.astimezone(UTC), clock.now())


def read_mailboxes(store: Store) -> Iterator[Finding]:
    """What keeps a mailbox from being read, as its reader has noted it."""
    with store.read() as connection:
        rows = mailboxes.all_of(connection)
    for row in rows:
        if row["failures"]:
            said = f"not read {row['failures']} times in a row: {row['error']}"
            yield Finding("imap", row["name"], State.FAILED, said, "Its login is tried below.")
