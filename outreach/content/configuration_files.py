"""Reads the three configuration files of a workspace into Settings, or into every problem they have."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import TypeVar

from outreach.content import yaml_file
from outreach.content.configuration import Settings
from outreach.content.crm_abilities import CrmCan
from outreach.content.crm_file import read_crm
from outreach.content.notify_settings import check_notify
from outreach.content.outreach_file import overlay, read_outreach
from outreach.content.reports_settings import check_reports
from outreach.content.senders_file import read_senders
from outreach.content.variables import Resolved, read_env_files, resolve
from outreach.content.yaml_file import Path, YamlFile
from outreach.errors import ConfigError, Problem

OUTREACH = "config/outreach.yaml"
SENDERS = "config/senders.yaml"
CRM = "config/crm.yaml"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What was read. `settings` is None if config/outreach.yaml is wrong; the files are kept to point into them."""

    settings: Settings | None
    senders_file: YamlFile
    crm_file: YamlFile
    problems: tuple[Problem, ...]


def read_configuration(
    root: FilePath,
    environ: Mapping[str, str],
    *,
    used_senders: Collection[str] | None = None,
    needs_secrets: bool = True,
    crm_can: CrmCan | None = None,
) -> Configuration:
    """Read all three. `crm_can` tells what the adapters of CRMs can do (`outreach.adapters.crm_abilities`).

    Variables that are not set are problems where they are used: everywhere if `used_senders` is None, nowhere if
    `needs_secrets` is false (the placeholder then stays in the value).
    """
    problems: list[Problem] = []
    values = read_env_files(root, problems) | dict(environ)

    def is_used(path: Path) -> bool:
        return needs_secrets

    def is_used_sender(path: Path) -> bool:
        return needs_secrets and (used_senders is None or path[:1] == () or path[0] in used_senders)

    main = resolve(overlay(_required(root, problems), values, problems), values)
    senders = resolve(_optional(root, SENDERS, problems), values)
    crm = resolve(_optional(root, CRM, problems), values)
    settings = _with(main, lambda found: read_outreach(main.file, root, found), is_used, problems)
    people = _with(senders, lambda found: read_senders(senders.file, found), is_used_sender, problems)
    connections = _with(crm, lambda found: read_crm(crm.file, found, crm_can), is_used, problems)
    if settings:
        problems.extend(check_reports(main.file, settings.reports, people))
        problems.extend(check_notify(main.file, settings.notify, people))
    return Configuration(
        settings=replace(settings, senders=people, crm=connections) if settings else None,
        senders_file=senders.file,
        crm_file=crm.file,
        problems=tuple(problems),
    )


def _with(
    resolved: Resolved, read: Callable[[list[Problem]], T], is_used: Callable[[Path], bool], problems: list[Problem]
) -> T:
    found: list[Problem] = []
    value = read(found)
    problems.extend(resolved.clean(found))
    problems.extend(resolved.missing(is_used))
    return value


def _required(root: FilePath, problems: list[Problem]) -> YamlFile:
    if not (root / OUTREACH).exists():
        remedy = "Begin a workspace with `outreach init DIR`, or change to one."
        problems.append(Problem(OUTREACH, 0, 0, "this file does not exist.", remedy))
    return _optional(root, OUTREACH, problems)


def _optional(root: FilePath, name: str, problems: list[Problem]) -> YamlFile:
    """The file, or an empty one if it does not exist or cannot be read."""
    try:
        if (root / name).exists():
            return yaml_file.read(root / name, name=name)
    except ConfigError as error:
        problems.extend(error.problems)
    return YamlFile(name, None, {}, {})
