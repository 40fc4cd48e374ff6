"""A mapping as a table, and one to begin with: what of an account looks like ours. People decide; we only type."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence

from outreach.content.lead_columns import guess_columns
from outreach.crm import Account
from outreach.domain.crm_mapping import CrmMapping
from outreach.domain.pipeline import Pipeline, Status

_WRITTEN_ANYWAY = frozenset({"email", "first_name", "last_name", "company", "name", "owner", "stage", "tags", ""})
_LIKELY_STATUS = {
    Status.RESPONDED: ("connected", "responded", "replied", "in progress", "open deal", "warm", "working"),
    Status.NOT_INTERESTED: ("unqualified", "not interested", "lost", "bad timing", "disqualified"),
    Status.CUSTOMER: ("customer", "won", "client"),
    Status.BOUNCED: ("bounced", "invalid"),
}
_ALIKE = 0.72


Row = tuple[str, str, str, str, str]
"""Connection, what it is, ours, theirs, and how."""


def mapping_rows(mapping: CrmMapping) -> list[Row]:
    """Everything the mapping says."""
    every = f"every {mapping.poll.total_seconds() / 60:g} minutes" if mapping.poll else "by webhook alone"
    heeded = ("heeded", ", ".join(sorted(mapping.heed)), "", every)
    return [(mapping.name, *row) for row in (*_values(mapping), *_places(mapping), heeded)]


def _values(mapping: CrmMapping) -> Iterator[tuple[str, str, str, str]]:
    for rule in mapping.fields:
        yield "field", rule.source, rule.remote, "overwrite" if rule.is_overwriting else "fill"
        for ours, theirs in rule.values.items():
            yield "value", f"{rule.source}: {ours}", theirs, rule.remote
    for ours, theirs in mapping.statuses.items():
        yield "status", ours, theirs, mapping.status_property
    for pipeline, statuses in mapping.pipeline_statuses.items():
        for ours, theirs in statuses.items():
            yield "status", f"{pipeline}.{ours}", theirs, mapping.status_property


def _places(mapping: CrmMapping) -> Iterator[tuple[str, str, str, str]]:
    for pipeline, stages in mapping.stages.items():
        for ours, theirs in stages.items():
            yield "stage", f"{pipeline}.{ours}", theirs, ""
    for ours, theirs in mapping.owners.items():
        yield "owner", ours, theirs, ""
    if mapping.deal:
        yield "deal", mapping.deal.create_on or "when", mapping.deal.stage, mapping.deal.pipeline
    for trigger, operations in mapping.when.items():
        yield "written", trigger, ", ".join(operations), ""


def suggest(
    mapping: CrmMapping, account: Account, *, pipelines: Mapping[str, Pipeline], senders: Mapping[str, str]
) -> list[str]:
    """Lines of YAML for config/crm.yaml, of what is not mapped yet; `senders`: name → e-mail address."""
    parts = (
        _fields(mapping, account),
        _statuses(mapping, account),
        _stages(mapping, account, pipelines),
        _owners(mapping, account, senders),
    )
    lines = [line for part in parts for line in part]
    return [f"{mapping.name}:", *(f"  {line}" for line in lines)] if lines else []


def _fields(mapping: CrmMapping, account: Account) -> Iterator[str]:
    mapped = {rule.remote for rule in mapping.fields}
    names = ("email", *(name for name in account.fields if name != "email"))
    found = [
        f"  {_yaml(column.header)}: {{from: {column.field}, mode: fill}}"
        for column in guess_columns(names)
        if column.field not in _WRITTEN_ANYWAY and not column.field.startswith(("fields.", "company.fields."))
        if column.header not in mapped
    ]
    yield from ["fields:", *found] if found else []


def _statuses(mapping: CrmMapping, account: Account) -> Iterator[str]:
    wanted = {status: _likely(_LIKELY_STATUS[status], account.status_values) for status in _LIKELY_STATUS}
    found = [
        f"{status}: {_yaml(value)}" for status, value in wanted.items() if value and status not in mapping.statuses
    ]
    if found:
        yield f"status: {{property: {_yaml(mapping.status_property or 'status')}, values: {{{', '.join(found)}}}}}"


def _likely(words: Sequence[str], values: Sequence[str]) -> str | None:
    plain = {_plain(value): value for value in values}
    return next((plain[word] for word in words if word in plain), None)


def _stages(mapping: CrmMapping, account: Account, pipelines: Mapping[str, Pipeline]) -> Iterator[str]:
    remote = {_plain(account.labels.get(stage, stage)): stage for stage in account.stages}
    found: dict[str, list[str]] = {}
    for pipeline in pipelines.values():
        for stage in pipeline.stages:
            close = difflib.get_close_matches(_plain(stage.name), remote, 1, _ALIKE)
            if close and mapping.stage_value(pipeline.name, stage.name) is None:
                found.setdefault(pipeline.name, []).append(f"{stage.name}: {_yaml(remote[close[0]])}")
    if found:
        yield "stages:"
        yield from (f"  {name}: {{{', '.join(stages)}}}" for name, stages in found.items())


def _owners(mapping: CrmMapping, account: Account, senders: Mapping[str, str]) -> Iterator[str]:
    users = {user.lower(): user for user in account.users}
    by_name = {user.partition("@")[0]: user for user in users}
    found = [
        f"{name}: {users.get(email.lower()) or by_name[name.lower()]}"
        for name, email in senders.items()
        if name not in mapping.owners and (email.lower() in users or name.lower() in by_name)
    ]
    if found:
        yield f"owners: {{{', '.join(found)}}}"


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").replace("-", " ").lower().split())


def _yaml(text: str) -> str:
    """Quoted where YAML might read something else."""
    return text if text.replace("_", "").isalnum() and not text[0].isdigit() else json.dumps(text, ensure_ascii=False)
