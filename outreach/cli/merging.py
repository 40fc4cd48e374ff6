"""What is one and the same: leads merge (people), leads alias (companies)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from outreach.cli.invocation import actor, opened
from outreach.cli.terminal import AsJson, Yes, confirm, count, print_json, print_table

if TYPE_CHECKING:
    from outreach.services.people.merge_leads import Merged

Kept = Annotated[str, typer.Argument(metavar="LEAD", help="Who is kept: an id or any address.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="Who becomes part of LEAD. With --undo the id it had.")]


def add_to(commands: typer.Typer) -> None:
    commands.command("merge")(merge)
    commands.command("alias")(alias)


def merge(
    context: typer.Context,
    lead: Kept,
    other: Other,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Part two leads that were merged.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make one lead of two that are the same person. What is needed to part them again is kept."""
    from outreach.services.hearing import find
    from outreach.services.people import merge_leads
    from outreach.services.watching.plain import plain

    with opened(context) as app:
        kept_id = find.lead(app.engine, lead)
        if undo:
            done = merge_leads.part(app.engine, kept_id, other.strip(), by=actor())
        else:
            merged_id = find.lead(app.engine, other)
            confirm(f"Make {other} part of {lead}?", yes=yes)
            done = merge_leads.merge(app.engine, kept_id, merged_id, by=actor())
    print_json(plain(done)) if as_json else _show(done, is_parted=undo)


def alias(
    context: typer.Context,
    company: Annotated[str | None, typer.Argument(metavar="[COMPANY]", help="An id, a domain or a name.")] = None,
    domain: Annotated[str | None, typer.Argument(metavar="[DOMAIN]", help="Another domain of that company.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give a company another domain, or list the ones that are known. Who has it becomes part of that company."""
    from outreach.errors import UsageError
    from outreach.services.people import company_aliases

    if (company is None) != (domain is None):
        raise UsageError("name a company and its other domain, or nothing.")
    with opened(context) as app:
        if company is not None and domain is not None:
            absorbed = company_aliases.add(app.engine, company, domain, by=actor())
            print(f"{domain} is {company} too; {count(absorbed, 'company')} became part of it.")
            return
        rows = company_aliases.listed(app.engine)
    if as_json:
        print_json(rows)
    else:
        print_table(
            ("domain", "company", "its first domain"), [(row["alias"], row["name"], row["domain"]) for row in rows]
        )


def _show(done: Merged, *, is_parted: bool) -> None:
    moved = ", ".join(f"{number} in {table}" for table, number in done.rows.items() if number) or "nothing"
    if is_parted:
        print(f"Parted {done.kept_id} and {done.merged_id}: {moved} given back.")
    else:
        print(f"Merged {done.merged_id} into {done.kept_id}: {moved}; {count(done.ended, 'enrollment')} ended.")
        print(f"To part them again: outreach leads merge --undo {done.kept_id} {done.merged_id}")
    if done.is_suppressed:
        print(f"{done.kept_id} must not be contacted, because one of them must not.")
