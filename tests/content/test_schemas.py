"""JSON Schemas say the same as the models: what is right passes, what is misspelt does not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from outreach.content import yaml_file
from outreach.content.schema_words import BY_MODEL, HTTP_STEP, STEP, TESTS
from outreach.content.schemas import DIALECT, FILES, schemas, undescribed
from outreach.content.step_models import STEPS

ROOT = Path(__file__).parents[2]
MADE = schemas()
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def wrong(schema: Mapping[str, Any], value: Any, top: Mapping[str, Any]) -> Iterator[str]:
    """What a JSON Schema has against a value, for the words our schemas use."""
    if "$ref" in schema:
        yield from wrong(top["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, top)
    choices = schema.get("anyOf") or []
    if choices and all(any(wrong(choice, value, top)) for choice in choices):
        yield f"{value!r} is none of the choices"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is not one of {schema['enum']}"
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        yield f"{value!r} is no {kind}"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{value!r} does not match {schema['pattern']}"
    elif isinstance(value, dict):
        yield from wrong_mapping(schema, value, top)
    elif isinstance(value, list):
        yield from (each for item in value for each in wrong(schema.get("items", {}), item, top))


def wrong_mapping(schema: Mapping[str, Any], value: Mapping[str, Any], top: Mapping[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    more = schema.get("additionalProperties", True)
    yield from (f"{key} is missing" for key in schema.get("required", []) if key not in value)
    for key, inner in value.items():
        if key in known:
            yield from wrong(known[key], inner, top)
        elif more is False:
            yield f"unknown key {key}"
        elif isinstance(more, dict):
            yield from wrong(more, inner, top)


def problems(name: str, text: str) -> list[str]:
    data = yaml_file.parse(text.encode(), name="x.yaml").data
    return list(wrong(MADE[name], data, MADE[name]))


SHIPPED = [(name, path) for name, patterns in FILES.items() for each in patterns for path in sorted(ROOT.glob(each))]
STARTER = ROOT / "outreach/content/starter"
SHIPPED += [
    (name, path) for name, patterns in FILES.items() for each in patterns for path in sorted(STARTER.glob(each))
]


@pytest.mark.parametrize(("name", "path"), SHIPPED, ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_every_file_we_ship_passes(name: str, path: Path) -> None:
    assert problems(name, path.read_text("utf-8")) == []


HEAD = "name: s\nsenders: [anna]\nsteps:\n"
RIGHT = [
    "  - {id: a, email: x, variants: {b: y}, thread: t, sender: anna, on_failure: skip}\n",
    "  - {id: a, linkedin.invite: }\n",
    "  - {id: a, task: call, note: x, within: 2 days, or: wait}\n",
    "  - {wait: 2 business days, jitter: 3 hours}\n",
    "  - {wait: until lead.renewal_on - 30 days}\n",
    "  - {wait_for: 'stage:won', at_most: 7 days, then: [{tag: x}], else: [{stop: y}]}\n",
    "  - {if: lead.score > 5, then: [{split: {a: 1, b: 2}, a: [{score: 5}]}]}\n",
    "  - {set: {a: 1, b: x, c: true}}\n",
    "  - {enroll: other, at_least: 90 days}\n",
]


@pytest.mark.parametrize("step", RIGHT)
def test_every_step_that_is_right_passes(step: str) -> None:
    assert problems("sequence", HEAD + step) == []


WRONG = [
    ("sequence", HEAD + "  - {id: a, emial: x}\n"),
    ("sequence", HEAD + "  - {id: a, email: x, tread: y}\n"),
    ("sequence", HEAD + "  - {wait: 3 dyas}\n"),
    ("sequence", HEAD + "  - {wait_for: opne, at_most: 1 day}\n"),
    ("sequence", HEAD + "  - {wait_for: open}\n"),
    ("sequence", HEAD + "  - {if: lead.score, then: [{tga: x}]}\n"),
    ("sequence", HEAD + "  - {split: {a: 1, b: 2}, a: {tag: x}}\n"),
    ("sequence", HEAD + "  - {score: many}\n"),
    ("sequence", "name: s\nsenders: [anna]\nholdout: 5\nsteps: [{tag: x}]\n"),
    ("sequence", "name: s\nsenders: [anna]\nreview: some\nsteps: [{tag: x}]\n"),
    ("sequence", "name: s\nsteps: [{tag: x}]\n"),
    ("sequence", "name: s\nsenders: [anna]\nschedule: {hors: '09:00-10:00'}\nsteps: [{tag: x}]\n"),
    ("pipeline", "name: p\nstages: [{name: a, kind: opne}]\n"),
    ("pipeline", "name: p\nstages: [{name: a, entering: {taks: call}}]\n"),
    ("senders", "anna: {name: Anna, timezone: UTC, email: {adress: a@example.com}}\n"),
    ("senders", "anna: {name: Anna}\n"),
    ("outreach", "databse_url: sqlite:///x.db\n"),
    ("outreach", "webhooks: {replies: {usse: standard}}\n"),
    ("crm", "hubspot: {use: hubspot, tie_break: youngest}\n"),
    ("sequence-tests", "sequence: a\ncases: [{name: x, lead: {}, expect: []}]\n"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_what_is_misspelt_does_not_pass(name: str, text: str) -> None:
    assert problems(name, text)


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_described_with_an_example(name: str) -> None:
    assert list(undescribed(MADE[name])) == []
    assert MADE[name]["$schema"] == DIALECT
    assert json.loads(json.dumps(MADE[name])) == MADE[name]


def test_no_words_are_left_over_for_keys_that_are_gone() -> None:
    told = {key for words in (*BY_MODEL.values(), STEP, TESTS) for key in words}

    assert {key for key in told if f'"{key}":' not in json.dumps(MADE)} == {HTTP_STEP}


def test_every_step_has_a_form() -> None:
    forms = MADE["sequence"]["$defs"]["step"]["anyOf"]

    assert [form["$ref"].rpartition(" ")[2] for form in forms] == [*STEPS, "http"]


@pytest.mark.parametrize(("key", "example"), [(key, words[1]) for key, words in STEP.items() if key in STEPS])
def test_the_example_of_a_step_is_a_right_one(key: str, example: object) -> None:
    needed: dict[str, dict[str, object]] = {"wait_for": {"at_most": "3 days"}, "if": {"then": []}}
    more = needed.get(key, {})

    assert list(wrong(MADE["sequence"]["$defs"]["step"], {key: example, **more}, MADE["sequence"])) == []
