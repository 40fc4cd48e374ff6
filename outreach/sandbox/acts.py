"""What simulated people do, each by a real call: answer, be away, bounce, opt out, accept, or do a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from outreach.app import App
from outreach.sandbox.mail_server import Mail
from outreach.sandbox.providers import Providers
from outreach.sandbox.unipile_server import Done, UnipileServer
from outreach.services.hearing import find
from outreach.services.people import tasks
from outreach.services.people.note import write_note
from outreach.services.pipeline.stage import Wish, move_by_hand
from outreach.services.watching.explain import Explanation, explain_lead

WRONG_SECRET = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCE="  # noqa: S105  # sample data: not ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something a person notices: a mail, an invitation, a message, a task. `what` reads `mail 1`, `task call`, …"""

    what: str
    email: str
    at: datetime
    mail: Mail | None = None
    done: Done | None = None
    task_id: str = ""


@dataclass(slots=True, kw_only=True)
class World:
    """What acts work on, and what they leave for the verification."""

    app: App
    providers: Providers
    unipile: UnipileServer
    stopped_at: dict[str, datetime] = field(default_factory=dict)  # e-mail → when our 2xx to their stop was given
    away: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    last_mail: dict[str, Mail] = field(default_factory=dict)
    explained: Explanation | None = None
    surprises: list[str] = field(default_factory=list)

    def expect(self, answer: httpx.Response, status: int, what: str) -> None:
        """Remember an answer that is not the documented one."""
        if answer.status_code != status:
            self.surprises.append(f"{what}: answered {answer.status_code} instead of {status}: {answer.text[:120]}")

    def stop(self, email: str) -> None:
        self.stopped_at.setdefault(email, self.app.clock.now())


Act = Callable[[World, Happening], str]
"""Does it, and says in a few words what was done."""


def answers(text: str) -> Act:
    """By the generic webhook, signed."""

    def act(world: World, on: Happening) -> str:
        world.expect(world.providers.reply(_mail(world, on), text), 202, f"reply of {on.email}")
        world.stop(on.email)
        return f"answers: {text}"

    return act


def answers_twice(text: str) -> Act:
    """The same delivery comes a second time, as providers do when an answer of ours was lost."""

    def act(world: World, on: Happening) -> str:
        webhook_id = world.providers.fresh_id("msg")
        first = world.providers.reply(_mail(world, on), text, webhook_id=webhook_id)
        world.stop(on.email)
        again = world.providers.reply(_mail(world, on), text, webhook_id=webhook_id)
        world.expect(first, 202, f"reply of {on.email}")
        world.expect(again, 202, f"the same reply of {on.email} again")
        if first.text != again.text:
            world.surprises.append(f"a repeated delivery of {on.email} got another id")
        return f"answers, delivered twice: {text}"

    return act


def answers_above_a_quote(text: str) -> Act:
    """By Postmark's inbound webhook, with our mail quoted below."""

    def act(world: World, on: Happening) -> str:
        mail = _mail(world, on)
        quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
        body = f"{text}\n\nOn Mon, 2 Mar 2026 at 10:00, {mail.sender} wrote:\n{quoted}\n"
        world.expect(world.providers.inbound(mail, body), 200, f"mail of {on.email}")
        world.stop(on.email)
        return f"answers above our quoted mail: {text}"

    return act


def writes(text: str, *, does: str) -> Act:
    """A plain mail by Postmark's inbound webhook that ends the sequence."""

    def act(world: World, on: Happening) -> str:
        world.expect(world.providers.inbound(_mail(world, on), text), 200, f"mail of {on.email}")
        world.stop(on.email)
        return f"{does}: {text}"

    return act


def is_away(days: int, text: str, subject: str) -> Act:
    """An automatic answer that names the day of return, `{day}` in the text."""

    def act(world: World, on: Happening) -> str:
        now = world.app.clock.now()
        back = (now + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        body = text.format(day=f"{back:%d.%m.%Y}", date=f"{back.day} {back:%B %Y}")
        headers = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"}
        answer = world.providers.inbound(_mail(world, on), body, subject=subject, headers=headers)
        world.expect(answer, 200, f"out of office of {on.email}")
        world.away[on.email] = (now, back - timedelta(hours=12))
        return f"is out of office until {back:%d %b}"

    return act


def hard_bounce(world: World, on: Happening) -> str:
    details = "smtp;550 5.1.1 The email account that you tried to reach does not exist"
    world.expect(world.providers.bounced(_mail(world, on), "HardBounce", details), 200, f"bounce of {on.email}")
    world.stop(on.email)
    return "mail comes back: there is no such mailbox"


def soft_bounce(world: World, on: Happening) -> str:
    details = "smtp;452 4.2.2 The recipient's mailbox is full"
    world.expect(world.providers.bounced(_mail(world, on), "SoftBounce", details), 200, f"bounce of {on.email}")
    return "mail comes back: mailbox full (soft)"


def complains(world: World, on: Happening) -> str:
    world.expect(world.providers.bounced(_mail(world, on), "SpamComplaint", ""), 200, f"complaint of {on.email}")
    world.stop(on.email)
    return "presses “this is spam”"


def opts_out_by_one_click(world: World, on: Happening) -> str:
    world.expect(world.providers.one_click(_mail(world, on)), 200, f"one-click opt-out of {on.email}")
    world.stop(on.email)
    return "opts out with one click in the mail program"


def opts_out_on_the_page(world: World, on: Happening) -> str:
    world.expect(world.providers.opt_out_page(_mail(world, on)), 200, f"opt-out page of {on.email}")
    world.stop(on.email)
    return "opens the opt-out page and presses the button"


def opens(world: World, on: Happening) -> str:
    world.expect(world.providers.opened(_mail(world, on)), 200, f"opening by {on.email}")
    return "opens the mail"


def is_impersonated(world: World, on: Happening) -> str:
    """A forged reply: one answer for every refusal, and nothing may change by it."""
    answer = world.providers.reply(_mail(world, on), "Please call me.", secret=WRONG_SECRET)
    world.expect(answer, 401, f"forged reply of {on.email}")
    return f"a forged answer is refused with {answer.status_code}"


def accepts(world: World, on: Happening) -> str:
    member = world.unipile.accept(_done(on).member.slug)
    world.expect(world.providers.relation(member), 200, f"new relation of {on.email}")
    return "accepts the invitation"


def answers_on_linkedin(text: str) -> Act:
    def act(world: World, on: Happening) -> str:
        account = world.unipile.account_user_id
        answer = world.providers.chat(_done(on).member, text, account_user_id=account)
        world.expect(answer, 200, f"LinkedIn message of {on.email}")
        world.stop(on.email)
        return f"writes on LinkedIn: {text}"

    return act


def is_asked_about(world: World, on: Happening) -> str:
    """Somebody wonders why this lead hears nothing: `outreach explain`."""
    world.explained = explain_lead(world.app.engine, find.lead(world.app.engine, on.email))
    return "hears nothing; somebody asks why (see below)"


def our_copy_comes_back(world: World, on: Happening) -> str:
    """Own messages are delivered like answers; taking one for an answer would stop the sequence."""
    answer = world.providers.own_chat(_done(on), account_user_id=world.unipile.account_user_id)
    world.expect(answer, 200, f"our own LinkedIn message to {on.email}")
    return ""


def is_delivered(world: World, on: Happening) -> str:
    world.expect(world.providers.delivered(_mail(world, on)), 200, f"delivery to {on.email}")
    return ""


def task_is_done(outcome: str) -> Act:
    """A colleague ticks the task off."""

    def act(world: World, on: Happening) -> str:
        task = tasks.one(world.app.engine, on.task_id)
        if task.state != tasks.OPEN:
            return ""
        tasks.done(world.app.engine, on.task_id, outcome=outcome, by=task.assignee or "anna")
        return f"task done ({task.kind}): {outcome}"

    return act


def is_won(value: str) -> Act:
    """A colleague moves the lead by hand; the note goes to the CRM."""

    def act(world: World, on: Happening) -> str:
        lead_id = find.lead(world.app.engine, on.email)
        write_note(world.app.engine, lead_id, f"Signed after the call, {value} EUR a year.", by="anna")
        wish = Wish(stage="won", by="anna", reason="signed after the call", values={"value": value})
        move_by_hand(world.app.engine, lead_id, wish)
        world.stop(on.email)
        return f"is moved to won by hand, {value} EUR"

    return act


def colleague_is_parked(email: str) -> Act:
    """Whoever stopped because a colleague answered waits for a person; here the person parks the lead."""

    def act(world: World, on: Happening) -> str:
        wish = Wish(stage="nurture", by="anna", reason="a colleague talks to us")
        move_by_hand(world.app.engine, find.lead(world.app.engine, email), wish)
        world.stop(email)
        return f"talks to us, so {email.partition('@')[0]} is parked by hand"

    return act


def _mail(world: World, on: Happening) -> Mail:
    """The mail this is about, else the last one the person had."""
    return on.mail or world.last_mail[on.email]


def _done(on: Happening) -> Done:
    assert on.done is not None
    return on.done
