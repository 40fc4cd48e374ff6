"""A revision: one exact content of a sequence, as JSON. Workers read only this, so every machine runs the same text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any

from pydantic import TypeAdapter

from outreach.content.attached_files import FileRef
from outreach.content.templates import compiled, html_name
from outreach.content.workspace import Workspace
from outreach.domain.pipeline import Pipeline
from outreach.domain.sequence import (
    EnrollStep,
    IfStep,
    Sequence,
    SplitStep,
    Step,
    StopStep,
    TouchStep,
    WaitForStep,
    WaitStep,
    WriteStep,
)

FORMAT = 1

_KINDS: Mapping[str, type[Step]] = {
    "touch": TouchStep,
    "wait": WaitStep,
    "wait_for": WaitForStep,
    "if": IfStep,
    "split": SplitStep,
    "write": WriteStep,
    "enroll": EnrollStep,
    "stop": StopStep,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_STEPS: Mapping[str, TypeAdapter[Any]] = {name: TypeAdapter(kind) for name, kind in _KINDS.items()}
_SEQUENCE = TypeAdapter(Sequence)
_PIPELINE = TypeAdapter(Pipeline)
_TEMPLATES = TypeAdapter(dict[str, str])
_FILES = TypeAdapter(dict[str, FileRef])


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What a worker needs to carry out a sequence. `templates` holds sources as `Workspace.templates` does."""

    sequence: Sequence
    pipeline: Pipeline
    templates: Mapping[str, str] = field(repr=False)
    files: Mapping[str, FileRef] = field(default_factory=dict)  # that its messages carry, by their names


def freeze(workspace: Workspace, sequence_name: str) -> dict[str, object]:
    """The content of a revision: plain JSON values, with `hash` over the rest. KeyError: there is no such sequence."""
    sequence = workspace.sequences[sequence_name]
    steps = [{"kind": _NAMES[type(step)], **_said(step)} for step in sequence.steps.values()]
    content: dict[str, object] = {
        "format": FORMAT,
        "sequence": _said(sequence) | {"steps": steps},
        "pipeline": _plain(workspace.pipelines[sequence.pipeline]),
        "templates": sources_of(sequence, workspace.templates),
    }
    files = _files_of(sequence, workspace)
    if files:
        content["files"] = _plain(files)
    return content | {"hash": content_hash(content)}


_UNSAID = ("winner", "winners")
"""Left out where nothing is said, so that what was applied before there were such keys is still the same."""


def _said(value: Any) -> dict[str, Any]:
    return {key: each for key, each in _plain(value).items() if each or key not in _UNSAID}


def _files_of(sequence: Sequence, workspace: Workspace) -> dict[str, FileRef]:
    """Every file that messages of the sequence carry."""
    if not workspace.files:
        return {}
    templates = (compiled(name, workspace.templates) for name in templates_of(sequence))
    return {name: workspace.files[name] for template in templates for name in template.files}


def sources_of(sequence: Sequence, templates: Mapping[str, str]) -> dict[str, str]:
    """The sources of every template a sequence may send, and of the HTML they bring themselves."""
    names = (each for name in templates_of(sequence) for each in (name, html_name(name)))
    return {name: templates[name] for name in names if name in templates}


def templates_of(sequence: Sequence) -> Collection[str]:
    """The names of every template a sequence may send."""
    named = {
        name
        for step in sequence.steps.values()
        for name in (getattr(step, "template", None), *getattr(step, "variants", {}).values())
    }
    return sorted(name for name in named if name)


def content_hash(content: Mapping[str, object]) -> str:
    """SHA-256 over the canonical JSON of a revision, its own hash left out."""
    counted = {key: value for key, value in content.items() if key != "hash"}
    canonical = json.dumps(counted, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def thaw(content: Mapping[str, object]) -> Revision:
    """A revision from its content. Raises ValueError if it is not one, or was made by a later version."""
    if content.get("format") != FORMAT:
        raise ValueError(f"This revision has the format {content.get('format')}; this version reads {FORMAT}.")
    sequence, pipeline = content.get("sequence"), content.get("pipeline")
    if not isinstance(sequence, Mapping) or not isinstance(pipeline, Mapping):
        raise ValueError("This revision has no sequence or no pipeline.")
    steps = [_thawed(step) for step in sequence.get("steps", ())]
    return Revision(
        sequence=_SEQUENCE.validate_python({**sequence, "steps": {step.id: step for step in steps}}),
        pipeline=_PIPELINE.validate_python(pipeline),
        templates=_TEMPLATES.validate_python(content.get("templates")),
        files=_FILES.validate_python(content.get("files") or {}),
    )


def _thawed(step: Mapping[str, object]) -> Step:
    adapter = _STEPS.get(str(step.get("kind")))
    if adapter is None:
        raise ValueError(f"This revision has a step of the unknown kind '{step.get('kind')}'.")
    thawed: Step = adapter.validate_python({key: value for key, value in step.items() if key != "kind"})
    return thawed


def _plain(value: Any) -> Any:
    """Plain JSON values; sets are sorted, so that the same content always gives the same hash."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset):
        return sorted(_plain(inner) for inner in value)
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Enum):
        return value.value
    return value.isoformat() if isinstance(value, date | time) else value
