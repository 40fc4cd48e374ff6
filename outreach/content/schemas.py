"""JSON Schemas of the files people write, for editors: completion, and checks while somebody types.

They are made from the models that read the files, so a key cannot be in one and not in the other. What only
`outreach validate` can know (templates, stages, expressions) is not in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import PydanticSerializationError

from outreach.content.cleanup_file import CleanupModel
from outreach.content.crm_file import CrmModel
from outreach.content.goals_file import GoalModel
from outreach.content.outreach_file import OutreachModel, WebhookModel
from outreach.content.pipelines import PipelineModel
from outreach.content.schedules import ScheduleModel
from outreach.content.schema_words import BY_MODEL, HTTP_STEP, STEP, TESTS
from outreach.content.scoring_file import ScoringModel
from outreach.content.senders_file import ChannelModel, EmailModel, SenderModel
from outreach.content.sequence_test_models import CaseModel
from outreach.content.sequences import SequenceModel
from outreach.content.setting_words import Words
from outreach.content.step_models import EVENTS, STEPS, model_of
from outreach.domain.action import HTTP_KEY

Schema = dict[str, Any]

DIALECT = "http://json-schema.org/draft-07/schema#"
"""The one that YAML extensions of editors know best."""

FILES: Mapping[str, tuple[str, ...]] = {
    "outreach": ("config/outreach.yaml",),
    "senders": ("config/senders.yaml",),
    "crm": ("config/crm.yaml",),
    "goals": ("config/goals.yaml",),
    "pipeline": ("config/pipelines/*.yaml",),
    "scoring": ("config/scoring.yaml",),
    "cleanup": ("config/cleanup.yaml",),
    "sequence": ("sequences/*.yaml",),
    "sequence-tests": ("sequences/tests/*.yaml",),
}
"""Which files each schema is for."""

_STEP: Schema = {"$ref": "#/$defs/step"}
_STEPS: Schema = {"type": "array", "items": _STEP}


class _Generator(GenerateJsonSchema):
    """Defaults that are no plain values, such as durations and whole sections, are left out without a word."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"non-serializable-default"}  # noqa: RUF012  # as in its base

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, str | int | float | list | dict | None):
            return super().encode_default(dft)
        raise PydanticSerializationError("not a plain value")


def schemas() -> dict[str, Schema]:
    """Every schema by its name in `FILES`."""
    return {
        "outreach": _file("config/outreach.yaml: the workspace", _outreach()),
        "senders": _file("config/senders.yaml: the identities that send", _senders()),
        "crm": _file("config/crm.yaml: systems of record", _crm()),
        "goals": _file("config/goals.yaml: what the team wants to reach, by when", _goals()),
        "pipeline": _file("A pipeline: the stages of buying", _pipeline()),
        "cleanup": _file("config/cleanup.yaml: how the list is kept clean", _model(CleanupModel)),
        "scoring": _file("config/scoring.yaml: what makes a score", _model(ScoringModel)),
        "sequence": _file("A sequence: what is sent to whom, and when", _sequence()),
        "sequence-tests": _file("Tests of a sequence", _tests()),
    }


def _file(title: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "title": title, **schema}


def _model(model: type[BaseModel], words: Words | None = None) -> Schema:
    """The schema of a model, with the words for it and for every model inside."""
    made = model.model_json_schema(by_alias=True, schema_generator=_Generator)
    inside = made.get("$defs", {})
    for name, each in inside.items():
        _describe(each, BY_MODEL.get(name, {}))
    _describe(made, words if words is not None else BY_MODEL[model.__name__])
    return made


def _describe(schema: Schema, words: Words) -> None:
    schema.pop("title", None)
    for key, found in schema.get("properties", {}).items():
        found.pop("title", None)
        if key in words:
            description, example = words[key]
            found |= {"description": description, "examples": [example]}


def _with_defs(schema: Schema, *others: Schema) -> Schema:
    """Definitions of inner schemas stand at the top, where references look for them."""
    defs = dict(schema.pop("$defs", {}))
    for other in others:
        defs |= other.pop("$defs", {})
    return {**schema, "$defs": defs} if defs else schema


def _open(schema: Schema) -> Schema:
    """Beside our keys stand those of an adapter."""
    return {**schema, "additionalProperties": True}


def _sequence() -> Schema:
    made = _model(SequenceModel)
    schedule = _model(ScheduleModel)
    made["properties"]["steps"] |= {"items": _STEP}
    made["properties"]["schedule"] |= {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Schedule"}]}
    made.setdefault("$defs", {}).update(Schedule=schedule, **_steps())
    return _with_defs(made, schedule)


def _steps() -> dict[str, Schema]:
    forms = {f"step {kind}": _step(kind, model) for kind, model in STEPS.items()} | {"step http": _http_step()}
    defs: dict[str, Schema] = {}
    for form in forms.values():
        defs |= form.pop("$defs", {})
    return {**defs, **forms, "step": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in forms]}}


def _step(kind: str, model: type[BaseModel]) -> Schema:
    made = _model(model, STEP)
    for branch in ("then", "else"):
        if branch in made["properties"]:
            made["properties"][branch] |= _STEPS
    if kind == "split":
        made["additionalProperties"] = _STEPS
    if kind == "wait_for":
        made["properties"][kind] |= {"anyOf": [{"enum": list(EVENTS)}, {"pattern": "^stage:"}]}
    required = sorted({kind, *made.get("required", [])})
    return {**made, "required": required, "description": STEP[kind][0]}


def _http_step() -> Schema:
    """One whose key is any `http.<name>`."""
    made = _step(HTTP_STEP, model_of(HTTP_STEP))
    value = made["properties"].pop(HTTP_STEP)
    some = {"not": {"propertyNames": {"not": {"pattern": HTTP_KEY}}}}
    required = [key for key in made["required"] if key != HTTP_STEP]
    return {**made, "required": required, "patternProperties": {HTTP_KEY: value}, **some}


def _pipeline() -> Schema:
    return _model(PipelineModel)


def _senders() -> Schema:
    sender, email, channel = _model(SenderModel), _open(_model(EmailModel)), _open(_model(ChannelModel))
    sender["properties"]["email"] = {**_only_words(sender["properties"]["email"]), **email}
    sender["additionalProperties"] = channel
    return _with_defs(
        {"type": "object", "additionalProperties": sender}, sender, email, channel, sender["properties"]["email"]
    )


def _only_words(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("description", "examples") if key in schema}


def _goals() -> Schema:
    goal = _model(GoalModel)
    return _with_defs({"type": "array", "items": goal}, goal)


def _crm() -> Schema:
    connection = _open(_model(CrmModel))
    return _with_defs({"type": "object", "additionalProperties": connection}, connection)


def _outreach() -> Schema:
    made = _model(OutreachModel)
    webhook = _open(_model(WebhookModel))
    made["properties"]["webhooks"]["additionalProperties"] = webhook
    return _with_defs(made, webhook)


def _tests() -> Schema:
    case = _model(CaseModel)
    top = {"sequence": {"type": "string"}, "cases": {"type": "array", "minItems": 1, "items": case}}
    made: Schema = {
        "type": "object",
        "properties": top,
        "required": ["sequence", "cases"],
        "additionalProperties": False,
    }
    _describe(made, TESTS)
    return _with_defs(made, case)


def undescribed(schema: Schema) -> Iterable[str]:
    """Keys nobody has words for, anywhere in a schema."""
    for key, value in schema.get("properties", {}).items():
        if "description" not in value:
            yield key
        yield from undescribed(value)
    inner = [*schema.get("$defs", {}).values(), schema.get("additionalProperties"), schema.get("items")]
    for each in inner:
        if isinstance(each, dict):
            yield from undescribed(each)


def editor_settings(folder: str) -> dict[str, object]:
    """Settings of VS Code: which schema is for which files, with the schemas in that folder."""
    return {
        "yaml.schemas": {f"{folder}/{name}.json": list(patterns) for name, patterns in FILES.items()},
        "yaml.format.enable": False,
    }
