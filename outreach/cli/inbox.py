"""Commands about answers: read them, say what one means, say whom one is from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.moments import moment
from outreach.cli.terminal import AsJson, print_json, print_table, when
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.services.hearing.inbox import Answer, Inbox, Nearby
    from outreach.store.replies import Filter

commands = typer.Typer(help="Answers that came in: read them, assign what nobody was found for.")
reply = typer.Typer(help="What a reply means.", no_args_is_help=True)

_LONGEST_TEXT = 300


def add_to(program: typer.Typer) -> None:
    program.add_typer(commands, name="inbox")
    program.add_typer(reply, name="reply")


@commands.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    *,
    classes: Annotated[
        list[str] | None, typer.Option("--class", metavar="CLASS", help="Only of this class; may be repeated.")
    ] = None,
    lead: Annotated[str | None, typer.Option(metavar="LEAD", help="Only of this lead.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only since then: 2026-03-02 or 3 days.")] = None,
    most: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only what belongs to nobody yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answers with what they mean, what nobody was found for, and what nobody could read; the newest first."""
    if context.invoked_subcommand:
        return
    from outreach.services.hearing import find
    from outreach.services.hearing import inbox as service
    from outreach.store.replies import Filter

    with opened(context) as app:
        wanted = Filter(
            classes=_classes(classes or []),
            lead_id=find.lead(app.engine, lead) if lead else None,
            since=moment(since, now=app.clock.now()) if since else None,
            most=most,
        )
        found = service.inbox(app.engine, wanted)
    if as_json:
        print_json(found.to_json())
        return
    if not unmatched:
        _print_answers(found.answers)
    if unmatched or _is_everything(wanted):
        _print_strange(found)


def _is_everything(wanted: Filter) -> bool:
    return not (wanted.classes or wanted.lead_id or wanted.since)


def _classes(names: list[str]) -> tuple[str, ...]:
    from outreach.content.suggestions import did_you_mean
    from outreach.domain.reply import ReplyClass

    known = [str(each) for each in ReplyClass]
    for name in names:
        if name not in known:
            raise UsageError(f"'{name}' is no class of replies. {did_you_mean(name, known)}".strip())
    return tuple(names)


def _print_answers(answers: tuple[Answer, ...]) -> None:
    if not answers:
        print("No answers.")
    for each in answers:
        marked = f" (marked by {each.marked_by}; suggested: {each.suggested})" if each.marked_by else ""
        print(f"{each.number}  {when(each.at)}  {each.reply_class}{marked}")
        who = ", ".join(part for part in (each.name, each.company) if part) or each.lead_id
        about = f"; answers “{each.answered or each.step}” of {each.sequence}" if each.sequence else ""
        print(f"    {who} ({each.channel}, {each.status}){about}")
        if each.evidence:
            print(f"    because of: {', '.join(f'“{words}”' for words in each.evidence)}")
        for label, value in (("until", each.until), ("names", _person(each))):
            if value:
                print(f"    {label}: {value}")
        text = " ".join(each.text.split())
        print(f"    {text[:_LONGEST_TEXT]}{'…' if len(text) > _LONGEST_TEXT else ''}\n")


def _person(answer: Answer) -> str:
    return ", ".join(value for value in (answer.person or {}).values() if value)


def _print_strange(found: Inbox) -> None:
    if found.unmatched:
        print("Nobody was found for these. If you know whom one is from: outreach inbox assign DELIVERY LEAD\n")
        heads = ("delivery", "received", "kind", "from", "subject", "perhaps")
        print_table(
            heads,
            [
                (each.delivery_id, each.at, each.kind, each.sender, each.subject, _nearby(each.suggestions))
                for each in found.unmatched
            ],
        )
    if found.unreadable:
        print("\nNobody could read these; what they may be about is held. Assign one, or: outreach inbound replay\n")
        rows = [(each.delivery_id, each.received_at, each.connection, each.error) for each in found.unreadable]
        print_table(("delivery", "received", "connection", "why"), rows)


def _nearby(suggestions: tuple[Nearby, ...]) -> str:
    return ", ".join(each.address for each in suggestions)


@commands.command("assign")
def assign(
    context: typer.Context,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `inbox` lists it.")],
    lead: Annotated[str, typer.Argument(metavar="LEAD", help="An id or any address.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say whom a delivery is about; what follows from it is done as if it had been found."""
    from outreach.services.hearing import find, mark_reply
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        done = mark_reply.assign(app.engine, delivery, find.lead(app.engine, lead), by=actor())
    print_json(plain(done)) if as_json else print(f"Assigned to {lead}: {', '.join(done.kinds)}.")


@reply.command("mark")
def mark(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="As `inbox` lists it.")],
    reply_class: Annotated[str, typer.Argument(metavar="CLASS", help="What it means: interested, not_now, …")],
    *,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="For not_now: the day, as 2026-09-01.")] = None,
    as_json: AsJson = False,
) -> None:
    """Correct what a reply means. The correction is kept, and what follows from it is done."""
    from outreach.services.hearing import mark_reply
    from outreach.services.watching.plain import plain

    day = _day(until)
    with opened(context) as app:
        marked = mark_reply.mark(app.engine, number, reply_class, by=actor(), until=day)
    if as_json:
        print_json(plain(marked))
        return
    print(f"Reply {number} is {marked.reply_class} now; it was {marked.before}.")


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise UsageError(f"--until: '{written}' is not a day. Write it as 2026-09-01.") from None
