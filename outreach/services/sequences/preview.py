"""Look at messages as they would go out, from the files as they are now; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import RowMapping

from outreach.channel import Message
from outreach.content.revision import Revision
from outreach.domain.action import needs_address
from outreach.domain.sender import Sender
from outreach.domain.sequence import IfStep, Sequence, SplitStep, TouchStep, WaitForStep
from outreach.domain.touch import TouchState, message_id, touch_key
from outreach.errors import UsageError
from outreach.services.sending.engine import Engine
from outreach.services.sending.facts import address_for, lead_context
from outreach.services.sending.messages import Letter, write_message
from outreach.store import lead_rows, stops

_ENROLLMENT = "preview"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One message of a sequence for one lead; `problem` says why it could not go out as it is."""

    step: str
    variant: str | None
    template: str | None
    sender: str
    message: Message
    problem: str | None


def preview(engine: Engine, revision: Revision, lead_id: str, *, sender: str | None = None) -> list[Preview]:
    """Every message of the sequence, variants and branches included, in the order of the path."""
    lead, addresses = _lead(engine, lead_id)
    writes_as = engine.sender(sender or revision.sequence.senders[0])
    shown: list[Preview] = []
    sent: list[dict[str, Any]] = []
    for step in steps_of(revision.sequence):
        by = engine.sender(step.sender) if step.sender else writes_as
        for variant in ("main", *sorted(step.variants)) if step.variants else (None,):
            page = _page(engine, revision, step, variant, (lead, addresses, by, sent))
            shown.append(page)
        sent.append(_as_sent(shown[-1], len(sent)))
    return shown


def steps_of(sequence: Sequence) -> Iterator[TouchStep]:
    """The touch steps in the order of the path, branches one after the other."""
    seen: set[str] = set()
    waiting = [sequence.first]
    while waiting:
        step_id = waiting.pop()
        if step_id is None or step_id in seen:
            continue
        seen.add(step_id)
        step = sequence.steps[step_id]
        if isinstance(step, TouchStep):
            yield step
        waiting.extend(reversed(_following(step)))


def _following(step: object) -> list[str | None]:
    match step:
        case IfStep():
            return [step.yes, step.no]
        case WaitForStep():
            return [step.happened, step.missed]
        case SplitStep():
            return [share.first for share in step.shares]
    return [getattr(step, "then", None)]


def _lead(engine: Engine, lead_id: str) -> tuple[RowMapping, list[RowMapping]]:
    with engine.store.read() as connection:
        found = lead_rows.load(connection, [lead_id])
        addresses = stops.addresses_of(connection, [lead_id]).get(lead_id, [])
    if not found:
        raise UsageError(f"there is no lead '{lead_id}'. See: outreach leads list")
    return found[0], addresses


_Known = tuple[RowMapping, list[RowMapping], Sender, list[dict[str, Any]]]


def _page(engine: Engine, revision: Revision, step: TouchStep, variant: str | None, known: _Known) -> Preview:
    lead, addresses, sender, sent = known
    address = address_for(step.channel, addresses)
    letter = Letter(
        touch=_touch(step, variant, lead, sender),
        step=step,
        sender=sender,
        recipient=address["value"] if address else "",
        recipient_id="",
        context=lead_context(lead, addresses, sender, engine.clock.now()),
        siblings=sent,  # rows that would be there by then
    )
    draft = write_message(engine, revision, letter)
    lacks_address = address is None and step.channel in sender.channels and needs_address(step.channel)
    problem = draft.unwritable or (f"no address for {step.channel}: the step is passed over" if lacks_address else None)
    template = step.template if variant in (None, "main") else step.variants[variant]
    return Preview(
        step=step.id, variant=variant, template=template, sender=sender.name, message=draft.message, problem=problem
    )


def _touch(step: TouchStep, variant: str | None, lead: RowMapping, sender: Sender) -> Any:
    key = touch_key(_ENROLLMENT, step.id)
    return {
        "id": _ENROLLMENT,
        "enrollment_id": _ENROLLMENT,
        "lead_id": lead["leads_id"],
        "step": step.id,
        "action": step.action,
        "channel": step.channel,
        "variant": variant,
        "message_id": message_id(key, sender.domain),
    }


def _as_sent(page: Preview, number: int) -> dict[str, Any]:
    """The row a later step of the same thread would find."""
    values: Mapping[str, Any] = {"id": f"{number:04}", "step": page.step, "state": TouchState.SENT}
    message = page.message
    kept = {"message_id": message.message_id, "subject": message.subject, "thread_id": None}
    return {**values, **kept, "action": message.action, "channel": message.action.partition(".")[0]}


def as_test(page: Preview, to: str) -> Message:
    """The same message, to one's own address, marked as a test."""
    if page.problem:
        raise UsageError(f"step {page.step} cannot be sent: {page.problem}.")
    subject = f"[test] {page.message.subject}"
    alone = replace(page.message, subject=subject, in_reply_to="", references=())
    return replace(alone, to=to, to_name="", is_test=True)
