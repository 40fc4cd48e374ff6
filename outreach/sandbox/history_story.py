"""One made-up lead's life: qualified or not, written to or held out, answering or silent, won, lost or put aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from outreach.domain.enrollment import FinishReason
from outreach.domain.event import EventKind
from outreach.domain.pipeline import Status
from outreach.domain.reply import ReplyClass
from outreach.sandbox.history_people import choose

SEQUENCES = ("first-contact", "after-the-webinar")
_HELD_OUT = 0.12

_WARMTH = {"webinar": 1.3, "website form": 1.6, "trade fair": 1.1, "referral": 2.1, "list import": 0.6}
_FIT = {"banks": 1.0, "insurers": 0.8, "fintech": 1.25, "asset managers": 0.7}
_PACE = {"banks": 1.5, "insurers": 1.3, "fintech": 0.7, "asset managers": 1.1}
_WORTH = {"banks": 42_000, "insurers": 30_000, "fintech": 14_000, "asset managers": 24_000}
_STEPS = (("intro", "email", 0), ("connect", "linkedin.invite", 2), ("bump", "email", 5), ("call", "task", 9))
_LAST_STEP = ("goodbye", "email", 13)
_CLASSES: Mapping[str, float] = {
    ReplyClass.INTERESTED: 0.3,
    ReplyClass.MEETING: 0.12,
    ReplyClass.REFERRAL: 0.05,
    ReplyClass.QUESTION: 0.15,
    ReplyClass.OBJECTION: 0.1,
    ReplyClass.NOT_INTERESTED: 0.18,
    ReplyClass.NOT_NOW: 0.1,
}
_POSITIVE = (ReplyClass.INTERESTED, ReplyClass.MEETING, ReplyClass.REFERRAL, ReplyClass.QUESTION)
_LOST: Mapping[str, float] = {
    "price": 0.35,
    "went with a competitor": 0.25,
    "no budget this year": 0.3,
    "no answer": 0.1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What a lead is before anything happens. `share` gives the same number for the same words."""

    lead_id: str
    born: datetime
    now: datetime
    sender: str
    share: Callable[..., float]
    office: Callable[..., datetime]
    segment: str
    source: str
    has_linkedin: bool

    @property
    def warmth(self) -> float:
        return _WARMTH[self.source] * _FIT[self.segment]


@dataclass(frozen=True, slots=True)
class Touched:
    step: str
    action: str
    at: datetime
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    kind: EventKind
    at: datetime
    step: str = ""
    channel: str = "email"
    text: str = ""
    reply_class: ReplyClass | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    before: str
    stage: str
    reason: str
    at: datetime


@dataclass(slots=True)
class Story:
    """What happened, up to the present; nothing in it lies in the future."""

    stage: str
    stage_since_at: datetime
    until: datetime
    status: Status = Status.NEW
    sequence: str = ""
    entered_at: datetime | None = None
    finished_at: datetime | None = None
    ended_by: FinishReason | None = None
    value: int = 0
    touches: list[Touched] = field(default_factory=list)
    events: list[Happened] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)

    def move(self, stage: str, at: datetime, reason: str) -> bool:
        """To another stage, unless that is still to come."""
        if at > self.until:
            return False
        self.moves.append(Moved(self.stage, stage, reason, at))
        self.stage, self.stage_since_at = stage, at
        return True

    def tell(self, event: Happened) -> bool:
        if event.at > self.until:
            return False
        self.events.append(event)
        return True


def tell(life: Life) -> Story:
    """The whole story."""
    story = Story(stage="prospect", stage_since_at=life.born, until=life.now)
    begins = life.born
    if life.share("qualified") < 0.72:
        begins = life.office(life.born + timedelta(days=1 + 4 * life.share("days to qualify")), "qualify")
        if not story.move("qualified", begins, "fits the profile"):
            return story
    if life.share("enrolled") < 0.88:
        _enroll(life, story, begins)
    return story


def _enroll(life: Life, story: Story, begins: datetime) -> None:
    at = life.office(begins + timedelta(days=3 * life.share("days to enroll")), "enroll")
    if at > life.now:
        return
    story.sequence = SEQUENCES[1] if life.source == "webinar" else SEQUENCES[0]
    story.entered_at = story.finished_at = at
    if life.share("held out") < _HELD_OUT:
        story.ended_by = FinishReason.HELD_OUT
        if life.share("by itself") < 0.03 * life.warmth:
            _meet(life, story, at + timedelta(days=12), "")
        return
    story.ended_by, story.status = FinishReason.COMPLETED, Status.IN_SEQUENCE
    _write_to(life, story, at)


def _write_to(life: Life, story: Story, at: datetime) -> None:
    """Step by step, until something ends it."""
    when = at
    for step, action, days in (*_STEPS, _LAST_STEP):
        if action == "linkedin.invite" and not life.has_linkedin:
            continue
        when = life.office(at + timedelta(days=days * 7 / 5), step)
        if when > life.now:
            story.status = Status.NEW  # nothing more will go out: it is sample data
            return
        variant = ("main" if life.share("variant") < 0.5 else "story") if step == "intro" else None
        story.touches.append(Touched(step, action, when, variant))
        story.finished_at = when
        if step == "intro":
            story.move("contacted", when, f"sequence {story.sequence}")
        if _ends(life, story, story.touches[-1]):
            return
    story.status = Status.NEW
    story.move("nurture", when + timedelta(days=5), f"no reply in sequence {story.sequence}")


def _ends(life: Life, story: Story, touch: Touched) -> bool:
    """What follows one touch; does it end the sequence?"""
    if touch.action == "email" and _mail_news(life, story, touch):
        return True
    if touch.action == "linkedin.invite" and life.share("accepts") < 0.34 * life.warmth:
        story.tell(Happened(EventKind.ACCEPTED, touch.at + timedelta(hours=30), touch.step, "linkedin"))
    chance = 0.055 * life.warmth * (1.45 if touch.variant == "story" else 1.0)
    chance *= {"call": 1.4, "goodbye": 0.6}.get(touch.step, 1.0)
    if life.share("replies to", touch.step) >= chance:
        return False
    return _reply(life, story, touch)


def _mail_news(life: Life, story: Story, touch: Touched) -> bool:
    at, share = touch.at, life.share
    if touch.step == "intro" and share("bounces") < 0.024:
        story.tell(Happened(EventKind.BOUNCED, at + timedelta(minutes=2), touch.step))
        story.status, story.ended_by = Status.BOUNCED, FinishReason.BOUNCED
        return True
    if share("opens", touch.step) < 0.42:
        story.tell(Happened(EventKind.OPENED, at + timedelta(hours=20 * share("open", touch.step)), touch.step))
    if share("clicks", touch.step) < 0.05 * life.warmth:
        story.tell(Happened(EventKind.CLICKED, at + timedelta(hours=21), touch.step))
    if share("is away", touch.step) < 0.04:
        story.tell(Happened(EventKind.AUTORESPONDED, at + timedelta(minutes=1), touch.step))
    if share("opts out", touch.step) < 0.007:
        said = Happened(EventKind.UNSUBSCRIBED, at + timedelta(hours=5), touch.step, reply_class=ReplyClass.OPT_OUT)
        story.status, story.ended_by = Status.DO_NOT_CONTACT, FinishReason.UNSUBSCRIBED
        return story.tell(said)
    if share("complains", touch.step) < 0.0006:
        story.status, story.ended_by = Status.DO_NOT_CONTACT, FinishReason.COMPLAINED
        return story.tell(Happened(EventKind.COMPLAINED, at + timedelta(hours=8), touch.step))
    return False


def _reply(life: Life, story: Story, touch: Touched) -> bool:
    hours = 1 + 70 * life.share("takes", touch.step) ** 2
    at = life.office(touch.at + timedelta(hours=hours), "reply", touch.step)
    at = max(at, touch.at + timedelta(minutes=25))
    meant = ReplyClass(choose(_CLASSES, life.share("means")))
    channel = "email" if touch.action in ("email", "task") else "linkedin"
    said = Happened(EventKind.REPLIED, at, touch.step, channel, "Sample data: an answer.", meant)
    if not story.tell(said):
        return True
    story.status, story.ended_by, story.finished_at = Status.RESPONDED, FinishReason.REPLIED, at
    story.move("responded", at, "reply")
    if meant in _POSITIVE and life.share("meets") < 0.62:
        _meet(life, story, at, touch.step)
    elif meant is ReplyClass.NOT_INTERESTED:
        story.status = Status.NOT_INTERESTED
        story.move("lost", at + timedelta(days=1), "not interested")
    elif meant is ReplyClass.NOT_NOW:
        story.move("nurture", at + timedelta(days=1), "not now")
    return True


def _meet(life: Life, story: Story, at: datetime, step: str) -> None:
    """A meeting, and what may come of it."""
    pace = _PACE[life.segment]
    booked = life.office(at + timedelta(days=1 + 4 * life.share("days to book")), "book")
    if not story.tell(Happened(EventKind.BOOKED, booked, step, "other")):
        return
    story.status = Status.RESPONDED
    story.move("meeting_booked", booked, "meeting booked")
    met = life.office(booked + timedelta(days=pace * (3 + 9 * life.share("days to meet"))), "meet")
    if life.share("goes on") >= 0.68:
        story.move("lost", met, choose(_LOST, life.share("why", 1)))
        return
    if not story.move("proposal", met, "asked for an offer"):
        return
    story.value = int(_WORTH[life.segment] * (0.5 + 1.1 * life.share("worth")) / 100) * 100
    _close(life, story, met, pace)


def _close(life: Life, story: Story, at: datetime, pace: float) -> None:
    decided = life.office(at + timedelta(days=pace * (6 + 20 * life.share("days to decide"))), "decide")
    if life.share("negotiates") < 0.6:
        if not story.move("negotiation", at + (decided - at) / 2, "terms"):
            return
        if life.share("offers again") < 0.3 and decided - at > timedelta(days=8):
            story.move("proposal", at + (decided - at) * 3 / 4, "a smaller package")
    if life.share("wins") >= 0.52:
        story.move("lost", decided, choose(_LOST, life.share("why", 2)))
    elif story.move("won", decided, "signed"):
        story.status = Status.CUSTOMER
