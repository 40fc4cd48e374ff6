"""Commands to look at messages: preview, send-test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import opened
from outreach.cli.terminal import AsJson, print_json

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.services.sequences.preview import Preview

Lead = Annotated[str | None, typer.Option(metavar="LEAD", help="For whom: an id or any address; default: the newest.")]


def add_to(program: typer.Typer) -> None:
    program.command("preview")(preview)
    program.command("send-test")(send_test)


def preview(
    context: typer.Context,
    sequence: Annotated[str, typer.Argument(metavar="SEQUENCE")],
    *,
    lead: Lead = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page with every message.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Show that page in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every message of a sequence as it would go out to one lead, from the files as they are now."""
    from outreach.services.sequences.preview_page import page_of

    with opened(context) as app:
        pages = _pages(app, sequence, lead)
    if html or show:
        _show(html or Path(f"{sequence}-preview.html"), page_of(sequence, pages), show=show)
    elif as_json:
        print_json([_json(each) for each in pages])
    else:
        for each in pages:
            _print(each)


def send_test(
    context: typer.Context,
    step: Annotated[str, typer.Argument(metavar="STEP", help="SEQUENCE/STEP, or STEP if only one sequence has it.")],
    *,
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Your own address.")],
    lead: Lead = None,
) -> None:
    """Send one e-mail of a sequence to yourself, marked as a test; nothing of it is stored."""
    import asyncio

    from outreach.content.addresses import normalise
    from outreach.services.sequences.preview import as_test

    with opened(context) as app:
        sequence, step_id = _which(app, step)
        page = next(each for each in _pages(app, sequence, lead) if each.step == step_id)
        message = as_test(page, normalise("email", to))
        reply = asyncio.run(_send(app, page.sender, message))
    print(f"Sent step {step_id} of {sequence} to {message.to} as {page.sender}: {reply}")


async def _send(app: App, sender: str, message: object) -> str:
    from outreach.channel import Message
    from outreach.errors import UsageError

    assert isinstance(message, Message)
    channel = app.channel_of(sender, "email")
    if channel is None:
        raise UsageError(f"sender {sender} has no mailbox. Add `email:` to it in config/senders.yaml.")
    try:
        return (await channel.send(message, last_look=_go)).reply or "accepted"
    finally:
        await app.close_network()


async def _go() -> None:
    """Nothing stands against a message to oneself."""


def _pages(app: App, sequence: str, lead: str | None) -> list[Preview]:
    from outreach.content.revision import freeze, thaw
    from outreach.content.suggestions import did_you_mean
    from outreach.errors import UsageError
    from outreach.services.hearing import find
    from outreach.services.people.find_leads import Wanted, find_leads
    from outreach.services.sequences.preview import preview as previewed

    if sequence not in app.workspace.sequences:
        raise UsageError(f"there is no sequence '{sequence}'. {did_you_mean(sequence, app.workspace.sequences)}")
    revision = thaw(freeze(app.workspace, sequence))
    if lead is None:
        newest = find_leads(app.engine, Wanted(size=1)).rows
        if not newest:
            raise UsageError("there is no lead to write to yet. Import one: outreach leads import FILE")
        return previewed(app.engine, revision, newest[0].id)
    return previewed(app.engine, revision, find.lead(app.engine, lead))


def _which(app: App, step: str) -> tuple[str, str]:
    from outreach.errors import UsageError
    from outreach.services.sequences.preview import steps_of

    name, _, step_id = step.rpartition("/")
    mails = [
        (sequence.name, each.id)
        for sequence in app.workspace.sequences.values()
        for each in steps_of(sequence)
        if each.action == "email"
    ]
    found = [pair for pair in mails if pair[1] == step_id and name in ("", pair[0])]
    if len(found) == 1:
        return found[0]
    listed = ", ".join("/".join(pair) for pair in found or mails)
    raise UsageError(f"'{step}' is {'not one e-mail step' if found else 'no e-mail step'}. Write one of: {listed}.")


def _show(path: Path, page: str, *, show: bool) -> None:
    path.write_text(page, encoding="utf-8")
    print(f"Written: {path}")
    if show:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _print(page: Preview) -> None:
    message = page.message
    variant = f" · variant {page.variant}" if page.variant else ""
    print(f"── {page.step} · {message.action}{variant} · by {page.sender} ".ljust(78, "─"))
    if page.problem:
        print(f"Cannot go out: {page.problem}")
    print(f"To: {message.to or 'a person'}")
    if message.subject:
        print(f"Subject: {message.subject}")
    print(f"\n{message.text}\n" if message.text else "")


def _json(page: Preview) -> dict[str, object]:
    message = page.message
    return {
        "step": page.step,
        "action": message.action,
        "variant": page.variant,
        "template": page.template,
        "sender": page.sender,
        "to": message.to,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        "problem": page.problem,
    }
