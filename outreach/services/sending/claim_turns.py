"""Which touches a claim takes where not everything that is due may go: in turns, and within what one recipient gets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, RowMapping

from outreach.content.free_mail import is_free_mail
from outreach.domain import window
from outreach.domain.action import needs_address
from outreach.domain.quota import Allowance, mean_gap
from outreach.domain.recipients import NO_CAPS, Ledger, Ledgers, PutOff, Recipient, RecipientCaps, Whom, kinds_of
from outreach.domain.rules import Block
from outreach.domain.sender import Sender
from outreach.domain.turns import MOST_KEPT, Choice, choose
from outreach.services.sending.engine import Engine
from outreach.store import lanes, recipients, touches
from outreach.store.touches import Claim

_INSTANT = timedelta(microseconds=1)
_MANY = 200
_ROUNDS = 10
"""So often a claim looks for others in place of those whom a cap of their recipient keeps back."""


def is_chosen(engine: Engine, sender: Sender, action: str) -> bool:
    """Are touches claimed one by one, rather than whatever is due?"""
    return sender.has_limits(action) or (engine.policy.recipients != NO_CAPS and is_counted(action))


def take(
    connection: Connection, engine: Engine, sender: Sender, wanted: Claim, *, allowed: Allowance, now: datetime
) -> int:
    """Claim whose turn it is; how many. Inside the transaction that has locked the sender."""
    caps = _caps_of(engine, sender, wanted.action)
    if not caps.kinds:
        ids = _next(connection, sender, wanted, allowed=allowed, now=now)
        return len(touches.claim_these(connection, wanted, ids, now)) if ids else 0
    if caps.of_all != NO_CAPS:  # its own ones are guarded by the lock on the sender
        recipients.lock(connection)
    free: dict[str, str] = {}
    for _ in range(_ROUNDS):
        ids = _next(connection, sender, wanted, allowed=allowed, now=now)
        free = _within_caps(connection, caps, ids, now) if ids else {}
        if free or not ids:
            break
    claimed = touches.claim_these(connection, wanted, list(free), now) if free else []
    recipients.note_domains(connection, {each: free[each] for each in claimed if free[each]})
    return len(claimed)


def _next(connection: Connection, sender: Sender, wanted: Claim, *, allowed: Allowance, now: datetime) -> list[str]:
    if not sender.has_limits(wanted.action):
        return touches.due(connection, sender.name, wanted.action, now, most=wanted.most)
    choice = choice_of(connection, sender, wanted.action, allowed, most=wanted.most, now=now)
    chosen = [each.key for each in choice.now]
    if choice.room:
        # Whoever is not in a lane, or stands so far behind in one that it was not looked at: what is due the longest.
        due = touches.due(connection, sender.name, wanted.action, now, most=len(chosen) + choice.room)
        chosen += [each for each in due if each not in set(chosen)][: choice.room]
    return chosen


def choice_of(
    connection: Connection, sender: Sender, action: str, allowed: Allowance, *, most: int, now: datetime
) -> Choice:
    """Whose turn it is."""
    before, heads = now + _INSTANT, most
    if allowed.left is not None and allowed.left <= MOST_KEPT:
        before, heads = window.local_day_bounds(now, ZoneInfo(sender.zone))[1], max(most, allowed.left)
    waiting = lanes.heads(connection, sender.name, action, now=now, before=before, most=heads)
    return choose(
        waiting,
        lanes.recent(connection, sender.name, action),
        most=most,
        left=allowed.left,
        now=now,
        gap=mean_gap(sender.limits_for(action)),
        shares=sender.shares,
    )


# Caps of one person, company and domain.


def is_counted(action: str) -> bool:
    """Is it something a recipient gets? Calls and notes to the team are not."""
    return action != "task" and needs_address(action.partition(".")[0])


@dataclass(frozen=True, slots=True)
class Caps:
    """What holds for one sender's action: `of_all` counts what everybody sent, `own` only what this one did."""

    of_all: RecipientCaps
    own: RecipientCaps
    by: tuple[str, str]  # (sender, action)

    @property
    def kinds(self) -> tuple[Whom, ...]:
        return kinds_of(self.of_all, self.own)


def _caps_of(engine: Engine, sender: Sender, action: str) -> Caps:
    if not is_counted(action):
        return Caps(NO_CAPS, NO_CAPS, (sender.name, action))
    return Caps(engine.policy.recipients, sender.limits_for(action).recipients, (sender.name, action))


def _ledgers(connection: Connection, caps: Caps, asked: Collection[Recipient], now: datetime) -> Ledgers:
    used = recipients.used(connection, asked, now, kinds=caps.of_all.kinds)
    own = recipients.used(connection, asked, now, kinds=caps.own.kinds, by=caps.by)
    return Ledgers(Ledger(caps.of_all, used), Ledger(caps.own, own, by=caps.by[0]))


def recipients_of(
    kinds: Collection[Whom], *, lead_id: str, company_id: str | None, address: str | None
) -> list[Recipient]:
    """Whom a touch counts for, as far as that is capped. Domains of free mail belong to people who share nothing."""
    domain = (address or "").rpartition("@")[2].lower() if "@" in (address or "") else ""
    known = {
        Whom.PERSON: lead_id,
        Whom.COMPANY: company_id,
        Whom.DOMAIN: "" if is_free_mail(domain) else domain,
    }
    return [(whom, each) for whom in kinds if (each := known[whom])]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Touches in their order, and whom each is for."""

    recipients: Mapping[str, Sequence[Recipient]]

    @property
    def everybody(self) -> set[Recipient]:
        return {each for own in self.recipients.values() for each in own}


def _within_caps(connection: Connection, caps: Caps, touch_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Those that may go, each with its domain if that is counted; the others are put off."""
    asked = _asked(caps.kinds, recipients.candidates(connection, touch_ids), touch_ids)
    ledger = _ledgers(connection, caps, asked.everybody, now)
    free: dict[str, str] = {}
    late: list[dict[str, Any]] = []
    for touch_id, own in asked.recipients.items():
        put_off = ledger.refusal(own, now)
        if put_off is not None:
            late.append(_late_row(touch_id, put_off))
            continue
        ledger.use(own, now)
        free[touch_id] = next((value for whom, value in own if whom is Whom.DOMAIN), "")
    recipients.put_off(connection, late)
    return free


def _asked(kinds: Collection[Whom], rows: Mapping[str, RowMapping], touch_ids: Sequence[str]) -> _Asked:
    found = {each: rows[each] for each in touch_ids if each in rows}
    return _Asked(
        {
            each: recipients_of(kinds, lead_id=row["lead_id"], company_id=row["company_id"], address=_mail_address(row))
            for each, row in found.items()
        }
    )


def _mail_address(row: RowMapping) -> str | None:
    return row["recipient"] if row["channel"] == "email" else None


def _late_row(touch_id: str, put_off: PutOff) -> dict[str, Any]:
    return {"id": touch_id, "due_at": put_off.until, "closes_at": put_off.until, "block": put_off.because}


# What `explain` asks of one touch.


def refusal_now(
    connection: Connection, engine: Engine, touch: Mapping[Any, Any], company_id: str | None, now: datetime
) -> Block | None:
    """What the caps of its recipient say of one touch now."""
    caps = _caps_of(engine, engine.sender(touch["sender"]), touch["action"])
    if not caps.kinds:
        return None
    address = touch["recipient"] if touch["channel"] == "email" else None
    own = recipients_of(caps.kinds, lead_id=touch["lead_id"], company_id=company_id, address=address)
    put_off = _ledgers(connection, caps, own, now).refusal(own, now)
    return Block(put_off.because, until=put_off.until) if put_off else None


def turn_now(
    connection: Connection, sender: Sender, touch: Mapping[Any, Any], allowed: Allowance, now: datetime
) -> Block | None:
    """Others go first: as many as may go now, or those for whom the rest of the day's cap is kept."""
    is_waiting = touch["due_at"] is not None and touch["due_at"] <= now
    if not sender.has_limits(touch["action"]) or allowed.count == 0 or not is_waiting:
        return None
    most = allowed.count or _MANY
    choice = choice_of(connection, sender, touch["action"], allowed, most=most, now=now)
    if choice.room or any(each.key == touch["id"] for each in choice.now):
        return None
    return Block("others of this sender go first", until=choice.look_at or now)
