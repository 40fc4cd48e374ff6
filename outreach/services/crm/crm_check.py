"""Prove a mapping against the real account, before the first reply does."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outreach.crm import WRITES, Account, Crm, Operation
from outreach.domain.crm_mapping import CrmMapping, OnErase
from outreach.errors import AdapterError


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRow:
    """One thing that was proved, or not. `said` is for the person who wrote the mapping."""

    connection: str
    subject: str  # such as: account, field jobtitle, stage default.meeting_booked
    is_ok: bool
    said: str = ""
    is_certain: bool = True  # False: it could not be proved, so it may be right


async def check(mapping: CrmMapping, crm: Crm) -> tuple[CheckRow, ...]:
    """Every name in the mapping, compared with what the account has. The first row is the account itself."""
    try:
        account = await crm.check()
    except AdapterError as error:
        return (CheckRow(connection=mapping.name, subject="account", is_ok=False, said=str(error), is_certain=False),)
    quota = f", {account.remaining_quota} calls left" if account.remaining_quota is not None else ""
    first = CheckRow(connection=mapping.name, subject="account", is_ok=True, said=account.name + quota)
    return (first, *_rows(mapping, crm, account))


async def refusals(connections: Sequence[tuple[CrmMapping, Crm]]) -> tuple[list[CheckRow], list[CheckRow]]:
    """At start-up: (what is certainly wrong in the mappings, what could not be proved)."""
    found = await asyncio.gather(*(check(mapping, crm) for mapping, crm in connections))
    wrong = [row for rows in found for row in rows if not row.is_ok]
    return [row for row in wrong if row.is_certain], [row for row in wrong if not row.is_certain]


def _rows(mapping: CrmMapping, crm: Crm, account: Account) -> Iterator[CheckRow]:
    yield from _operations(mapping, crm)
    yield from _scopes(mapping, account)
    for rule in mapping.fields:
        yield _row(mapping, account, "fields", f"field {rule.remote}", rule.remote)
    if mapping.statuses and mapping.status_property:
        yield _row(mapping, account, "fields", f"status property {mapping.status_property}", mapping.status_property)
    for status, value in mapping.statuses.items():
        yield _row(mapping, account, "status_values", f"status {status}", value)
    for pipeline, statuses in mapping.pipeline_statuses.items():
        for status, value in statuses.items():
            yield _row(mapping, account, "status_values", f"status {pipeline}.{status}", value)
    for pipeline, stages in mapping.stages.items():
        for stage, remote in stages.items():
            yield _row(mapping, account, "stages", f"stage {pipeline}.{stage}", remote)
    for owner, email in mapping.owners.items():
        yield _row(mapping, account, "users", f"owner {owner}", email)
    if mapping.deal:
        yield _row(mapping, account, "pipelines", "deal pipeline", mapping.deal.pipeline)
        yield _row(mapping, account, "stages", "deal stage", mapping.deal.stage)


def _scopes(mapping: CrmMapping, account: Account) -> Iterator[CheckRow]:
    """Operations that `when` asks for and the credentials seem not to allow: `unread` names them."""
    for operation in sorted(mapping.operations & set(account.unread)):
        said = f"a scope is missing: {account.unread[operation]}"
        yield CheckRow(
            connection=mapping.name, subject=f"operation {operation}", is_ok=False, said=said, is_certain=False
        )


def crm_refusals(mapping: CrmMapping, crm: Crm) -> tuple[str, ...]:
    """What the mapping asks for and this system cannot do as it is configured: refused when it is loaded."""
    return tuple(f"{row.subject}: {row.said}" for row in _operations(mapping, crm))


def _operations(mapping: CrmMapping, crm: Crm) -> Iterator[CheckRow]:
    can = ", ".join(sorted(crm.can & WRITES))
    for operation in sorted(mapping.operations - WRITES):
        said = _not_there(operation, sorted(WRITES))
        yield CheckRow(connection=mapping.name, subject=f"operation {operation}", is_ok=False, said=said)
    for operation in sorted(mapping.operations & (WRITES - crm.can)):
        why = getattr(crm, "lacks", {}).get(Operation(operation), "as it is configured")
        said = f"{crm.provider} cannot do it: {why}. It can: {can}. Take it out of `when` or `deal`."
        yield CheckRow(connection=mapping.name, subject=f"operation {operation}", is_ok=False, said=said)
    if mapping.poll is not None and Operation.PULL not in crm.can:
        said = f"{crm.provider} cannot be read back. Remove `poll`."
        yield CheckRow(connection=mapping.name, subject="poll", is_ok=False, said=said)
    if mapping.on_erase is OnErase.DELETE and Operation.FORGET not in crm.can:
        said = f"{crm.provider} cannot delete records. Write `on_erase: task`."
        yield CheckRow(connection=mapping.name, subject="on_erase", is_ok=False, said=said)


def _row(mapping: CrmMapping, account: Account, kind: str, subject: str, wanted: str) -> CheckRow:
    """`kind` names the attribute of Account that lists what exists; an empty list means that anything goes."""
    if kind in account.unread:
        said = f"'{wanted}' could not be proved: {account.unread[kind]}"
        return CheckRow(connection=mapping.name, subject=subject, is_ok=False, said=said, is_certain=False)
    known: Sequence[str] = getattr(account, kind)
    if known and wanted not in known:
        return CheckRow(connection=mapping.name, subject=subject, is_ok=False, said=_not_there(wanted, known))
    return CheckRow(connection=mapping.name, subject=subject, is_ok=True, said=wanted)


def _not_there(wanted: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(wanted, known, 1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return f"'{wanted}' is not there.{hint} There are: {', '.join(known)}"
