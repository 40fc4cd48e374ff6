"""config/crm.yaml: connections to systems of record, with the mapping of fields, statuses, stages and owners."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from outreach.content.configuration import CrmSettings, FieldMapping, StatusMapping
from outreach.content.crm_abilities import CrmCan, with_abilities
from outreach.content.field_types import Elapsed, EmailAddress, Line, Positive, slug
from outreach.content.model_reading import FileModel, read_model
from outreach.content.options import split_options
from outreach.content.yaml_file import YamlFile
from outreach.crm import WRITES, Mode, Operation
from outreach.domain.crm_mapping import CrmTrigger, DealRule, OnErase, TieBreak
from outreach.domain.crm_news import Change
from outreach.domain.pipeline import Status
from outreach.errors import Problem

_PATH = re.compile(r"[a-z_][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,3}")


def _lead_path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError(f"'{text[:80]}' is not a value of a lead. Write a path such as first_name or fields.title.")
    return text


class FieldModel(FileModel):
    source: Annotated[str, AfterValidator(_lead_path)] = Field(alias="from")
    mode: Mode = Mode.FILL
    values: dict[Line, Line] = Field(default={})


class StatusModel(FileModel):
    property: Line
    values: dict[Status, Line]
    pipelines: dict[str, dict[Status, Line]] = Field(default={})


class RateModel(FileModel):
    """At most so many calls in so long a time; our share of what the system allows."""

    calls: Positive
    per: Elapsed


class DealModel(FileModel):
    create_on: CrmTrigger
    pipeline: Line
    stage: Line


class CrmModel(FileModel):
    """The keys of a connection that are the same for every system."""

    use: Line
    fields: dict[Line, FieldModel] = Field(default={})
    status: StatusModel | None = None
    stages: dict[str, dict[str, Line]] = Field(default={})
    owners: dict[str, EmailAddress] = Field(default={})
    deal: DealModel | None = None
    tie_break: TieBreak = TieBreak.OLDEST
    when: dict[CrmTrigger, list[Operation]] | None = None
    poll: Elapsed | None = None
    heed: list[Change] | None = None
    on_erase: OnErase = OnErase.TASK
    dry_run: bool = False
    rate: RateModel | None = None


def read_crm(file: YamlFile, problems: list[Problem], can: CrmCan | None = None) -> dict[str, CrmSettings]:
    """Every connection that is right, by its key; `can` tells what the adapters can do."""
    if file.data is None:
        return {}
    if not isinstance(file.data, dict):
        remedy = "Write `hubspot:` and the connection's keys below it."
        problems.append(file.problem((), "the file must be a mapping.", remedy))
        return {}
    connections = {name: _connection(file, name, data, problems) for name, data in file.data.items()}
    known = {name: connection for name, connection in connections.items() if connection}
    return {name: with_abilities(file, each, can, problems) for name, each in known.items()} if can else known


def _connection(file: YamlFile, name: str, data: object, problems: list[Problem]) -> CrmSettings | None:
    before = len(problems)
    try:
        slug(name)
    except ValueError as error:
        problems.append(file.key_problem((name,), str(error)))
    own: object = data
    options: dict[str, object] = Field(default={})
    if isinstance(data, Mapping):
        own, options = split_options(CrmModel, file, (name,), data, problems=problems)
    model = read_model(CrmModel, file, (name,), own, problems=problems)
    if model is None:
        return None
    _check_operations(file, name, model, problems)
    return _settings(name, model, options) if len(problems) == before else None


def _settings(name: str, model: CrmModel, options: Mapping[str, object]) -> CrmSettings:
    status, deal = model.status, model.deal
    return CrmSettings(
        name=name,
        use=model.use,
        options=options,
        fields={
            remote: FieldMapping(source=ours.source, mode=ours.mode, values=ours.values)
            for remote, ours in model.fields.items()
        },
        status=_status(status) if status else None,
        stages=model.stages,
        owners=model.owners,
        deal=DealRule(create_on=deal.create_on, pipeline=deal.pipeline, stage=deal.stage) if deal else None,
        tie_break=model.tie_break,
        when=_when(model),
        poll=model.poll,
        heed=frozenset(Change) if model.heed is None else frozenset(model.heed),
        on_erase=model.on_erase,
        dry_run=model.dry_run,
        rate=(model.rate.calls, model.rate.per) if model.rate else None,
    )


def _status(model: StatusModel) -> StatusMapping:
    pipelines = {
        pipeline: {ours.value: value for ours, value in values.items()} for pipeline, values in model.pipelines.items()
    }
    values = {ours.value: value for ours, value in model.values.items()}
    return StatusMapping(property=model.property, values=values, pipelines=pipelines)


def _when(model: CrmModel) -> dict[CrmTrigger, tuple[Operation, ...]]:
    if model.when is not None:
        return {trigger: tuple(operations) for trigger, operations in model.when.items()}
    possible = {Operation.OWNER: model.owners, Operation.STATUS: model.status, Operation.STAGE: model.stages}
    wanted = (
        Operation.PERSON, Operation.OWNER, Operation.LOG_REPLY, Operation.STATUS, Operation.STAGE, Operation.TAGS,
    )  # fmt: skip
    return {CrmTrigger.REPLY: tuple(operation for operation in wanted if possible.get(operation, True))}


_NO_WRITES = {
    Operation.PULL: "Remove it: reading back is set by `poll`, and done by `leads import --from`.",
    Operation.FORGET: "Remove it: write `on_erase: delete`, and it is done by `leads erase`.",
}


def _check_operations(file: YamlFile, name: str, model: CrmModel, problems: list[Problem]) -> None:
    """An operation that needs a mapping is useless without it, and would fail at the first reply."""
    needs = {
        Operation.OWNER: ("owners", model.owners),
        Operation.STATUS: ("status", model.status),
        Operation.STAGE: ("stages", model.stages),
        Operation.DEAL: ("deal", model.deal),
    }
    for trigger, operations in (model.when or {}).items():
        for index, operation in enumerate(operations):
            path = (name, "when", trigger, index)
            if operation not in WRITES:
                problems.append(file.problem(path, f"'{operation}' follows no event.", _NO_WRITES[operation]))
            key, configured = needs.get(operation, ("", True))
            if not configured:
                message = f"'{operation}' is asked for, but '{name}' has no '{key}'."
                problems.append(file.problem(path, message, f"Write `{key}: …`, or remove '{operation}'."))
