"""Writes missing ids into the text of a sequence file, leaving every other character as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from outreach.content.yaml_file import Path, Place, YamlFile, parse
from outreach.domain.action import is_touch
from outreach.errors import ConfigError

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 50


def fix_missing_ids(text: str, *, name: str = "the sequence") -> str:
    """The same text with an `id` in every step that makes a touch and has none. Raises ConfigError if it is no YAML.

    An id comes from the template (`founders/intro` → `intro`) or from what the step does, and is new in the file.
    """
    file = parse(text.encode("utf-8", "replace"), name=name)
    steps = list(_steps(file.data, ()))
    taken = {str(step["id"]) for _, step in steps if "id" in step}
    added: dict[Path, str] = {}
    for path, step in steps:
        kind = next((key for key in step if is_touch(key)), None)
        if kind and "id" not in step:
            added[path] = _free(_wish(kind, step[kind]), taken)
    fixed = _insert(file, text, added)
    _check(file, fixed, added, name)
    return fixed


def _steps(data: object, path: Path) -> Iterator[tuple[Path, dict[str, object]]]:
    """Every step of every branch with its path."""
    for key in ("steps",) if not path else _branches(data):
        listed = data.get(key) if isinstance(data, dict) else None
        for index, step in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(step, dict):
                yield (*path, key, index), step
                yield from _steps(step, (*path, key, index))


def _branches(data: object) -> tuple[str, ...]:
    split = data.get("split") if isinstance(data, dict) else None
    return ("then", "else", *(split if isinstance(split, dict) else ()))


def _wish(kind: str, value: object) -> str:
    word = value.rpartition("/")[2] if isinstance(value, str) and value else kind
    return _NOT_IN_AN_ID.sub("-", word).strip("-")[:_LONGEST] or "step"


def _free(wish: str, taken: set[str]) -> str:
    number, found = 1, wish
    while found in taken:
        number += 1
        found = f"{wish}-{number}"
    taken.add(found)
    return found


def _insert(file: YamlFile, text: str, added: dict[Path, str]) -> str:
    starts = [0, *(match.end() for match in _BREAK.finditer(text))]
    shift = 1 if text.startswith("\ufeff") else 0  # the parser does not count a byte order mark
    line_end = "\r\n" if "\r\n" in text else "\n"

    def offset(place: Place) -> int:
        return starts[place.line - 1] + place.column - 1 + (shift if place.line == 1 else 0)

    for path, step_id in sorted(added.items(), key=lambda item: offset(_first_key(file, item[0])), reverse=True):
        key = _first_key(file, path)
        is_flow = text[offset(file.place(path))] == "{"
        between = ", " if is_flow else line_end + " " * (key.column - 1)
        text = f"{text[: offset(key)]}id: {step_id}{between}{text[offset(key) :]}"
    return text


def _first_key(file: YamlFile, path: Path) -> Place:
    inside = [place for at, place in file.keys.items() if at[:-1] == path]
    return min(inside, key=lambda place: (place.line, place.column))


def _check(before: YamlFile, fixed: str, added: dict[Path, str], name: str) -> None:
    """Only ids were added; unusual layouts (aliases, `? key`) are left to a person."""
    try:
        after = parse(fixed.encode("utf-8", "replace"), name=name)
    except ConfigError:
        after = None
    if after is None or _without(after.data, added) != before.data:
        problems = [
            before.problem(path, f"the id '{step_id}' cannot be added here.") for path, step_id in added.items()
        ]
        raise ConfigError(*problems)


def _without(data: object, added: dict[Path, str], path: Path = ()) -> object:
    if isinstance(data, dict):
        kept = {key: _without(value, added, (*path, key)) for key, value in data.items()}
        if kept.get("id") == added.get(path, object()):
            del kept["id"]
        return kept
    if isinstance(data, list):
        return [_without(item, added, (*path, index)) for index, item in enumerate(data)]
    return data
