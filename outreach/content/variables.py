"""Variables: `.env`, `"${NAME}"` inside values, and `OUTREACH_…` names over the keys of config/outreach.yaml.

The environment itself is read by the caller and comes in as a mapping. What a variable held is never in a problem.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from dotenv.parser import parse_stream

from outreach.content.yaml_file import Path, YamlFile, decode, read_bytes
from outreach.errors import ConfigError, Problem

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SHORTEST_HIDDEN = 4

ENV_FILES = ("config/.env", ".env")
"""The later one wins; the environment wins over both."""


def read_env_files(root: FilePath, problems: list[Problem]) -> dict[str, str]:
    """What the `.env` files of a workspace set."""
    values: dict[str, str] = {}
    for name in ENV_FILES:
        if (root / name).is_file():
            values |= _read_env_file(root / name, name, problems)
    return values


def _read_env_file(path: FilePath, name: str, problems: list[Problem]) -> dict[str, str]:
    try:
        text = decode(read_bytes(path, name=name), name=name)
    except ConfigError as error:
        problems.extend(error.problems)
        return {}
    values = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.line
            problems.append(Problem(name, line, 1, "this line cannot be read.", "Write NAME=value, one in each line."))
        elif binding.key and binding.value is not None:
            values[binding.key] = binding.value
    return values


@dataclass(frozen=True, slots=True)
class Resolved:
    """A file with its placeholders filled in. `unset` says which variables had no value, and where."""

    file: YamlFile
    unset: Mapping[Path, tuple[str, ...]]
    hidden: Mapping[str, str] = field(repr=False)  # what was filled in → its placeholder

    def clean(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems without those that only follow from an unset variable, and without any filled-in value."""
        silent = {(place.line, place.column) for place in map(self.file.place, self.unset)}
        return [self._hide(problem) for problem in problems if (problem.line, problem.column) not in silent]

    def missing(self, is_used: Callable[[Path], bool]) -> list[Problem]:
        """One problem for each variable that has no value in a place that is used."""
        return [
            self.file.problem(path, f"the variable {name} is not set.", "Set it in the environment or in .env.")
            for path, names in self.unset.items()
            if is_used(path)
            for name in names
        ]

    def _hide(self, problem: Problem) -> Problem:
        message, remedy = problem.message, problem.remedy
        for value in sorted(self.hidden, key=len, reverse=True):
            message, remedy = message.replace(value, self.hidden[value]), remedy.replace(value, self.hidden[value])
        return replace(problem, message=message, remedy=remedy)


def is_unset(data: object) -> bool:
    """Does a placeholder stand in any value, because its variable has none?"""
    if isinstance(data, Mapping):
        return any(map(is_unset, data.values()))
    if isinstance(data, list | tuple):
        return any(map(is_unset, data))
    return isinstance(data, str) and _PLACEHOLDER.search(data) is not None


def resolve(file: YamlFile, values: Mapping[str, str]) -> Resolved:
    """Fill in every `${NAME}`. A variable that is empty counts as not set, and its placeholder stays."""
    unset: dict[Path, tuple[str, ...]] = {}
    hidden: dict[str, str] = {}
    data = _fill(file.data, (), lambda path, text: _fill_text(path, text, values, unset, hidden))
    return Resolved(replace(file, data=data), unset, hidden)


def _fill(data: object, path: Path, fill: Callable[[Path, str], str]) -> object:
    if isinstance(data, str):
        return fill(path, data)
    if isinstance(data, list):
        return [_fill(item, (*path, index), fill) for index, item in enumerate(data)]
    if isinstance(data, dict):
        return {key: _fill(value, (*path, key), fill) for key, value in data.items()}
    return data


def _fill_text(
    path: Path,
    text: str,
    values: Mapping[str, str],
    unset: dict[Path, tuple[str, ...]],
    hidden: dict[str, str],
) -> str:
    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        value = values.get(name, "") if _NAME.fullmatch(name) else ""
        if not value:
            unset[path] = (*unset.get(path, ()), name)
            return match.group()
        if len(value) >= _SHORTEST_HIDDEN:
            hidden[value] = match.group()
        return value

    return _PLACEHOLDER.sub(fill, text)
