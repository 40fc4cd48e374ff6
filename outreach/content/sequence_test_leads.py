"""The `lead` of a test: the words an import knows, written as YAML; any other key is a field of the team's own."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, PlainValidator

from outreach.content.addresses import company_domain, normalise
from outreach.content.countries import country_code
from outreach.content.field_types import Line, Slug, Zone
from outreach.content.model_reading import FileModel, read_model
from outreach.content.names import LEAD
from outreach.content.suggestions import closest
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.lead import Address, AddressKind, Company, LeadDraft
from outreach.errors import Problem

SOURCE = "test"
"""The source of a lead that names none."""

_ENGINE = frozenset({"id", "pipeline", "created_at", "name"})
"""Names of a lead that a test cannot set."""


def _country(value: object) -> str:
    code = country_code(value) if isinstance(value, str) else None
    if code is None:
        raise ValueError(f"'{str(value)[:80]}' is not a country. Write its code, such as TR.")
    return code


def _score(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 999_999:
        raise ValueError("must be a whole number.")
    return value


_Plain = Any  # what YAML gives: texts, numbers, true and false, and lists of them


class _CompanyModel(FileModel):
    model_config = ConfigDict(extra="allow")

    name: Line = ""
    domain: Line | None = None


class _LeadModel(FileModel):
    model_config = ConfigDict(extra="allow")

    email: Line | None = None
    linkedin: Line | None = None
    x: Line | None = None
    telegram: Line | None = None
    whatsapp: Line | None = None
    phone: Line | None = None
    first_name: Line = ""
    last_name: Line = ""
    title: Line = ""
    language: Line = ""
    timezone: Zone | None = None
    country: Annotated[str, PlainValidator(_country)] | None = None
    owner: Line = ""
    source: Line = SOURCE
    stage: Slug | None = None
    score: Annotated[int, PlainValidator(_score)] = 0
    tags: list[Line] = Field(default=[], max_length=100)
    fields: dict[str, _Plain] = Field(default={})
    company: Any = None
    verified: bool = True
    status: Literal["new", "customer"] = "new"


def read_lead(file: YamlFile, path: Path, data: object, problems: list[Problem]) -> LeadDraft | None:
    """The lead; None after adding to `problems`."""
    model = read_model(_LeadModel, file, path, data, problems=problems)
    if model is None:
        return None
    before = len(problems)
    own = _own_fields(file, path, model, problems)
    addresses = _addresses(file, path, model, problems)
    company = _company(file, path, model.company, addresses, problems)
    if len(problems) > before:
        return None
    return LeadDraft(
        addresses=addresses,
        source=model.source,
        company=company,
        first_name=model.first_name,
        last_name=model.last_name,
        title=model.title,
        language=model.language,
        timezone=model.timezone or "",
        country=model.country or "",
        owner=model.owner,
        stage=model.stage or "",
        score=model.score,
        tags=tuple(model.tags),
        fields=own,
    )


def _own_fields(file: YamlFile, path: Path, model: _LeadModel, problems: list[Problem]) -> dict[str, Any]:
    extra = model.model_extra or {}
    known = LEAD | {"company"}
    for name in extra:
        where = (*path, name)
        if name in _ENGINE:
            problems.append(file.key_problem(where, f"'{name}' is set by the engine.", "Remove it."))
        elif near := closest(name, known - _ENGINE, cutoff=0.8):
            remedy = f"Did you mean '{near}'? A field of your own may stand under 'fields'."
            problems.append(file.key_problem(where, f"unknown key '{name}'.", remedy))
    _check_values(file, path, extra, problems)
    _check_values(file, (*path, "fields"), model.fields, problems)
    return {**extra, **model.fields}


def _check_values(file: YamlFile, path: Path, fields: dict[str, Any], problems: list[Problem]) -> None:
    for name, value in fields.items():
        values = value if isinstance(value, list) else [value]
        if not all(each is None or isinstance(each, str | int | float | bool) for each in values):
            message = f"'{name}' must be a text, a number, true, false, or a list of them."
            problems.append(file.problem((*path, name), message))


def _addresses(file: YamlFile, path: Path, model: _LeadModel, problems: list[Problem]) -> tuple[Address, ...]:
    found = []
    for kind in AddressKind:
        written = getattr(model, kind)
        if written is None:
            continue
        try:
            found.append(Address(kind, normalise(kind, written, country=model.country)))
        except ValueError as error:
            problems.append(file.problem((*path, str(kind)), str(error)))
    if not found and not any(getattr(model, kind) for kind in AddressKind):
        message = "the lead has no address."
        problems.append(file.problem(path, message, "Write `email: ayse@example.com`, for example."))
    return tuple(found)


def _company(
    file: YamlFile, path: Path, data: object, addresses: tuple[Address, ...], problems: list[Problem]
) -> Company:
    """By its domain, else by the domain of the e-mail address, as an import has it."""
    mail = (company_domain(each.value) for each in addresses if each.kind is AddressKind.EMAIL)
    domain = next((found for found in mail if found), None)
    if data is None or isinstance(data, str):
        return Company(name=data or "", domain=domain)
    model = read_model(_CompanyModel, file, (*path, "company"), data, problems=problems)
    if model is None:
        return Company()
    extra = model.model_extra or {}
    _check_values(file, (*path, "company"), extra, problems)
    own = extra.pop("fields", None)
    fields = {**extra, **own} if isinstance(own, dict) else extra
    return Company(name=model.name, domain=model.domain or domain, fields=fields)
