"""config/outreach.yaml: database, queue, web, defaults, schedules and webhooks; each key also as `OUTREACH_…`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict

from outreach.content.configuration import (
    Defaults,
    DnsPolicy,
    Organisation,
    ReplySettings,
    Settings,
    UnknownPolicy,
    WebhookSettings,
    WebSettings,
)
from outreach.content.field_types import Elapsed, Line, Port, Secret, Slug, Text, WebUrl, split_url
from outreach.content.model_reading import MAPPING_REMEDY, FileModel, known_keys, read_model
from outreach.content.names import COMPANY, LEAD
from outreach.content.notify_settings import NotifyModel, notify_settings
from outreach.content.options import split_options
from outreach.content.own_fields import FieldType
from outreach.content.pace_models import GuardsModel, RecipientsModel
from outreach.content.reports_settings import ReportsModel, report_settings
from outreach.content.schedules import BUILT_IN, ScheduleModel
from outreach.content.suggestions import closest
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.sequence import Tracking
from outreach.errors import Problem

PREFIX = "OUTREACH_"
_NOTHING = "null"
_JSON_REMEDY = "Write JSON, or one variable for each key."
_NEAR = 0.85
_SQLITE = "sqlite:///"
_POSTGRESQL = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://(?=.)")
_BROKER_KEYS = ("broker_url", "redis_url")
_BROKERS = ("redis", "rediss", "amqp", "amqps")


def _database(url: str) -> str:
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE) and ":memory:" not in url:
        return url
    if _POSTGRESQL.match(url):
        return _POSTGRESQL.sub("postgresql+psycopg://", url, count=1)
    raise ValueError(
        "is not a database this can use. Write sqlite:///outreach.db or postgresql+psycopg://user@host/name."
    )


def _broker(url: str) -> str:
    parts = split_url(url)
    if parts.scheme not in _BROKERS or not parts.hostname:
        raise ValueError("is not a queue this can use. Write redis://host:6379/0, amqp://host or null.")
    return url


class OrganisationModel(FileModel):
    name: Line
    postal_address: Text


class TrackingModel(FileModel):
    opens: bool = False
    clicks: bool = False

    def tracking(self) -> Tracking:
        return Tracking(opens=self.opens, clicks=self.clicks)


class DefaultsModel(FileModel):
    max_late: Elapsed = timedelta(days=2)
    unknown: UnknownPolicy = UnknownPolicy.HOLD
    tracking: TrackingModel = TrackingModel()
    dns_check: DnsPolicy = DnsPolicy.PAUSE


def _dotted_path(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", text):
        raise ValueError("is not a path to a callable. Write it as package.module:callable.")
    return text


class RepliesModel(FileModel):
    classifier: Annotated[str, AfterValidator(_dotted_path)] | None = None
    new_leads: bool = False
    not_now: Elapsed = timedelta(days=90)
    out_of_office: Elapsed = timedelta(days=7)


def _field_name(text: str) -> str:
    holder, dot, name = text.rpartition(".")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) or (dot and holder != "company"):
        raise ValueError(f"'{text[:80]}' is no name of a field. Write it as renewal_on, or company.size.")
    if name in (COMPANY if dot else LEAD):
        raise ValueError(f"'{text[:80]}' is there already. Choose another name.")
    return text


class WebModel(FileModel):
    host: Line = "127.0.0.1"
    port: Port = 8080


class WebhookModel(FileModel):
    use: Line


class OutreachModel(FileModel):
    """The keys of the file."""

    database_url: Annotated[str, AfterValidator(_database)] = "sqlite:///outreach.db"
    broker_url: Annotated[str, AfterValidator(_broker)] | None = None
    redis_url: Annotated[str, AfterValidator(_broker)] | None = None
    public_url: WebUrl = "http://127.0.0.1:8080"
    organisation: OrganisationModel | None = None
    defaults: DefaultsModel = DefaultsModel()
    replies: RepliesModel = RepliesModel()
    recipients: RecipientsModel = RecipientsModel()
    guards: GuardsModel = GuardsModel()
    schedules: dict[Slug, ScheduleModel] = Field(default={})
    webhooks: dict[Slug, dict[str, Any]] = Field(default={})
    web: WebModel = WebModel()
    reports: ReportsModel = ReportsModel()
    notify: NotifyModel = NotifyModel()
    fields: dict[Annotated[str, AfterValidator(_field_name)], FieldType] = Field(default={})
    verifier: Line | None = None
    secret_key: Secret | None = None


class OutreachVariables(OutreachModel, BaseSettings):
    """The same keys as names of variables: OUTREACH_PUBLIC_URL, OUTREACH_ORGANISATION__NAME. Never instantiated."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")


class _VariablesSource(EnvSettingsSource):
    """Reads the variables from a mapping it is given instead of from the process."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in values.items() if value and value != _NOTHING}
        super().__init__(OutreachVariables)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._values

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON where it is JSON; other text goes on as it is, and is refused later if no text may stand there."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except (ValueError, RecursionError):
            return value


@dataclass(frozen=True)
class _Overlaid(YamlFile):
    """A file some of whose values came from variables; a problem with such a value names the variable."""

    variables: Mapping[Path, str] = field(default_factory=dict, repr=False)

    def problem(self, path: Path, message: str, remedy: str = "") -> Problem:
        name = next((self.variables[path[:cut]] for cut in range(len(path), 0, -1) if path[:cut] in self.variables), "")
        if not name:
            return YamlFile.problem(self, path, message, remedy)
        return Problem(name, 0, 0, message, _JSON_REMEDY if remedy == MAPPING_REMEDY else remedy)

    def key_problem(self, path: Path, message: str, remedy: str = "") -> Problem:
        if any(path[:cut] in self.variables for cut in range(1, len(path) + 1)):
            return self.problem(path, message, remedy)
        return YamlFile.key_problem(self, path, message, remedy)


def overlay(file: YamlFile, values: Mapping[str, str], problems: list[Problem]) -> YamlFile:
    """The file with the values of `OUTREACH_…` variables in place of its own."""
    _refuse_misspelt(values, problems)
    from_variables = _nulls(values) | _VariablesSource(values)()
    variables = {path: PREFIX + "__".join(map(str, path)).upper() for path in _leaves(from_variables, ())}
    if not variables:
        return file
    data = _merged(_without_brokers(file.data, from_variables), from_variables)
    return _Overlaid(file.name, data, file.values, file.keys, variables)


def _nulls(values: Mapping[str, str]) -> dict[str, Any]:
    """The word null takes a key of the file away."""
    taken = {name.lower() for name, value in values.items() if value == _NOTHING}
    return {key: None for key in known_keys(OutreachModel, ()) if (PREFIX + key).lower() in taken}


def _without_brokers(data: object, from_variables: Mapping[str, Any]) -> dict[str, Any]:
    """A queue named by a variable replaces the one in the file, whichever of its two names the file uses."""
    written = data if isinstance(data, dict) else {}
    is_named = any(key in from_variables for key in _BROKER_KEYS)
    return {key: value for key, value in written.items() if not (is_named and key in _BROKER_KEYS)}


def _refuse_misspelt(values: Mapping[str, str], problems: list[Problem]) -> None:
    """A variable that is nearly one of ours would silently do nothing."""
    known = [PREFIX + key.upper() for key in known_keys(OutreachModel, ())]
    for name in sorted(values):
        if not name.startswith(PREFIX) or name.partition("__")[0] in known:
            continue
        near = closest(name, known, cutoff=_NEAR)
        if near:
            problems.append(Problem(name, 0, 0, "unknown variable.", f"Did you mean '{near}'?"))


def _leaves(data: Mapping[str, Any], path: Path) -> list[Path]:
    found: list[Path] = []
    for key, value in data.items():
        found += _leaves(value, (*path, key)) if isinstance(value, dict) and value else [(*path, key)]
    return found


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        present = both.get(key)
        both[key] = _merged(present, value) if isinstance(present, dict) and isinstance(value, dict) else value
    return both


def _defaults(model: DefaultsModel) -> Defaults:
    return Defaults(
        max_late=model.max_late,
        unknown=model.unknown,
        tracking=model.tracking.tracking(),
        dns_check=model.dns_check,
    )


def read_outreach(file: YamlFile, root: FilePath, problems: list[Problem]) -> Settings | None:
    """Settings without senders and CRM connections; None if the file is wrong."""
    model = read_model(OutreachModel, file, (), {} if file.data is None else file.data, problems=problems)
    if model is None:
        return None
    if model.broker_url and model.redis_url and model.broker_url != model.redis_url:
        problems.append(file.key_problem(("redis_url",), "'redis_url' and 'broker_url' differ.", "Keep one of them."))
    webhooks = {name: _webhook(file, name, data, problems) for name, data in model.webhooks.items()}
    return Settings(
        root=root,
        database_url=_against(root, model.database_url),
        broker_url=model.broker_url or model.redis_url,
        public_url=model.public_url,
        organisation=_organisation(model.organisation),
        defaults=_defaults(model.defaults),
        replies=ReplySettings(**dict(model.replies)),
        recipients=model.recipients.caps(),
        guards=model.guards.guards(),
        schedules=BUILT_IN | {name: schedule.schedule(name) for name, schedule in model.schedules.items()},
        webhooks={name: webhook for name, webhook in webhooks.items() if webhook},
        web=WebSettings(host=model.web.host, port=model.web.port),
        reports=report_settings(model.reports),
        notify=notify_settings(file, model.notify, problems),
        fields=dict(model.fields),
        verifier=model.verifier,
        secret_key=model.secret_key,
    )


def _organisation(model: OrganisationModel | None) -> Organisation | None:
    return Organisation(name=model.name, postal_address=model.postal_address) if model else None


def _webhook(file: YamlFile, name: str, data: dict[str, Any], problems: list[Problem]) -> WebhookSettings | None:
    own, options = split_options(WebhookModel, file, ("webhooks", name), data, problems=problems)
    model = read_model(WebhookModel, file, ("webhooks", name), own, problems=problems)
    return WebhookSettings(name=name, use=model.use, options=options) if model else None


def _against(root: FilePath, url: str) -> str:
    """A relative SQLite file lies in the workspace, wherever the command was started."""
    if not url.startswith(_SQLITE):
        return url
    path, mark, query = url[len(_SQLITE) :].partition("?")
    return f"{_SQLITE}{(root / path).as_posix()}{mark}{query}"
