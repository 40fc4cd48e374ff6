"""Leads that a filter finds, a page at a time, in bounded time however many there are.

What of a filter's expression the database can be asked becomes SQL (`content/conditions.py`); every lead that comes
back is asked the whole expression, as `enroll` asks it. Where only the expression can tell, and where a word is so
common that an index does not help, leads are looked through in their order, at most `MOST_LOOKED_AT` for one page; the
page then says where to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_

from outreach.content.conditions import condition_of
from outreach.content.expressions import evaluate
from outreach.content.render_errors import RenderError
from outreach.content.suggestions import did_you_mean
from outreach.domain.sender import Sender
from outreach.errors import UsageError
from outreach.services.people.leads import LeadLine, lines_of
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import lead_context
from outreach.store import lead_lists, lead_rows, stops
from outreach.store.lead_conditions import EVERYBODY, Where, where
from outreach.store.lead_lists import Asked, Order, Place
from outreach.store.lead_search import search

PAGE = 50
MOST_COUNTED = 10_000
MOST_LOOKED_AT = 2_500
_BATCH = 500
_NOBODY = Sender(name="")  # an expression about leads has no sender

SORTS: Mapping[str, Order] = {
    "newest": Order("created_at", is_descending=True),
    "oldest": Order("created_at", is_descending=False),
    "score": Order("score", is_descending=True),
    "waiting": Order("stage_since_at", is_descending=False),
}
"""Name of an order → its column; each has an index. `waiting`: the longest at their stage first, of one stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which leads, in which order. `search`: words, see `store/lead_search.py`. `where`: an expression, as in
    `enroll --where`. `after`: `Found.next` of the page before."""

    asked: Asked = field(default_factory=Asked)
    search: str = ""
    where: str = ""
    sort: str = "newest"
    after: str = ""
    size: int = PAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page. `next`: where the next one begins; empty: this is the last.

    `total`: how many there are, at most MOST_COUNTED; `is_more`: there are more than that. None: nobody has counted,
    because only the expression can tell. `stopped_after`: so many were looked at without the page being full.
    """

    rows: tuple[LeadLine, ...]
    next: str
    total: int | None
    is_more: bool
    stopped_after: int | None


class WrongFilter(UsageError):
    """The expression of a filter is none."""


def find_leads(engine: Engine, wanted: Wanted) -> Found:
    """Raises WrongFilter for an expression that cannot be read, UsageError for an unknown order or place."""
    now = engine.clock.now()
    order, after = _order(wanted), _place(wanted)
    with engine.store.read() as connection:
        asking = _asking(connection, wanted, now)
        page = _page(connection, asking, order, after=after, size=wanted.size)
        total = len(page.rows) if not after and not page.next else _count(connection, asking)
        rows = tuple(lines_of(connection, page.rows))
    is_more = total is not None and total > MOST_COUNTED
    return Found(
        rows=rows,
        next=page.next,
        total=min(total, MOST_COUNTED) if total is not None else None,
        is_more=is_more,
        stopped_after=page.looked_at if page.has_stopped else None,
    )


def _order(wanted: Wanted) -> Order:
    order = SORTS.get(wanted.sort)
    if order is None:
        known = ", ".join(SORTS)
        raise UsageError(f"'{wanted.sort[:40]}' is no order. {did_you_mean(wanted.sort, SORTS)} One of: {known}.")
    if wanted.sort == "waiting" and not wanted.asked.stage:
        raise UsageError("leads are sorted by 'waiting' within a stage. Name one as well.")
    return order


def _place(wanted: Wanted) -> Place | None:
    if not wanted.after:
        return None
    written, _, lead_id = wanted.after.partition("~")
    try:
        value = int(written) if wanted.sort == "score" else datetime.fromisoformat(written)
        if not lead_id or (isinstance(value, datetime) and value.tzinfo is None):
            raise ValueError
        if isinstance(value, int) and abs(value) >= 2**31:
            raise ValueError
    except ValueError:
        raise UsageError("this page begins nowhere. Begin with the first one again.") from None
    return Place(value, lead_id)


def _place_of(row: RowMapping, order: Order) -> str:
    return _written(Place(row[order.column], row["id"]))


def _written(place: Place) -> str:
    value = place.value
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{place.lead_id}"


@dataclass(frozen=True, slots=True)
class _Asking:
    """What goes to the database, and what is asked of each lead after that."""

    asked: Asked
    expression: str
    is_exact: bool
    is_common: bool  # leads are met by going along, so far at a time and no further
    now: datetime


def _asking(connection: Connection, wanted: Wanted, now: datetime) -> _Asking:
    found = _filtering(connection, wanted.where.strip(), now)
    words = search(connection, wanted.search)
    known = [each for each in (wanted.asked.also, found.sql, words.sql if words else None) if each is not None]
    return _Asking(
        asked=replace(wanted.asked, also=and_(*known) if known else None),
        expression=wanted.where.strip(),
        is_exact=found.is_exact,
        is_common=words is not None and words.is_common,
        now=now,
    )


def _filtering(connection: Connection, expression: str, now: datetime) -> Where:
    if not expression:
        return Where(None, is_exact=True)
    try:
        return where(condition_of(expression, now), dialect=connection.dialect.name)
    except ValueError as error:
        raise WrongFilter(str(error)) from None
    except RecursionError:
        return EVERYBODY


@dataclass(slots=True)
class _Page:
    rows: Sequence[RowMapping]
    next: str
    looked_at: int
    has_stopped: bool = False


def _page(connection: Connection, asking: _Asking, order: Order, *, after: Place | None, size: int) -> _Page:
    """Batches until the page is full, nobody is left, or enough have been looked at."""
    far = max(MOST_LOOKED_AT, size)
    until = lead_lists.place_behind(connection, order, after, far) if asking.is_common else None
    kept: list[RowMapping] = []
    looked_at, most = 0, size + 1 if asking.is_exact else max(_BATCH, size + 1)
    while True:
        rows = lead_lists.page(connection, asking.asked, order, after=after, most=most, until=until)
        kept += _those(connection, asking, rows)
        looked_at += len(rows)
        if len(kept) > size:
            return _Page(kept[:size], _place_of(kept[size - 1], order), looked_at)
        if len(rows) < most:
            return _Page(kept, _written(until) if until else "", far, has_stopped=until is not None)
        after = Place(rows[-1][order.column], rows[-1]["id"])
        if looked_at >= far:
            return _Page(kept, _written(after), looked_at, has_stopped=True)
        most = _BATCH


def _those(connection: Connection, asking: _Asking, rows: Sequence[RowMapping]) -> Iterator[RowMapping]:
    if not asking.expression:
        yield from rows
        return
    ids = [row["id"] for row in rows]
    contexts = _contexts(connection, ids, asking.now)
    for row in rows:
        if row["id"] in contexts and _holds(asking.expression, contexts[row["id"]]):
            yield row


def _contexts(connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, Mapping[str, Any]]:
    own = stops.addresses_of(connection, ids)
    people = lead_rows.load(connection, ids)
    return {row["leads_id"]: lead_context(row, own.get(row["leads_id"], []), _NOBODY, now) for row in people}


def _holds(expression: str, context: Mapping[str, Any]) -> bool:
    try:
        return evaluate(expression, context)
    except RenderError as error:
        raise WrongFilter(f"The expression cannot be asked of every lead: {error}") from None


def _count(connection: Connection, asking: _Asking) -> int | None:
    is_bounded = asking.is_exact and not asking.is_common
    return lead_lists.count(connection, asking.asked, most=MOST_COUNTED + 1) if is_bounded else None
