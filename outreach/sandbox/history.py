"""`outreach demo --history`: half a year that never was, so that reports and pages have something to show.

Everything is made from a seed, belongs to nobody and is marked: tags and fields of leads, addresses on one domain of
example.com that is suppressed, a fact that every report reads. No enrollment is open, so nothing is ever sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from outreach.app import App
from outreach.content.revision import freeze
from outreach.content.workspace import load
from outreach.domain.pipeline import Status
from outreach.domain.quota import jitter_share
from outreach.errors import UsageError
from outreach.sandbox import history_people as people
from outreach.sandbox.history_story import SEQUENCES, Life, Story, tell
from outreach.services.watching.status import zone_of_the_team
from outreach.store import sample_data

DAYS = 182
LEADS = 900
DOMAIN = "people.example.com"
SEED = 1

_NOWHERE = {
    "DEMO_PUBLIC_URL": "http://127.0.0.1",
    "DEMO_SMTP_URL": "smtp://127.0.0.1",
    "DEMO_UNIPILE_URL": "http://127.0.0.1",
}
_STAGES = {
    *("prospect", "qualified", "contacted", "responded", "meeting_booked"),
    *("proposal", "negotiation", "won", "lost", "nurture"),
}

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was put into the database."""

    leads: int
    touches: int
    events: int
    first: datetime
    last: datetime


@dataclass(slots=True)
class _Book:
    """Rows of every table, with ids that follow from the seed."""

    seed: int
    zone: ZoneInfo
    now: datetime
    senders: Sequence[str]
    revisions: Mapping[str, str]
    rows: Rows = field(default_factory=lambda: defaultdict(list))

    def id(self, *parts: object) -> str:
        said = ".".join(map(str, (self.seed, *parts)))
        return "sample" + blake2b(said.encode(), digest_size=9).hexdigest()

    def share(self, *parts: object) -> float:
        return jitter_share(".".join(map(str, (self.seed, *parts))))


def fill(app: App, *, seed: int = SEED, number: int = LEADS) -> Made:
    """Put the history into the workspace's database.

    Raises UsageError where there are leads already: made-up numbers and real ones must not mix.
    """
    engine, now = app.engine, app.clock.now()
    present = {stage.name for stage in engine.pipelines["default"].stages} if "default" in engine.pipelines else set()
    if missing := sorted(_STAGES - present):
        raise UsageError(f"the history needs the pipeline 'default' as it ships; it lacks {', '.join(missing)}.")
    rows = make(
        seed=seed,
        now=now,
        zone=zone_of_the_team(engine),
        senders=sorted(engine.senders),
        revisions=_revisions(),
        number=number,
    )
    with app.store.begin() as connection:
        if sample_data.is_sample(connection):
            raise UsageError("the sample history is in this database already.")
        if sample_data.has_leads(connection):
            remedy = "Make a workspace for it: outreach init DIR"
            raise UsageError(f"this database has leads, and made-up numbers must not mix with real ones. {remedy}")
        sample_data.put(connection, rows)
        sample_data.mark(connection, seed=seed, now=now)
    return Made(
        leads=len(rows["leads"]),
        touches=len(rows["touches"]),
        events=len(rows["events"]),
        first=min(row["created_at"] for row in rows["leads"]),
        last=now,
    )


def _revisions() -> dict[str, dict[str, Any]]:
    """The sample sequence of the demo, under both names."""
    shipped = load(Path(__file__).with_name("workspace"), _NOWHERE, needs_secrets=False)
    known = shipped.sequences["first-contact"]
    named = {name: replace(known, name=name) for name in SEQUENCES}
    workspace = replace(shipped, sequences=named)
    return {name: freeze(workspace, name) for name in named}


def make(
    *, seed: int, now: datetime, zone: str, senders: Sequence[str], revisions: Mapping[str, dict[str, Any]], number: int
) -> Rows:
    """The rows of `number` leads and what happened to them in the half-year before `now`, by table.

    `revisions` are the contents of the sequences they were in, by name.
    """
    ids = {name: blake2b(f"{seed}.{name}".encode(), digest_size=12).hexdigest() for name in revisions}
    book = _Book(seed, ZoneInfo(zone), now, tuple(senders) or ("anna", "deniz"), ids)
    for name, content in revisions.items():
        row = {"id": ids[name], "sequence": name, "number": 1, "hash": content["hash"], "content": content}
        book.rows["revisions"].append({**row, "created_at": _start(book)})
        applied = {"name": name, "revision_id": ids[name], "applied_at": _start(book)}
        book.rows["sequences"].append(applied)  # so that their pages are there
    reason = {"scope": "domain", "value": DOMAIN, "reason": "by_hand", "detail": "sample data", "by": "sample data"}
    book.rows["suppressions"].append({"id": book.id("suppression"), **reason, "created_at": now})
    for position in range(max(1, number // 3)):
        _company(book, position)
    for position in range(number):
        _lead(book, position, number)
    return dict(book.rows)


def _start(book: _Book) -> datetime:
    return book.now - timedelta(days=DAYS)


def _company(book: _Book, number: int) -> None:
    name = people.company_name(book.share("company", number), number)
    row = {"id": book.id("company", number), "name": name, "domain": f"company-{number}.example.com"}
    size = int(20 + 900 * book.share("size", number) ** 2)
    book.rows["companies"].append({**row, "fields": {"size": size}, "created_at": _start(book)})


def _lead(book: _Book, number: int, of: int) -> None:
    """One lead and its life. Later weeks bring more leads than earlier ones."""
    lead_id = book.id("lead", number)
    came = (number + book.share("came", number)) / of
    born = _in_working_hours(book, _start(book) + timedelta(days=DAYS) * came**0.75, ("born", number))
    life = Life(
        lead_id=lead_id,
        born=born,
        now=book.now,
        sender=book.senders[number % len(book.senders)],
        share=lambda *parts: book.share(number, *parts),
        office=lambda at, *parts: _in_working_hours(book, at, (number, *parts)),
        segment=people.choose(people.SEGMENTS, book.share("segment", number)),
        source=people.choose(people.SOURCES, book.share("source", number)),
        has_linkedin=book.share("linkedin", number) < 0.55,
    )
    story = tell(life)
    _write_lead(book, number, life, story)
    _write_story(book, life, story)


def _write_lead(book: _Book, number: int, life: Life, story: Story) -> None:
    first, last = people.name_of(book.share("first", number), book.share("last", number))
    fields = {"segment": life.segment, "sample_data": "yes", **({"value": str(story.value)} if story.value else {})}
    book.rows["leads"].append(
        {
            "id": life.lead_id,
            "company_id": book.id("company", int(book.share("at", number) * max(1, LEADS // 3)) % _companies(book)),
            "first_name": first,
            "last_name": last,
            "title": people.choose(people.TITLES, book.share("title", number)),
            "language": "en",
            "timezone": book.zone.key,
            "country": people.choose(people.COUNTRIES, book.share("country", number)),
            "owner": life.sender,
            "source": life.source,
            "status": story.status,
            "pipeline": "default",
            "stage": story.stage,
            "stage_since_at": story.stage_since_at,
            "score": int(60 * book.share("score", number)) + (30 if story.status == Status.RESPONDED else 0),
            "tags": ["sample data"],
            "fields": fields,
            "created_at": life.born,
            "updated_at": story.stage_since_at,
        }
    )
    kinds = [("email", f"lead-{number}@{DOMAIN}")]
    if life.has_linkedin:
        kinds.append(("linkedin", f"https://www.linkedin.com/in/sample-data-{number}"))
    for kind, value in kinds:
        row = {"id": book.id(kind, number), "lead_id": life.lead_id, "kind": kind, "value": value}
        book.rows["addresses"].append({**row, "is_dead": story.status == Status.BOUNCED, "created_at": life.born})


def _companies(book: _Book) -> int:
    return len(book.rows["companies"])


def _write_story(book: _Book, life: Life, story: Story) -> None:
    enrollment_id = book.id("enrollment", life.lead_id)
    if story.sequence:
        book.rows["enrollments"].append(
            {
                "id": enrollment_id,
                "lead_id": life.lead_id,
                "sequence": story.sequence,
                "revision_id": book.revisions[story.sequence],
                "sender": life.sender,
                "state": "finished",
                "reason": story.ended_by,
                "cursor_at": story.entered_at,
                "zone": book.zone.key,
                "entered_at": story.entered_at,
                "finished_at": story.finished_at,
            }
        )
    _write_touches(book, life, story, enrollment_id)
    for number, move in enumerate(story.moves):
        row = {"id": book.id("move", life.lead_id, number), "lead_id": life.lead_id, "pipeline": "default"}
        told = {"from_stage": move.before, "to_stage": move.stage, "reason": move.reason, "at": move.at}
        book.rows["stage_moves"].append({**row, **told, "by": life.sender})
    _write_events(book, life, story, enrollment_id)


def _write_touches(book: _Book, life: Life, story: Story, enrollment_id: str) -> None:
    for number, touch in enumerate(story.touches):
        touch_id = book.id("touch", life.lead_id, touch.step)
        book.rows["touches"].append(
            {
                "id": touch_id,
                "enrollment_id": enrollment_id,
                "lead_id": life.lead_id,
                "sequence": story.sequence,
                "revision_id": book.revisions[story.sequence],
                "step": touch.step,
                "action": touch.action,
                "channel": touch.action.partition(".")[0],
                "variant": touch.variant,
                "sender": life.sender,
                "state": "sent",
                "is_first": number == 0,
                "wanted_at": touch.at,
                "attempts": 1,
                "crossed": False,
                "handed_over_at": touch.at,
                "sent_at": touch.at,
                "finished_at": touch.at,
            }
        )
        if touch.action == "task":
            row = {"id": book.id("task", touch_id), "touch_id": touch_id, "lead_id": life.lead_id}
            done = {"kind": "call", "assignee": life.sender, "state": "done", "outcome": "reached"}
            book.rows["tasks"].append({**row, **done, "created_at": touch.at, "finished_at": touch.at})


def _write_events(book: _Book, life: Life, story: Story, enrollment_id: str) -> None:
    for number, event in enumerate(story.events):
        key = f"sample-data:{book.seed}:{life.lead_id}:{number}"
        row = {"key": key, "kind": event.kind, "channel": event.channel, "at": event.at, "lead_id": life.lead_id}
        touch_id = book.id("touch", life.lead_id, event.step) if event.step else None
        about: dict[str, Any] = {
            "enrollment_id": enrollment_id if event.step else None,
            "touch_id": touch_id,
            "data": {},
        }
        book.rows["events"].append({**row, **about, "text": event.text, "created_at": event.at})
        if event.reply_class:
            answer = {"key": key, "reply_class": event.reply_class, "suggested": event.reply_class}
            book.rows["replies"].append({**answer, "suggested_by": "rules", "evidence": []})


def _in_working_hours(book: _Book, at: datetime, key: Iterable[object]) -> datetime:
    """The next time people work, never before `at`: mornings and afternoons more than noon."""
    hour = int(people.choose(people.HOURS, book.share("hour", *key)))
    minute, second = int(60 * book.share("minute", *key)), int(60 * book.share("second", *key))
    local = at.astimezone(book.zone)
    found = local.replace(hour=hour, minute=minute, second=second, microsecond=0)
    while found < local or found.weekday() > 4:
        found += timedelta(days=1)
    return found.astimezone(UTC)
