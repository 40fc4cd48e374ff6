"""Splits a template file into its front matter (between two lines of `---`) and its body, each with its first line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import YamlFile, parse
from outreach.errors import ConfigError, Problem

_FENCE = "---"
_MOST_VALUES = 30
_MOST_FILES = 10
_FILE = re.compile(r"[^\x00-\x1f\\:*?\"<>|/]{1,100}(?:/[^\x00-\x1f\\:*?\"<>|/]{1,100}){0,5}")
_IMAGE = re.compile(_FILE.pattern + r"\.(?:png|jpe?g|gif|webp)", re.IGNORECASE)
_IMAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_VALUE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}(?:\.[A-Za-z0-9_]{1,64})?")


class FunnelStage(StrEnum):
    """How far a reader is on the way to buying when a message is meant for them."""

    AWARENESS = "awareness"
    CONSIDERATION = "consideration"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Line:
    """One text of the front matter and where it stands; line and column count from 1."""

    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a template says of itself. `body` begins in `body_line` of the file; every line end is `\\n`."""

    body: str
    body_line: int = 1
    subject: Line | None = None
    preheader: Line | None = None
    language: str | None = None
    funnel_stage: FunnelStage | None = None
    approved_as: str | None = None  # the name under which a provider (WhatsApp) approved this text
    attachments: tuple[str, ...] = ()  # files of the folder attachments/
    images: Mapping[str, str] = field(default_factory=dict)  # by the name after `cid:`, such files too
    values: Mapping[str, Line] = field(default_factory=dict)  # by name: for approved texts and HTTP requests


_KEYS = ("subject", "preheader", "language", "funnel_stage", "approved_as", "attachments", "images", "values")


def split(source: str, *, file: str) -> FrontMatter:
    """Read a template file. Raises ConfigError with every problem of the front matter."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    if lines[0].rstrip() != _FENCE:
        return FrontMatter(body="\n".join(lines))
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        message = "the front matter that begins here has no end."
        raise ConfigError(Problem(file, 1, 1, message, "Write a second line of '---' behind it."))
    # An empty first line stands for the fence, so that the parser counts lines as the file does.
    head = parse("\n".join(["", *lines[1:end]]).encode("utf-8", "replace"), name=file)
    return _read(head, body="\n".join(lines[end + 1 :]), body_line=end + 2)


def _read(head: YamlFile, *, body: str, body_line: int) -> FrontMatter:
    values = head.data if head.data is not None else {}
    if not isinstance(values, dict):
        raise ConfigError(head.problem((), "the front matter holds no keys.", "Write `subject: Your audit`."))
    problems = [problem for key, value in values.items() if (problem := _problem(head, key, value))]
    if problems:
        raise ConfigError(*problems)
    stage = values.get("funnel_stage")
    return FrontMatter(
        body=body,
        body_line=body_line,
        subject=_line(head, "subject"),
        preheader=_line(head, "preheader"),
        language=values.get("language"),
        funnel_stage=FunnelStage(stage) if stage else None,
        approved_as=values.get("approved_as"),
        attachments=tuple(dict.fromkeys(values.get("attachments") or ())),
        images=dict(values.get("images") or {}),
        values={name: _value_line(head, name) for name in values.get("values") or {}},
    )


def _problem(head: YamlFile, key: str, value: object) -> Problem | None:
    if key not in _KEYS:
        return head.key_problem((key,), f"unknown key '{key}'.", did_you_mean(key, _KEYS))
    if key in _CHECKS:
        return _CHECKS[key](head, value)
    if not isinstance(value, str) or not value.strip():
        return head.problem((key,), f"'{key}' must be a text.", f'Put it in quotes: {key}: "…".')
    if key == "funnel_stage" and value not in tuple(FunnelStage):
        return head.problem((key,), f"unknown funnel stage '{value[:40]}'.", did_you_mean(value, FunnelStage))
    if key == "language" and not _is_language(value):
        return head.problem((key,), f"'{value[:40]}' is no language.", "Write a code such as en, tr or pt-BR.")
    return None


def _values_problem(head: YamlFile, value: object) -> Problem | None:
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_VALUES:
        remedy = 'Write a name and a text for each, at most 30, such as `first_name: "{{ lead.first_name }}"`.'
        return head.problem(("values",), "'values' must be names with texts.", remedy)
    for name, text in value.items():
        if not _VALUE_NAME.fullmatch(str(name)):
            remedy = "Use letters, digits and '_', such as first_name, 1 or header.1."
            return head.key_problem(("values", name), f"'{str(name)[:80]}' is not a name.", remedy)
        if not isinstance(text, str) or not text.strip():
            return head.problem(("values", name), f"'{name}' must be a text.", f'Put it in quotes: {name}: "…".')
    return None


def _attachments_problem(head: YamlFile, value: object) -> Problem | None:
    is_right = (
        isinstance(value, list) and value and all(isinstance(each, str) and _FILE.fullmatch(each) for each in value)
    )
    if is_right and isinstance(value, list) and len(value) <= _MOST_FILES:
        return None
    remedy = f"Write at most {_MOST_FILES} names of files in attachments/, such as [brochure.pdf]."
    return head.problem(("attachments",), "'attachments' must be a list of files.", remedy)


def _images_problem(head: YamlFile, value: object) -> Problem | None:
    remedy = "Write a name and an image in attachments/ for each, such as {logo: logo.png}; show it as cid:logo."
    if not isinstance(value, dict) or not 0 < len(value) <= _MOST_FILES:
        return head.problem(("images",), "'images' must be names with files.", remedy)
    for name, file in value.items():
        if not _IMAGE_NAME.fullmatch(str(name)):
            return head.key_problem(("images", name), f"'{str(name)[:80]}' is not a name.", "Use letters and digits.")
        if not isinstance(file, str) or not _IMAGE.fullmatch(file):
            return head.problem(("images", name), f"'{name}' must be a png, jpg, gif or webp file.", remedy)
    return None


def _is_language(value: str) -> bool:
    parts = value.split("-")
    return 2 <= len(parts[0]) <= 3 and all(part.isascii() and part.isalnum() and len(part) <= 8 for part in parts)


def _line(head: YamlFile, key: str) -> Line | None:
    values = head.data
    if not isinstance(values, dict) or key not in values:
        return None
    place = head.place((key,))
    return Line(values[key], place.line, place.column)


_CHECKS: Mapping[str, Callable[[YamlFile, object], Problem | None]] = {
    "values": _values_problem,
    "attachments": _attachments_problem,
    "images": _images_problem,
}


def _value_line(head: YamlFile, name: str) -> Line:
    assert isinstance(head.data, dict)
    place = head.place(("values", name))
    return Line(head.data["values"][name], place.line, place.column)
