"""Sections that hold keys of ours beside keys only an adapter knows."""

from __future__ import annotations

from collections.abc import Mapping

from outreach.content.model_reading import FileModel, known_keys
from outreach.content.suggestions import closest
from outreach.content.yaml_file import Path, YamlFile
from outreach.errors import Problem

_NEAR = 0.8


def split_options(
    model: type[FileModel], file: YamlFile, path: Path, data: Mapping[str, object], *, problems: list[Problem]
) -> tuple[dict[str, object], dict[str, object]]:
    """(what the model knows, the adapter's options). An option that is nearly a key of ours is a misspelling."""
    known = known_keys(model, ())
    own = {key: value for key, value in data.items() if key in known}
    options = {key: value for key, value in data.items() if key not in known}
    for key in options:
        near = closest(key, [name for name in known if name not in data], cutoff=_NEAR)
        if near:
            problems.append(file.key_problem((*path, key), f"unknown key '{key}'.", f"Did you mean '{near}'?"))
    return own, options
