"""`leads import --from`: people out of a CRM."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from outreach.cli.terminal import Bar, count, print_json, progress
from outreach.errors import UsageError

if TYPE_CHECKING:
    from outreach.app import App
    from outreach.domain.pipeline import Pipeline
    from outreach.services.crm.import_from_crm import Imported, Order

From = Annotated[str | None, typer.Option("--from", metavar="NAME", help="A connection of config/crm.yaml.")]
List = Annotated[str | None, typer.Option("--list", metavar="LIST", help="With --from: a list, by name or id.")]
Filter = Annotated[str | None, typer.Option("--filter", metavar="EXPR", help="With --from: the system's own filter.")]
Stage = Annotated[
    str | None, typer.Option("--stage", metavar="STAGE", help="With --from: who is in that remote stage.")
]
Again = Annotated[bool, typer.Option("--again", help="With --from: from the first page, not where it stopped.")]

_COUNTS = ("imported", "updated", "unchanged", "rejected")


def narrowed(order: Order, *, in_list: str | None, by_filter: str | None, stage: str | None) -> Order:
    """The order with what narrows it. Raises UsageError when two options contradict each other."""
    from outreach.crm import Selection

    given = {Selection.LIST: in_list, Selection.FILTER: by_filter, Selection.STAGE: stage}
    chosen = [(by, value) for by, value in given.items() if value is not None]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(f'--{by}' for by, _ in chosen)} exclude each other. Give one of them.")
    return replace(order, by=chosen[0][0], value=chosen[0][1]) if chosen else order


def run(app: App, name: str, order: Order, *, pipeline: Pipeline, as_json: bool) -> Imported:
    """Import, show how far it is, and print what came of it."""
    import asyncio

    from outreach.content.suggestions import did_you_mean

    known = sorted(app.settings.crm)
    if name not in known:
        raise UsageError(f"there is no CRM connection '{name}'. {did_you_mean(name, known)}".strip())
    with progress(f"Importing from {name}") as bar:
        done = asyncio.run(_import(app, name, order, pipeline=pipeline, bar=bar))
    print_json(_json(done)) if as_json else _show(done)
    return done


async def _import(app: App, name: str, order: Order, *, pipeline: Pipeline, bar: Bar) -> Imported:
    from outreach.services.crm.import_from_crm import import_from_crm

    try:
        return await import_from_crm(
            app.engine,
            app.crms[name],
            order,
            pipeline=pipeline,
            on_progress=lambda done: bar.reach(done.read, total=done.total),
        )
    finally:
        await app.close_network()


def _json(done: Imported) -> dict[str, Any]:
    names = ("source", "is_resumed", "total", "read", *_COUNTS, "suppressed", "customers")
    examples = [{"record": record, "reason": reason} for record, reason in done.examples]
    return {"from": done.connection, **{name: getattr(done, name) for name in names}, "examples": examples}


def _show(done: Imported) -> None:
    if done.is_resumed:
        print("Went on where the last run stopped. --again begins anew.")
    results = (f"{getattr(done, name):,} {name}" for name in _COUNTS)
    print(f"{count(done.read, 'record')} of {done.connection}: {', '.join(results)}. Source: {done.source}.")
    if done.suppressed:
        print(f"{count(done.suppressed, 'lead')} must not be contacted, and will not be.")
    if done.customers:
        print(f"{count(done.customers, 'lead')} won there: customer.")
    for record, reason in done.examples:
        print(f"{done.connection} {record}: {reason}")
