"""Commands for messages that wait until a person has read them: review list, approve, reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, count, in_editor, print_json
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App

review = typer.Typer(help="Messages that wait until a person has read them.", invoke_without_command=True)

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Messages, as `review list` names them.")]
OfSequence = Annotated[str | None, typer.Option("--sequence", metavar="NAME", help="Only of this sequence.")]
Everything = Annotated[bool, typer.Option("--all", help="Everything that waits.")]


def add_to(program: typer.Typer) -> None:
    program.add_typer(review, name="review")


@review.callback()
def _review(context: typer.Context, *, sequence: OfSequence = None, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        _list(context, sequence, as_json=as_json)


@review.command("list")
def list_waiting(context: typer.Context, *, sequence: OfSequence = None, as_json: AsJson = False) -> None:
    """What waits, the oldest first, as it would go out."""
    _list(context, sequence, as_json=as_json)


def _list(context: typer.Context, sequence: str | None, *, as_json: bool) -> None:
    from outreach.services.sequences import reviews

    with opened(context) as app:
        found = reviews.list_waiting(app.engine, sequence)
    if as_json:
        print_json([each.to_json() for each in found])
        return
    for each in found:
        print(f"{each.id}  {each.action} to {each.to}, step {each.step} of {each.sequence}, by {each.sender}")
        print("\n".join(f"    {line}".rstrip() for line in each.text.splitlines()))
        print()
    print("Nothing waits for review." if not found else f"{count(len(found), 'message')}: outreach review approve ID")


@review.command("approve")
def approve(
    context: typer.Context,
    ids: Ids = None,
    *,
    sequence: OfSequence = None,
    everything: Everything = False,
    as_json: AsJson = False,
) -> None:
    """Let messages go out, through every window and limit."""
    from outreach.services.sequences import reviews

    with opened(context) as app:
        wanted = _named(ids) or _all(app, sequence, everything=everything)
        number = reviews.approve(app.engine, wanted, by=actor())
    print_json({"approved": number}) if as_json else print(f"Approved {count(number, 'message')}.")


@review.command("edit")
def edit(
    context: typer.Context,
    message: Annotated[str, typer.Argument(metavar="ID", help="A message, as `review list` names it.")],
    *,
    file: Annotated[
        typer.FileText | None, typer.Option("--file", metavar="FILE", help="The new text; - reads standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a message into your own words, in your editor or from a file, and let it go out. Both texts are kept."""
    from outreach.services.sequences import reviews

    with opened(context) as app:
        before = reviews.one(app.engine, message)
        text = file.read() if file else in_editor(before.text)
        if text.strip("\n") == before.text.strip("\n"):
            raise UsageError(f"nothing was changed. To send it as it is: outreach review approve {before.id}")
        reviews.edit(app.engine, message, text, by=actor())
    print_json({"edited": before.id}) if as_json else print("Changed and approved.")


@review.command("reject")
def reject(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Messages, as `review list` names them.")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why not.")] = "",
    as_json: AsJson = False,
) -> None:
    """Do not send these messages; their sequences go on without them."""
    from outreach.services.sequences import reviews

    with opened(context) as app:
        number = reviews.reject(app.engine, _named(ids), reason=reason, by=actor())
    print_json({"rejected": number}) if as_json else print(f"Rejected {count(number, 'message')}.")


def _named(ids: list[str] | None) -> list[str]:
    return list(dict.fromkeys(ids or []))


def _all(app: App, sequence: str | None, *, everything: bool) -> list[str]:
    from outreach.services.sequences import reviews

    if not (everything or sequence):
        raise UsageError("no message is named. Name ids of `outreach review list`, a --sequence, or --all.")
    return [each.id for each in reviews.list_waiting(app.engine, sequence)]
