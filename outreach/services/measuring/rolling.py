"""Keeps packed days of what measures are made from (`store/rollup_rows.py`), so that counting reads no lead by itself.

Only large lists are rolled: smaller ones are read live at once. A round of the scheduler finds the days that are not
what they were, and packs those anew:

- the last two days, because things come in late;
- days whose number of rows is another than then: what was erased, or came in later still. A touch that was sent longer
  ago than we knew may be the one that something later belongs to, so days of the same leads are packed as well;
- days on which leads came in that were changed since, and on which touches were sent to leads somebody answered for,
  told the class of an answer of, assigned a delivery to, or merged;
- and the oldest few, so that every day is packed anew about once a day whatever happened to it.

Rows are found by the instant they were written at, so a round looks back `_SLACK` behind the one before: who began to
write before that round and committed after it is found by the next. Everything of a round is read in one snapshot and
kept in one transaction, with the instant of the snapshot, which is the instant that reports then name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection

from outreach.content.configuration import ReportSettings
from outreach.services.measuring.source import LARGE, version_of
from outreach.services.sending.engine import Engine
from outreach.store import rollups
from outreach.store.columns import Array, pack
from outreach.store.measures import Question
from outreach.store.numbers import Numbers
from outreach.store.rollup_rows import KINDS, TOUCHES, read
from outreach.store.rollups import Day, Mark

log = structlog.get_logger()

_LEAST_REST = timedelta(minutes=1)
_REST = 30  # times as long as the round before took: three percent of a core
_LATE = 2  # days
_SLACK = timedelta(minutes=10)
_STALE = timedelta(days=1)
_STALE_AT_ONCE = 20
_AT_ONCE = timedelta(seconds=10)  # of packing for the first time, between two transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """What a round did: how many days were packed, and whether everything is as of its instant now."""

    days: int
    is_complete: bool


def roll(engine: Engine, reports: ReportSettings, *, large: int = LARGE) -> Rolled | None:
    """One round, if its time has come; None: there was nothing to do."""
    with engine.store.read() as connection:
        noted, is_large = rollups.state(connection), rollups.is_large(connection, large)
    if not is_large:
        if noted:
            engine.store.write(rollups.forget)
        return None
    if noted.get("version") != version_of(reports):
        engine.store.write(rollups.forget)
        noted = {}
    if _rests(noted, engine.clock.now()):
        return None
    return _round(engine, reports, noted)


def _rests(noted: Mapping[str, Any], now: datetime) -> bool:
    if not noted.get("as_of"):
        return False
    rest = max(_LEAST_REST, timedelta(seconds=noted["took"]) * _REST)
    return now < datetime.fromisoformat(noted["as_of"]) + rest


def _round(engine: Engine, reports: ReportSettings, noted: Mapping[str, Any]) -> Rolled:
    """Read in one snapshot what changed.

    The first rounds pack the days that were never packed, as far as their time goes, and end without an instant. The
    last of them packs what changed meanwhile, in one go: after a large import that is every day, and rounds that were
    cut short there would begin again and again.
    """
    now, begun = engine.clock.now(), engine.clock.monotonic()
    packed: dict[Day, dict[str, Any]] = {}
    with rollups.snapshot(engine.store) as connection:
        seen, known = rollups.seen(connection), rollups.known(connection)
        marked = rollups.mark(connection)
        numbers = _Numbering(connection)

        def pack_all(days: Sequence[Day], *, until: float | None = None) -> bool:
            for each in days:
                packed[each] = _packed(connection, reports, each, seen=seen[each], now=now, numbers=numbers)
                if until is not None and engine.clock.monotonic() >= until:
                    break
            return all(each in packed for each in days)

        end = None if noted.get("as_of") else begun + _AT_ONCE.total_seconds()
        is_complete = pack_all(_missing(seen, known), until=end)
        if is_complete:
            changed = _changed(connection, noted, now, seen=seen, known=known)
            pack_all([each for each in changed if each not in packed])
    took = engine.clock.monotonic() - begun
    state = {"version": version_of(reports), "since": noted.get("since") or now.isoformat(), **_marks(noted)}
    if is_complete:
        state |= {"as_of": now.isoformat(), "since": now.isoformat(), "took": took, **asdict(marked)}
    gone = [each for each in known if each not in seen]
    rows = [*packed.values(), *numbers.rows(now)]
    engine.store.write(lambda connection: rollups.write(connection, rows, gone=gone, noted=state))
    log.info("days_packed", days=len(packed), seconds=round(took, 2), is_complete=is_complete)
    return Rolled(days=len(packed), is_complete=is_complete)


def _missing(seen: Mapping[Day, int], known: Mapping[Day, rollups.Known]) -> list[Day]:
    """Days that were never packed, the newest first."""
    return sorted((each for each in seen if each not in known), key=lambda each: (-each[1], each[0]))


def _marks(noted: Mapping[str, Any]) -> dict[str, Any]:
    return {name: noted[name] for name in ("as_of", "took", "event", "audit") if name in noted}


def _changed(
    connection: Connection,
    noted: Mapping[str, Any],
    now: datetime,
    *,
    seen: Mapping[Day, int],
    known: Mapping[Day, rollups.Known],
) -> list[Day]:
    """The days to pack, the newest first."""
    found = {each for each, number in seen.items() if each not in known or known[each].seen != number}
    late = rollups.day_of(now) - _LATE + 1
    found |= {each for each in seen if each[1] >= late}
    grown = [each[1] for each in found & set(known) if each[0] == TOUCHES.name and seen[each] > known[each].seen]
    found |= _spread(rollups.days_of_late_touches(connection, (day for day in grown if day < late)))
    stale = sorted((day for day in known if known[day].rolled_at <= now - _STALE), key=lambda day: known[day].rolled_at)
    found |= set(stale[:_STALE_AT_ONCE])
    if noted.get("since"):
        found |= _told(connection, noted)
    return sorted(found & set(seen), key=lambda each: (-each[1], each[0]))


def _told(connection: Connection, noted: Mapping[str, Any]) -> set[Day]:
    """Days that something written since the last round belongs to."""
    since = datetime.fromisoformat(noted["since"]) - _SLACK
    after = Mark(max(0, noted.get("event", 0) - 10_000), max(0, noted.get("audit", 0) - 10_000))
    days = {
        "leads": rollups.days_of_changed_leads(connection, since),
        "touches": rollups.days_of_news(connection, since, after=after),
    }
    return _spread(days) | _spread(rollups.days_of_merged_leads(connection, since))


def _spread(days: Mapping[str, set[int]]) -> set[Day]:
    return {(name, day) for name, found in days.items() for day in found}


class _Numbering:
    """The numbers of leads and of enrollments, as they are in this transaction and with those that are new."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sorts: dict[str, Numbers] = {}

    def of(self, sort: str, ids: Sequence[str]) -> Array:
        if sort not in self._sorts:
            self._sorts[sort] = Numbers(rollups.numbers(self._connection, sort))
        return self._sorts[sort].of(ids)

    def rows(self, now: datetime) -> list[dict[str, Any]]:
        return [
            rollups.block(sort, number, content, now)
            for sort, numbers in self._sorts.items()
            for number, content in numbers.changed()
        ]


def _packed(
    connection: Connection,
    reports: ReportSettings,
    day: Day,
    *,
    seen: int,
    now: datetime,
    numbers: _Numbering,
) -> dict[str, Any]:
    kind, number = KINDS[day[0]], day[1]
    asked = Question(
        start_at=rollups.start_of(number),
        end_at=rollups.start_of(number + 1),
        segment=reports.segment,
        proposals=reports.proposal_stages,
    )
    content = pack(kind.sorts, read(connection, kind, asked), numbers.of)
    return {"kind": kind.name, "day": number, "seen": seen, "rolled_at": now, "content": content}
