"""Reports that take long to read are kept: a page shows the one of some minutes ago instead of waiting.

Only what took longer than `SLOW` is kept, so a list of usual size always shows the present instant. What is shown is
exactly what was measured at the instant the report names (`Report.at`): nothing is added up from parts. The scheduler
reads kept reports anew, and the usual periods with them, as long as somebody asks for any.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from outreach.content.configuration import ReportSettings
from outreach.domain import period as periods
from outreach.domain.goal import Goal
from outreach.domain.measure import Dimension
from outreach.domain.period import Period
from outreach.services.measuring.kpis import Cut
from outreach.services.measuring.report import Report, Wish, live_report
from outreach.services.sending.engine import Engine
from outreach.services.watching.status import zone_of_the_team
from outreach.store import kept_reports as store_kept

SLOW = timedelta(milliseconds=500)
LONGEST = timedelta(minutes=30)
"""An older report is not shown: it is read while the page waits."""
RENEWED_AFTER = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(days=7)
_NOTED = timedelta(hours=1)  # that a report was asked for is written down no more often
_ROUND = timedelta(seconds=45)  # of reading anew in one go

_PARSERS: tuple[Callable[..., Period], ...] = (periods.parse_week, periods.parse_month, periods.parse_quarter)


def report(engine: Engine, reports: ReportSettings, wish: Wish) -> Report:
    """A kept report that is young enough, else a fresh one, which is kept if it took long."""
    now, key = engine.clock.now(), _key(engine, reports, wish)
    with engine.store.read() as connection:
        row = store_kept.find(connection, key)
    if row is None or row["made_at"] <= now - LONGEST:
        return _read(engine, reports, wish, asked_at=now)
    if row["asked_at"] <= now - _NOTED:
        engine.store.write(lambda connection: store_kept.note_asked(connection, key, now))
    return from_json(row["content"])


def renew(engine: Engine, reports: ReportSettings, goals: Sequence[Goal]) -> int:
    """Read old ones and the usual ones anew, as far as a round goes; how many."""
    now = engine.clock.now()
    with engine.store.read() as connection:
        if not store_kept.is_any(connection):
            return 0
    engine.store.write(lambda connection: store_kept.forget(connection, asked_before=now - FORGOTTEN_AFTER))
    end, number = engine.clock.monotonic() + _ROUND.total_seconds(), 0
    for wish in _due(engine, reports, goals, now):
        _read(engine, reports, wish, asked_at=now)
        number += 1
        if engine.clock.monotonic() >= end:
            break
    return number


def _due(engine: Engine, reports: ReportSettings, goals: Sequence[Goal], now: datetime) -> Iterator[Wish]:
    """What is old, then what of the usual is missing. One that was made under other settings is not made again."""
    with engine.store.read() as connection:
        rows = store_kept.older_than(connection, now - RENEWED_AFTER)
        if not store_kept.is_any(connection):
            return
    for row in rows:
        wish = replace(_wish_of(row["wish"]), goals=goals)
        if _key(engine, reports, wish) == row["key"]:
            yield wish
        else:
            _drop(engine, row["key"])
    for period in _usual(engine, now):
        wish = Wish(period=period, goals=goals)
        with engine.store.read() as connection:
            known = store_kept.find(connection, _key(engine, reports, wish))
        if known is None:
            yield wish


def _drop(engine: Engine, key: str) -> None:
    engine.store.write(lambda connection: store_kept.drop(connection, key))


def _usual(engine: Engine, now: datetime) -> Iterator[Period]:
    """This week, month and quarter, and the last ones."""
    zone = zone_of_the_team(engine)
    today = now.astimezone(ZoneInfo(zone)).date()
    for which in ("this", "last"):
        yield from (parse(which, today=today, zone=zone) for parse in _PARSERS)


def _read(engine: Engine, reports: ReportSettings, wish: Wish, *, asked_at: datetime) -> Report:
    begun = engine.clock.monotonic()
    found = live_report(engine, reports, wish)
    if engine.clock.monotonic() - begun >= SLOW.total_seconds():
        row = {
            "key": _key(engine, reports, wish),
            "wish": _written(wish),
            "content": to_json(found),
            "made_at": found.at,
            "asked_at": asked_at,
        }
        engine.store.write(lambda connection: store_kept.keep(connection, row))
    return found


def _key(engine: Engine, reports: ReportSettings, wish: Wish) -> str:
    """The same for the same question under the same settings."""
    parts = (_written(wish), repr(tuple(wish.goals)), repr(reports), repr(sorted(engine.pipelines.items())))
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _written(wish: Wish) -> dict[str, Any]:
    period = {"first": wish.period.first.isoformat(), "last": wish.period.last.isoformat()}
    cut = {"by": wish.cut.by, "only": [list(pair) for pair in wish.cut.only]}
    return {**period, "zone": wish.period.zone, "label": wish.period.label, **cut}


def _wish_of(written: Mapping[str, Any]) -> Wish:
    first, last = (date.fromisoformat(written[name]) for name in ("first", "last"))
    only = tuple((Dimension(name), value) for name, value in written["only"])
    by = Dimension(written["by"]) if written["by"] else None
    return Wish(period=Period(first, last, written["zone"], written["label"]), cut=Cut(by=by, only=only))


@lru_cache(maxsize=1)
def _shape() -> Any:
    return TypeAdapter(Report)


def to_json(found: Report) -> dict[str, Any]:
    """The report as JSON values, to be read again by `from_json`."""
    written: dict[str, Any] = _shape().dump_python(found, mode="json")
    for name in ("sent", "answered"):
        hours = getattr(found.hours, name)
        written["hours"][name] = [[day, hour, number] for (day, hour), number in sorted(hours.items())]
    return written


def from_json(written: Mapping[str, Any]) -> Report:
    """The report that was written by `to_json`."""
    hours = {
        name: {(day, hour): number for day, hour, number in written["hours"][name]} for name in ("sent", "answered")
    }
    read: Report = _shape().validate_python({**written, "hours": hours})
    return read
