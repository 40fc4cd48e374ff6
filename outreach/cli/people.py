"""Commands about one person: note, stage."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, count, print_json
from outreach.errors import UsageError

Lead = Annotated[str, typer.Argument(metavar="LEAD", help="An id or any address.")]


def add_to(program: typer.Typer) -> None:
    program.command("note")(note)
    program.command("stage")(stage)


def note(
    context: typer.Context,
    lead: Lead,
    text: Annotated[list[str], typer.Argument(metavar="TEXT")],
    *,
    as_json: AsJson = False,
) -> None:
    """Write a note on a lead, with your name and the time; the CRM gets it too."""
    from outreach.services.hearing import find
    from outreach.services.people.note import write_note

    with opened(context) as app:
        lead_id = find.lead(app.engine, lead)
        note_id = write_note(app.engine, lead_id, " ".join(text), by=actor())
    print_json({"note_id": note_id, "lead_id": lead_id}) if as_json else print(f"Noted on {lead}.")


def stage(
    context: typer.Context,
    lead: Lead,
    name: Annotated[str, typer.Argument(metavar="STAGE", help="A stage of the lead's pipeline.")],
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for the history.")] = "by hand",
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Write a value the stage requires.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Move a lead to another stage. Won and lost end its sequences."""
    from outreach.services.hearing import find
    from outreach.services.pipeline.stage import Wish, move_by_hand
    from outreach.services.watching.plain import plain

    wish = Wish(stage=name, by=actor(), reason=reason, values=_values(values or []))
    with opened(context) as app:
        moved = move_by_hand(app.engine, find.lead(app.engine, lead), wish)
    if as_json:
        print_json(plain(moved))
        return
    ended = f"; {count(len(moved.ended), 'enrollment')} ended" if moved.ended else ""
    print(f"Moved {lead} from {moved.before} to {moved.stage}{ended}.")


def _values(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    for name, sign, value in split:
        if not (name.strip() and sign and value.strip()):
            raise UsageError("--set takes NAME=VALUE, such as --set value=5000.")
    return {name.strip(): value.strip() for name, _, value in split}
