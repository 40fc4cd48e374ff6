"""Why did this lead (not) get that message: the same rules as sending, asked of everything that is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from outreach.content.render_errors import RenderError
from outreach.domain import window
from outreach.domain.action import needs_address
from outreach.domain.enrollment import EnrollmentState
from outreach.domain.planner import Finish, LookAgain, PlanTouch
from outreach.domain.quota import Allowance
from outreach.domain.rules import RULES, Block
from outreach.domain.rules import explain as ask_the_rules
from outreach.domain.sequence import (
    EnrollStep,
    IfStep,
    SplitStep,
    Step,
    StopStep,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)
from outreach.domain.sequence import Sequence as Path
from outreach.domain.touch import OPEN, TouchState
from outreach.errors import ConfigError, UsageError
from outreach.services.pipeline.explain_score import ScoreView, explain_score
from outreach.services.sending.advance import plan
from outreach.services.sending.batch import prepare
from outreach.services.sending.claim import allowed_now
from outreach.services.sending.claim_turns import refusal_now, turn_now
from outreach.services.sending.days_off import day_off
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_for, holidays_of, zone_of
from outreach.services.sending.moves import Planned
from outreach.services.sending.standings import Subject, standings, subject_of
from outreach.services.watching.history import Entry, history
from outreach.services.watching.plain import plain
from outreach.store import enrollments, lead_rows, paths, stops
from outreach.store.tables import enrollments as enrollment_table
from outreach.store.tables import revisions

_SAYS = {rule.__name__: (rule.__doc__ or "").strip() for rule in RULES} | {
    "only_when_due": "The plan's own time: waits, jitter, and what holds a touch back until something changes.",
    "not_on_a_day_off": "The days on which the sender sends nothing.",
    "only_within_the_allowance": "The sender's caps, ramp and gap for this action.",
    "only_within_the_recipients_caps": "What one person, one company and one domain gets from all senders.",
    "only_in_its_turn": "Where more is due than the sender may do: by ratio, shares, score and age.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule says. `until`: when it is asked again; None with `blocks`: when something changes."""

    rule: str
    says: str  # what the rule is about
    blocks: bool
    because: str = ""
    until: datetime | None = None
    is_final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchView:
    """A touch that is planned or under way, and what stands between it and the wire."""

    touch_id: str
    step: str
    action: str
    variant: str | None  # None: the step has one text only
    sender: str
    state: str
    recipient: str | None
    due_at: datetime | None
    opens_at: datetime | None  # the first instant inside the window, from now on
    closes_at: datetime | None
    verdicts: tuple[Verdict, ...]

    @property
    def blocked_by(self) -> Verdict | None:
        return next((verdict for verdict in self.verdicts if verdict.blocks), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrollmentView:
    """One enrollment. `next` is what comes first, in words; `after` is what follows that."""

    enrollment_id: str
    sequence: str
    revision: int
    state: str
    reason: str | None
    detail: str | None
    sender: str
    zone: str
    entered_at: datetime
    finished_at: datetime | None
    step: str | None
    stands: str
    look_again_at: datetime | None
    snoozed_until: datetime | None
    touch: TouchView | None
    verdicts: tuple[Verdict, ...]
    next: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything about one lead that decides whether and when something goes out."""

    at: datetime
    lead_id: str
    name: str
    addresses: tuple[str, ...]
    status: str
    pipeline: str
    stage: str
    enrollments: tuple[EnrollmentView, ...]
    history: tuple[Entry, ...]
    score: ScoreView

    def to_json(self) -> Any:
        return plain(self)


def explain_lead(engine: Engine, lead_id: str) -> Explanation:
    """Raises UsageError when there is no such lead. Reads only."""
    with engine.store.read() as connection:
        rows = lead_rows.load(connection, [lead_id])
        if not rows:
            raise UsageError(f"there is no lead '{lead_id}'. See them: outreach leads list")
        return _explanation(connection, engine, rows[0], engine.clock.now())


def _explanation(connection: Connection, engine: Engine, lead: RowMapping, now: datetime) -> Explanation:
    lead_id = lead["leads_id"]
    own = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    statement = select(enrollment_table.c.id).where(enrollment_table.c.lead_id == lead_id)
    ids = list(connection.execute(statement.order_by(enrollment_table.c.id)).scalars())
    rows = {row["enrollments_id"]: row for row in enrollments.load(connection, ids)} if ids else {}
    touches = paths.touches_of(connection, ids) if ids else {}
    return Explanation(
        at=now,
        lead_id=lead_id,
        name=" ".join(part for part in (lead["leads_first_name"], lead["leads_last_name"]) if part),
        addresses=tuple(f"{row['kind']}:{row['value']}{' (dead)' if row['is_dead'] else ''}" for row in own),
        status=lead["leads_status"],
        pipeline=lead["leads_pipeline"],
        stage=lead["leads_stage"],
        enrollments=tuple(_enrollment(connection, engine, rows[each], touches.get(each, []), now) for each in ids),
        history=tuple(history(connection, lead_id)),
        score=explain_score(connection, engine, lead, now),
    )


def _enrollment(
    connection: Connection, engine: Engine, row: RowMapping, touches: Sequence[RowMapping], now: datetime
) -> EnrollmentView:
    revision = engine.revisions.get(connection, row["enrollments_revision_id"])
    is_over = row["enrollments_state"] == EnrollmentState.FINISHED
    open_touch = next((touch for touch in touches if touch["state"] in OPEN), None)
    touch: TouchView | None = None
    verdicts: tuple[Verdict, ...] = ()
    coming, after = "nothing: it is finished", ""
    if open_touch is not None and not is_over:
        touch = _touch(connection, engine, open_touch, row, now)
        verdicts, coming = touch.verdicts, _coming(touch)
        after = _after_touch(revision.sequence, open_touch["step"])
    elif not is_over:
        item = plan(connection, engine, [row["enrollments_id"]], now)[0]
        verdicts = _path_verdicts(connection, item, now)
        coming, after = _outcome(item, now)
    return EnrollmentView(
        enrollment_id=row["enrollments_id"],
        sequence=row["enrollments_sequence"],
        revision=_number(connection, row["enrollments_revision_id"]),
        state=row["enrollments_state"],
        reason=row["enrollments_reason"],
        detail=row["enrollments_detail"],
        sender=row["enrollments_sender"],
        zone=row["enrollments_zone"],
        entered_at=row["enrollments_entered_at"],
        finished_at=row["enrollments_finished_at"],
        step=row["enrollments_cursor"],
        stands=describe(revision.sequence, row["enrollments_cursor"]),
        look_again_at=row["enrollments_due_at"],
        snoozed_until=row["enrollments_snoozed_until"],
        touch=touch,
        verdicts=verdicts,
        next=coming,
        after=after,
    )


def _number(connection: Connection, revision_id: str) -> int:
    number: int = connection.execute(select(revisions.c.number).where(revisions.c.id == revision_id)).scalar_one()
    return number


def _touch(connection: Connection, engine: Engine, touch: RowMapping, row: RowMapping, now: datetime) -> TouchView:
    revision = engine.revisions.get(connection, touch["revision_id"])
    schedule = revision.sequence.schedule
    zone = zone_of(schedule, row, engine.sender(touch["sender"]))
    opening = window.next_open(schedule, zone, now, is_holiday=holidays_of(schedule, row["leads_country"]))
    return TouchView(
        touch_id=touch["id"],
        step=touch["step"],
        action=touch["action"],
        variant=touch["variant"],
        sender=touch["sender"],
        state=touch["state"],
        recipient=touch["recipient"],
        due_at=touch["due_at"],
        opens_at=opening.opens_at,
        closes_at=opening.closes_at,
        verdicts=_touch_verdicts(connection, engine, touch, opening, now)
        + _queue_verdicts(connection, engine, touch, row["enrollments_company_id"], now),
    )


def _touch_verdicts(
    connection: Connection, engine: Engine, touch: RowMapping, opening: window.Opening, now: datetime
) -> tuple[Verdict, ...]:
    """As a claim asks, then as the worker asks: its time, the rules with the finished text, the sender's allowance."""
    asked = [_verdict("only_when_due", _not_due(touch, now))]
    subject, unreadable = _subject(connection, engine, touch, now)
    if subject is not None:
        within = replace(subject, opens_at=opening.opens_at, closes_at=opening.closes_at)
        standing = standings(connection, [within])[subject.touch_id]
        asked += [_verdict(name, block) for name, block in ask_the_rules(standing, now)]
    if unreadable:
        asked.append(_verdict("only_with_every_value", Block(unreadable)))
    return tuple(asked)


def _queue_verdicts(
    connection: Connection, engine: Engine, touch: RowMapping, company_id: str | None, now: datetime
) -> tuple[Verdict, ...]:
    """As a claim asks of everything that waits for the same sender."""
    if touch["state"] != TouchState.PLANNED:
        return ()
    sender = engine.sender(touch["sender"])
    allowed = allowed_now(connection, sender, touch["action"], now)
    return (
        _verdict("not_on_a_day_off", day_off(sender, now)),
        _verdict("only_within_the_allowance", _used_up(allowed)),
        _verdict("only_within_the_recipients_caps", refusal_now(connection, engine, touch, company_id, now)),
        _verdict("only_in_its_turn", turn_now(connection, sender, touch, allowed, now)),
    )


def _subject(connection: Connection, engine: Engine, touch: RowMapping, now: datetime) -> tuple[Subject | None, str]:
    """What sending would look at; the reason where the text cannot be made at all."""
    try:
        return prepare(connection, engine, [touch["id"]], now)[0].subject, ""
    except (RenderError, ConfigError, LookupError) as error:
        return None, f"the message cannot be made: {error}"


def _not_due(touch: RowMapping, now: datetime) -> Block | None:
    if touch["state"] == TouchState.UNKNOWN:
        return Block("unknown: it may have gone out; a person decides (outreach unknown list)")
    if touch["state"] != TouchState.PLANNED:
        return None
    if touch["due_at"] is None:
        return Block(touch["block"] or "blocked until something changes")
    return Block(touch["block"] or "its time has not come", until=touch["due_at"]) if touch["due_at"] > now else None


def _used_up(allowed: Allowance) -> Block | None:
    return Block(allowed.because, until=allowed.wait_until) if allowed.count == 0 else None


def _verdict(rule: str, block: Block | None) -> Verdict:
    if block is None:
        return Verdict(rule=rule, says=_SAYS[rule], blocks=False)
    return Verdict(
        rule=rule,
        says=_SAYS[rule],
        blocks=True,
        because=block.because,
        until=block.until,
        is_final=block.is_final,
    )


def _path_verdicts(connection: Connection, item: Planned, now: datetime) -> tuple[Verdict, ...]:
    """Between two touches: the rules as they would answer for what the plan comes to next."""
    row, outcome = item.row, item.move.outcome
    step = outcome.step if isinstance(outcome, PlanTouch) else None
    address = address_for(step.channel, item.addresses) if step else None
    anybody = "a person" if step and not needs_address(step.channel) else ""
    touch: Mapping[str, Any] = {
        "id": row["enrollments_id"],
        "claim_id": None,
        "leads_company_id": row["leads_company_id"],
        "enrollment_id": row["enrollments_id"],
        "lead_id": row["enrollments_lead_id"],
        "sequence": row["enrollments_sequence"],
        "sender": row["enrollments_sender"],
        "action": step.action if step else "email",
        "closes_at": None,
    }
    subject = subject_of(touch, item.addresses, recipient=address["value"] if address else anybody)
    standing = standings(connection, [subject])[row["enrollments_id"]]
    about_the_text = () if isinstance(outcome, PlanTouch) else ("only_with_an_address",)
    return tuple(_verdict(name, block) for name, block in ask_the_rules(standing, now) if name not in about_the_text)


def _coming(touch: TouchView) -> str:
    variant = f", variant {touch.variant}" if touch.variant else ""
    what = f"{touch.action} (step {touch.step}{variant}) by {touch.sender}"
    block = touch.blocked_by
    if block is None:
        return f"{what}: nothing stands against it; it goes with the next batch"
    until = f" until {block.until.isoformat(timespec='minutes')}" if block.until else ""
    return f"{what}: {'never' if block.is_final else 'waits'}, {block.because}{until}"


def _outcome(item: Planned, now: datetime) -> tuple[str, str]:
    outcome, path = item.move.outcome, item.sequence
    match outcome:
        case PlanTouch():
            at = outcome.due_at.isoformat(timespec="minutes")
            what = f"{outcome.step.action} (step {outcome.step.id}{_variant(path, outcome)})"
            return f"{what} is planned for {at}", describe(path, outcome.step.then, coming=True)
        case LookAgain():
            at = outcome.at.isoformat(timespec="minutes")
            stands = describe(path, item.move.cursor)
            return f"{stands}; looked at again at {at if outcome.at > now else 'once'}", _after(path, item.move.cursor)
        case Finish():
            return f"it finishes: {outcome.reason} {outcome.detail}".strip(), ""


def _variant(path: Path, plan: PlanTouch) -> str:
    if plan.variant is None:
        return ""
    why = "which has won" if plan.step.id in path.winners else "by the hash of lead and step"
    return f", variant {plan.variant}, {why}"


def _after_touch(path: Path, step_id: str) -> str:
    step = path.steps.get(step_id)
    return describe(path, step.then, coming=True) if isinstance(step, TouchStep) else ""


def _after(path: Path, step_id: str | None) -> str:
    step = path.steps.get(step_id) if step_id else None
    match step:
        case TouchStep() | WaitStep() | WriteStep():
            return describe(path, step.then, coming=True)
        case WaitForStep():
            happened, missed = describe(path, step.happened, coming=True), describe(path, step.missed, coming=True)
            return happened if happened == missed else f"{happened} if it happens, else {missed}"
        case IfStep():
            return f"{describe(path, step.yes, coming=True)} if so, else {describe(path, step.no, coming=True)}"
        case SplitStep():
            return ", ".join(f"{share.name}: {describe(path, share.first, coming=True)}" for share in step.shares)
        case _:
            return ""


def describe(path: Path, step_id: str | None, *, coming: bool = False) -> str:
    """A step in words: `email intro`, `waits 3 days`, `the end`."""
    step: Step | None = path.steps.get(step_id) if step_id else None
    match step:
        case None:
            return "the end" if coming else "at the end"
        case TouchStep():
            return f"{step.action} {step.id}" if coming else f"at {step.action} {step.id}"
        case WaitStep():
            jitter = f" and up to {step.jitter}" if step.jitter else ""
            return f"wait {step.wait}{jitter}" if coming else f"waits {step.wait}{jitter}"
        case WaitForStep():
            return f"wait{'' if coming else 's'} for {step.event}, at most {step.at_most}"
        case IfStep():
            return f"a branch: {step.expression}"
        case SplitStep():
            return f"a split: {', '.join(f'{share.name} {share.weight}' for share in step.shares)}"
        case WriteStep():
            return str(step)
        case EnrollStep():
            return f"goes on in {step.sequence}{f' after {step.at_least}' if step.at_least else ''}"
        case StopStep():
            return f"stop: {step.reason}"
