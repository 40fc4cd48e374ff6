"""Whatever a person can write, type or be told has its entry in the reference, and the tables there tell the truth."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import typer
from fastapi.routing import APIRoute
from pydantic import BaseModel

from outreach import adapters, errors
from outreach.channel import Abilities
from outreach.cli.program import program
from outreach.clock import SystemClock
from outreach.content import (
    cleanup_file,
    crm_file,
    goals_file,
    mail_servers,
    notify_settings,
    outreach_file,
    pace_models,
    pipelines,
    reports_settings,
    schedules,
    scoring_file,
    senders_file,
    sequence_test_models,
    sequences,
    step_models,
)
from outreach.content.configuration import DnsPolicy, UnknownPolicy
from outreach.crm import Mode, Operation
from outreach.crms import hubspot
from outreach.domain.action import ACTIONS, Wording, find
from outreach.domain.cautious import CAUTIOUS
from outreach.domain.cleanup import Action, Finding
from outreach.domain.crm_mapping import CrmTrigger, TieBreak
from outreach.domain.enrollment import EnrollmentState, FinishReason
from outreach.domain.event import EventKind
from outreach.domain.notice import NoticeKind
from outreach.domain.pipeline import StageKind, Status
from outreach.domain.quota import Limits
from outreach.domain.sequence import OnFailure, Trigger
from outreach.domain.span import Unit
from outreach.domain.suppression import Scope
from outreach.domain.touch import TouchState
from outreach.errors import Outcome
from outreach.mail.understood import BounceReason
from outreach.oauth import Tokens
from outreach.services.people.export import EVENT_KEYS
from outreach.web import operations, opt_out, tracking, webhooks
from outreach.web.application import PAGES
from tests.docs.pages import DOCS, text_of

_NEVER_WRITTEN = {
    "own",  # the senders' addresses, handed in; the table of receivers names it
    "connection",  # the connection's own name, handed in
    "deadlines",  # objects for tests
    "limits",
}

_GRANTS = {  # what opens a connection where no single option is required
    "hubspot": {"token": "sample"},
    "pipedrive": {"token": "sample"},
    "zoho": {"refresh_token": "sample"},
    "salesforce": {"refresh_token": "sample"},
}


def keys_of(model: type[BaseModel]) -> Iterator[str]:
    """What people write: aliases where a field has one."""
    for name, field in model.model_fields.items():
        yield field.alias or name


def words(page: str) -> set[str]:
    """Every word of the page that stands in code marks, alone or beside others, or in a sample in YAML."""
    found: set[str] = set()
    page_text = text_of(page)
    samples = re.findall(r"^```yaml\n(.*?)^```", page_text, re.M | re.S)
    for said in [*re.findall(r"`([^`\n]+)`", page_text), *samples]:
        found |= {said, *re.split(r"[^\w.-]+", said), *re.split(r"\W+", said)}
    return found


def rows(page: str, heading: str) -> list[list[str]]:
    """The first table below a heading, without its head."""
    below = f"\n{text_of(page)}".partition(f"\n{heading}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.M)
    assert table, heading
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


def marked(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


SETTINGS = [
    *(
        outreach_file.OutreachModel,
        outreach_file.OrganisationModel,
        outreach_file.DefaultsModel,
        outreach_file.RepliesModel,
        outreach_file.TrackingModel,
        outreach_file.WebModel,
    ),
    *(reports_settings.ReportsModel, goals_file.GoalModel),
    *(pace_models.RecipientsModel, pace_models.GuardsModel, pace_models.BouncesModel, pace_models.ComplaintsModel),
    *(pace_models.SilenceModel, pace_models.RatioModel),
    *(schedules.ScheduleModel, senders_file.SenderModel, senders_file.EmailModel, mail_servers.SmtpModel),
    *(
        mail_servers.ImapModel,
        mail_servers.OAuthModel,
        mail_servers.DkimModel,
        senders_file.LimitsModel,
        senders_file.RampModel,
    ),
    *(senders_file.ChannelModel, crm_file.CrmModel, crm_file.FieldModel, crm_file.StatusModel),
    *(crm_file.DealModel, crm_file.RateModel),
    *(notify_settings.WayModel, notify_settings.NotifyModel, notify_settings.NotifyEmailModel),
    *(pipelines.PipelineModel, pipelines.StageModel, pipelines.EnteringModel),
    *(scoring_file.ScoringModel, scoring_file.RuleModel, cleanup_file.CleanupModel, cleanup_file.CleanupRuleModel),
]


@pytest.mark.parametrize("model", SETTINGS, ids=lambda model: model.__name__)
def test_every_key_of_a_settings_file_is_in_the_reference(model: type[BaseModel]) -> None:
    assert set(keys_of(model)) - words("docs/reference/settings.md") == set()


@pytest.mark.parametrize(
    "values", [CrmTrigger, Operation, Mode, TieBreak, StageKind, UnknownPolicy, DnsPolicy, Finding, Action, NoticeKind]
)
def test_every_word_of_a_settings_file_is_in_the_reference(values: type[StrEnum]) -> None:
    assert set(values) - words("docs/reference/settings.md") == set()


def test_no_model_of_a_settings_file_is_forgotten() -> None:
    modules = (
        *(outreach_file, notify_settings, reports_settings, senders_file, mail_servers, crm_file, pipelines),
        *(schedules, goals_file),
    )
    models = {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, BaseModel) and each.__module__ == module.__name__
    }
    shared = {outreach_file.OutreachVariables, outreach_file.WebhookModel, mail_servers.MailServerModel}

    assert models - set(SETTINGS) - shared == set()


def test_every_step_is_in_the_reference_with_its_keys() -> None:
    table = rows("docs/reference/sequence-format.md", "## Steps")

    expected = {kind: set(keys_of(model)) - {"id", kind} for kind, model in step_models.STEPS.items()}
    of_channels = [expected.pop(name) for name in ACTIONS]
    expected["<channel>.<action>"] = set().union(*of_channels)

    assert {marked(step)[0]: set(marked(more)) for step, _, more in table} == expected


@pytest.mark.parametrize("model", [sequences.SequenceModel, sequences.EnterModel, schedules.ScheduleModel])
def test_every_key_of_a_sequence_is_in_the_reference(model: type[BaseModel]) -> None:
    assert set(keys_of(model)) - words("docs/reference/sequence-format.md") == set()


@pytest.mark.parametrize("values", [Trigger, FinishReason, OnFailure])
def test_every_word_of_a_sequence_is_in_the_reference(values: type[StrEnum]) -> None:
    assert set(values) - words("docs/reference/sequence-format.md") == set()


def test_every_key_of_a_test_of_a_sequence_is_in_the_reference() -> None:
    models = (sequence_test_models.CaseModel, sequence_test_models.TouchModel, sequence_test_models.EndModel)
    keys = {key for model in models for key in keys_of(model)} | {*sequence_test_models.HAPPENINGS, "after", "at"}

    assert keys - set(ACTIONS) - words("docs/reference/sequence-tests.md") == set()


def test_every_event_that_can_be_waited_for_is_in_the_reference() -> None:
    table = rows("docs/reference/sequence-format.md", "### `wait_for`")

    assert {word for event, _ in table for word in marked(event)} == {*step_models.EVENTS, "stage:<name>"}


def test_every_unit_of_time_is_in_the_reference() -> None:
    page = text_of("docs/reference/sequence-format.md")

    assert [unit for unit in Unit if not re.search(rf"\d {unit.value}`", page)] == []


def test_the_table_of_channels_equals_what_steps_can_do() -> None:
    table = {
        marked(step)[0]: (value, marked(to), longest, what)
        for step, value, to, longest, what in rows("docs/reference/sequence-format.md", "### Channels")
    }
    values = {Wording.NONE: "nothing", Wording.OPTIONAL: "a template, or nothing", Wording.NEEDED: "a template"}
    http = find("http.name")
    assert http
    known = [*ACTIONS.values(), dataclasses.replace(http, name="http.<name>")]

    assert table == {
        each.name: (values[each.wording], [each.address] if each.address else [], str(each.longest or ""), each.what)
        for each in known
    }


def test_the_cautious_limits_are_those_that_hold() -> None:
    table = rows("docs/reference/settings.md", "### Limits of LinkedIn and X")

    def minutes(limits: Limits) -> str:
        assert limits.gap is not None
        assert limits.jitter is not None
        return f"{limits.gap // timedelta(minutes=1)} to {(limits.gap + limits.jitter) // timedelta(minutes=1)} minutes"

    assert {marked(name)[0]: (day, week, pause) for name, day, week, pause in table} == {
        name: (str(each.per_day), str(each.per_7_days), minutes(each)) for name, each in CAUTIOUS.items()
    }


def commands(command: Any, path: tuple[str, ...] = ()) -> set[str]:
    inner = getattr(command, "commands", {})
    return {" ".join(path)}.union(*(commands(each, (*path, name)) for name, each in inner.items()))


def test_no_command_is_said_to_be_coming_that_is_there() -> None:
    coming = re.search(r"^Coming, and not there yet: .*$", text_of("README.md"), re.M)
    assert coming
    absent = {*marked(coming[0]), "db backup", "db restore"}  # the last two: pages say so

    assert absent & commands(typer.main.get_command(program)) == set()


def test_every_event_kind_is_in_the_reference() -> None:
    kinds = [marked(row[0])[0] for row in rows("docs/reference/events.md", "# Events")]

    assert sorted(kinds) == sorted(EventKind)


def test_every_field_of_an_event_and_every_reason_of_a_bounce_is_in_the_reference() -> None:
    assert {*EVENT_KEYS, *BounceReason} - words("docs/reference/events.md") == set()


def test_every_error_is_in_the_reference() -> None:
    ours = {
        each.__name__
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.OutreachError)
    }

    named = {marked(row[0])[0] for row in rows("docs/reference/errors.md", "## The tree")}

    assert named == ours
    assert {marked(row[0])[0] for row in rows("docs/reference/errors.md", "## Finer outcomes")} == set(Outcome)


def test_the_tree_of_errors_is_the_one_of_the_program() -> None:
    drawn = re.findall(r"[├└]── (\w+)", text_of("docs/reference/errors.md"))

    assert drawn == re.findall(r"[├└]── (\w+)", errors.__doc__ or "")


def test_every_path_of_the_web_is_in_the_reference() -> None:
    listed = {
        marked(row[0])[0]: {word.strip() for word in row[1].split(",")}
        for row in rows("docs/reference/http-api.md", "# HTTP")
    }
    parts = (webhooks, opt_out, tracking, operations, *PAGES)
    routers = [part.router for part in parts]
    served: dict[str, set[str]] = {}
    for route in (each for router in routers for each in router.routes if isinstance(each, APIRoute)):
        served.setdefault(route.path, set()).update(route.methods or ())

    assert {path: methods for path, methods in listed.items() if "static" not in path} == served


def test_the_table_of_channels_equals_what_adapters_declare() -> None:
    table = {
        marked(use)[0]: (tuple(marked(actions)), dedupes, connections)
        for use, actions, dedupes, connections, _ in rows("docs/providers/index.md", "## Channels")
    }

    declared = {}
    for name, path in adapters.CHANNELS.items():
        can = _loaded(path)[0].can
        declared[name] = (can.actions, _repeats(can), str(can.connections))

    assert table == declared


def _repeats(can: Abilities) -> str:
    if can.keys_last:
        return f"for {can.keys_last // timedelta(hours=1)} hours"
    return "yes" if can.dedupes_by_key else "no"


def test_the_table_of_receivers_names_each() -> None:
    assert [marked(row[0])[0] for row in rows("docs/providers/index.md", "## Receivers")] == list(adapters.RECEIVERS)


def test_the_table_of_crms_equals_what_adapters_declare() -> None:
    lines = text_of("docs/providers/index.md").partition("\n## CRMs\n")[2].splitlines()
    head = [marked(cell) for cell in lines[1].strip("|").split("|")]
    columns = [cell[0] for cell in head if cell][1:]
    table = {
        marked(row[0])[0]: {column for column, cell in zip(columns, row[1:], strict=False) if cell == "yes"}
        for row in rows("docs/providers/index.md", "## CRMs")
    }

    assert set(columns) == set(Operation)
    assert table == {name: set(_can(path)) for name, path in adapters.CRMS.items()}
    with_tags = hubspot.HubSpot(hubspot.Options(token="sample", tags_property="tags"), httpx.AsyncClient())
    assert with_tags.can - _can(adapters.CRMS["hubspot"]) == {Operation.TAGS}


@pytest.mark.parametrize("path", [*adapters.CHANNELS.values(), *adapters.RECEIVERS.values(), *adapters.CRMS.values()])
def test_every_option_of_an_adapter_is_on_a_page_of_providers(path: str) -> None:
    adapter, options = _loaded(path)
    pages = [str(each.relative_to(DOCS.parent)) for each in (DOCS / "providers").glob("*.md")]
    about = [page for page in pages if adapter.provider in page or page.endswith("index.md")]
    said = set().union(*map(words, about))

    assert {field.name for field in dataclasses.fields(options)} - _NEVER_WRITTEN - said == set()


@pytest.mark.parametrize("values", [EnrollmentState, FinishReason, TouchState, Status, Scope])
def test_every_state_is_told_where_people_look_for_it(values: type[StrEnum]) -> None:
    told = re.sub(r"[*`]", "", text_of("docs/lifecycle.md") + text_of("docs/glossary.md")).lower()

    assert [value for value in values if value.value not in told and value.value.replace("_", " ") not in told] == []


def test_the_story_of_the_glossary_uses_every_word() -> None:
    page = text_of("docs/glossary.md")
    defined = re.findall(r"^\| \*\*(\w+)\*\*", page, re.M)
    story = page.partition("\n## One story with every word\n")[2]

    assert [word for word in defined if f"**{word}**" not in story] == []


@pytest.mark.parametrize("page", ["README.md", *(str(p.relative_to(DOCS.parent)) for p in sorted(DOCS.rglob("*.md")))])
def test_every_link_leads_somewhere(page: str) -> None:
    here = DOCS.parent / page
    targets = re.findall(r"\]\(([^)\s]+)\)", text_of(page))

    broken = [each for each in targets if "://" not in each and not (here.parent / each.partition("#")[0]).exists()]

    assert broken == []


def _loaded(path: str) -> tuple[Any, Any]:
    module_name, _, name = path.partition(":")
    module = importlib.import_module(module_name)
    return getattr(module, name), module.Options


_SAMPLES: dict[str, Any] = {
    "url": "https://hooks.example.com/crm",
    "secrets": ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",),
}


def _can(path: str) -> frozenset[Operation]:
    """What a connection offers with nothing but its required options."""
    adapter, options = _loaded(path)
    needed = {
        each.name: _SAMPLES.get(each.name, "sample")
        for each in dataclasses.fields(options)
        if each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING
    }

    needed |= _GRANTS.get(adapter.provider, {})

    async def made() -> frozenset[Operation]:
        async with httpx.AsyncClient() as http:
            given = {"http": http, "clock": SystemClock(), "tokens": Tokens(http, vault=Mock(), clock=SystemClock())}
            made = adapters.make(adapters.CRMS, path, needed, place=adapters.Place("", ""), given=given)
            can: frozenset[Operation] = made.can
            return can

    return asyncio.run(made())
