"""Who may enter a sequence: one answer for `enroll` and `simulate`, from rows alone, without a database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.content import calendars
from outreach.content.expression_syntax import Path as KeyPath
from outreach.content.expressions import compile_expression, evaluate
from outreach.content.operations import Absent, reach
from outreach.content.revision import Revision
from outreach.content.templates import Template, compiled
from outreach.content.waits import read_moment
from outreach.domain import mail_provider
from outreach.domain.pipeline import Status
from outreach.domain.quota import jitter_share
from outreach.domain.sender import Sender
from outreach.domain.sequence import RelativeTo, TouchStep, WaitStep, WriteStep
from outreach.domain.sequence import Sequence as Path
from outreach.domain.verdict import Verdict
from outreach.services.sending.facts import address_for, lead_context
from outreach.store.paths import Row

SENDERS_ZONE = "the sender's"
"""How a zone was found that nothing of the lead tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """What is the same for every lead of one enrolling."""

    revision: Revision
    senders: tuple[Sender, ...]
    templates: tuple[tuple[str, Template], ...]  # (step, template), variants included
    channels: frozenset[str]
    where: str | None
    dates: tuple[tuple[str, str], ...] = ()  # (step, name of a date) that waits count from
    needed: frozenset[KeyPath] = frozenset()  # what any of the templates cannot be written without


def entrance_of(revision: Revision, senders: Sequence[Sender], *, where: str | None = None) -> Entrance:
    """The entrance of a sequence; `senders` are those it names, in its order."""
    touch_steps = [step for step in revision.sequence.steps.values() if isinstance(step, TouchStep)]
    templates = tuple(
        (step.id, compiled(name, revision.templates))
        for step in touch_steps
        for name in filter(None, (step.template, *step.variants.values()))
    )
    return Entrance(
        revision=revision,
        senders=tuple(senders),
        templates=templates,
        needed=frozenset(path for _, template in templates for path in template.needed),
        channels=frozenset(step.channel for step in touch_steps) - {"task"},
        where=where,
        dates=_dates_needed(revision.sequence),
    )


def _dates_needed(sequence: Path) -> tuple[tuple[str, str], ...]:
    """Dates a lead must have before it enters; those that the sequence writes itself come later."""
    steps = sequence.steps.values()
    own = {f"lead.{name}" for step in steps if isinstance(step, WriteStep) for name in step.values}
    waits = [
        (step.id, step.wait.value) for step in steps if isinstance(step, WaitStep) and isinstance(step.wait, RelativeTo)
    ]
    return tuple((step, name) for step, name in waits if name.replace(".fields.", ".") not in own)


def refusal(entrance: Entrance, lead: Row, addresses: Collection[Row], now: datetime) -> str | None:
    """Why this lead may not enter, by what is known of the lead alone; None: it may."""
    enter = entrance.revision.sequence.enter
    if lead["leads_status"] == Status.DO_NOT_CONTACT or (
        lead["leads_status"] == Status.CUSTOMER and not enter.customers
    ):
        return f"status {lead['leads_status']}"
    mailbox = address_for("email", addresses)
    if mailbox is None and ("email" in entrance.channels or enter.verified):
        return "no e-mail address"
    if enter.verified and mailbox and mailbox["verdict"] != Verdict.VALID:
        return f"e-mail address {mailbox['verdict'] or 'not verified'}"
    context = lead_context(lead, addresses, sender_for(entrance, lead, addresses), now)
    if entrance.where and not evaluate(entrance.where, context):
        return "not selected by --where"
    if enter.when and not evaluate(enter.when, context):
        return "enter.when is not true"
    return _missing(entrance, context)


def _missing(entrance: Entrance, context: dict[str, object]) -> str | None:
    lacks_something = any(isinstance(reach(context, path, ""), Absent) for path in entrance.needed)
    for step, template in entrance.templates if lacks_something else ():
        missing = template.missing(context)
        if missing:
            return f"missing {missing[0].rpartition('.')[2]} (step {step})"
    for step, name in entrance.dates:
        if read_moment(compile_expression(name)(context)) is None:
            return f"missing {name.rpartition('.')[2]} (step {step})"
    return None


class Room:
    """How many people of a company may still enter. `inside` counts those who are, by company."""

    def __init__(self, entrance: Entrance, inside: Mapping[str, int]) -> None:
        self._most = entrance.revision.sequence.enter.per_company
        self._inside: Counter[str] = Counter(inside)

    def refusal(self, company_id: str | None) -> str | None:
        """Why the next one of that company may not enter; None: there is room, and it is taken."""
        if self._most is None or company_id is None:
            return None
        if self._inside[company_id] >= self._most:
            return f"{self._most} people of that company are inside"
        self._inside[company_id] += 1
        return None

    def leave(self, company_id: str | None) -> None:
        """One of that company has finished."""
        if self._most is not None and company_id is not None:
            self._inside[company_id] -= 1


def sender_for(entrance: Entrance, lead: Row, addresses: Collection[Row]) -> Sender:
    """Chosen by a hash of the lead: stable, and evenly spread; with `match_provider` first among those that match."""
    senders = entrance.senders
    if entrance.revision.sequence.match_provider:
        mailbox = address_for("email", addresses)
        provider = mail_provider.of_lead(mailbox["value"] if mailbox else "", lead["leads_fields"])
        senders = tuple(each for each in senders if provider and each.mail_provider == provider) or senders
    return senders[int(jitter_share(f"{lead['leads_id']}.sender") * len(senders))]


def zone_for(entrance: Entrance, lead: Row, addresses: Collection[Row]) -> tuple[str, str]:
    """The lead's own zone, else its country's or phone's, else the sender's; and how it was found."""
    phone = address_for("phone", addresses)
    zone = calendars.zone_of(lead["leads_timezone"], lead["leads_country"], phone["value"] if phone else None)
    return zone or (sender_for(entrance, lead, addresses).zone, SENDERS_ZONE)
