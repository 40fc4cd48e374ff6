"""Turns data from a file into a model, or into problems with their places, in our own sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from outreach.content.suggestions import closest, did_you_mean, one_of
from outreach.content.yaml_file import Path, YamlFile
from outreach.errors import Problem

MAPPING_REMEDY = "Write `key: value` lines below it."


class FileModel(BaseModel):
    """What one part of a file may say; a key it does not know is an error. Values never show in error texts of ours."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True, populate_by_name=False
    )


Model = TypeVar("Model", bound=BaseModel)


def read_model(
    model: type[Model], file: YamlFile, path: Path, data: object, *, problems: list[Problem]
) -> Model | None:
    """`data`, which stands at `path` of `file`, as a model; None after adding to `problems`."""
    if not isinstance(data, Mapping):
        problems.append(_not_a_mapping(file, path, data))
        return None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        misspelt = {_meant(model, tuple(detail["loc"])) for detail in details if detail["type"] == "extra_forbidden"}
        told = [detail for detail in details if detail["type"] != "missing" or tuple(detail["loc"]) not in misspelt]
        problems.extend(_problem(model, file, path, detail) for detail in told)
        return None


def _meant(model: type[BaseModel], location: Path) -> Path:
    """Where the key that was probably meant would stand: that it is missing as well need not be said."""
    near = closest(str(location[-1]), known_keys(model, location[:-1]))
    return (*location[:-1], near or "")


def _not_a_mapping(file: YamlFile, path: Path, data: object) -> Problem:
    what = f"{name_of(path)} has no value" if data is None else f"{name_of(path)} must be a mapping of keys to values"
    return file.problem(path, f"{what}.", MAPPING_REMEDY)


def _problem(model: type[BaseModel], file: YamlFile, path: Path, detail: ErrorDetails) -> Problem:
    location = tuple(detail["loc"])
    is_key = bool(location) and location[-1] == "[key]"
    location = location[:-1] if is_key else location
    full = (*path, *location)
    kind = detail["type"]
    if kind == "extra_forbidden":
        word = str(location[-1])
        return file.key_problem(full, f"unknown key '{word}'.", did_you_mean(word, known_keys(model, location[:-1])))
    if kind == "missing":
        return file.problem(full[:-1], f"{_inside(full)}'{location[-1]}' is missing.", f"Write `{location[-1]}: …`.")
    if is_key:
        return file.key_problem(full, *_key_words(kind, detail))
    return file.problem(full, *_words(kind, detail, name_of(full)))


def _inside(path: Path) -> str:
    return f"in {name_of(path[:-1])}, " if len(path) > 1 else ""


def name_of(path: Path) -> str:
    """How a sentence calls the value at `path`: `'senders'`, `entry 2 of 'senders'`, `the file`."""
    if not path:
        return "the file"
    last = path[-1]
    return f"entry {last + 1} of {name_of(path[:-1])}" if isinstance(last, int) else f"'{last}'"


def known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, ...]:
    """The keys that may stand in the mapping at `location` inside a model."""
    annotation: Any = model
    for part in location:
        annotation = _inner(annotation, part)
    found = _bare(annotation)
    return tuple(_names(found)) if isinstance(found, type) and issubclass(found, BaseModel) else ()


def _names(model: type[BaseModel]) -> Mapping[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _bare(annotation: Any) -> Any:
    """Without Annotated and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    choices = [choice for choice in get_args(annotation) if choice is not type(None)]
    is_optional = type(None) in get_args(annotation)
    return _bare(choices[0]) if is_optional and len(choices) == 1 else annotation


def _inner(annotation: Any, part: int | str) -> Any:
    bare = _bare(annotation)
    if isinstance(bare, type) and issubclass(bare, BaseModel):
        return _names(bare).get(str(part))
    arguments = get_args(bare)
    return arguments[-1] if arguments and arguments[-1] is not Ellipsis else (arguments[0] if arguments else None)


def _words(kind: str, detail: ErrorDetails, name: str) -> tuple[str, str]:
    if detail.get("input") is None:
        return f"{name} has no value.", "Write one, or remove the key."
    if kind == "value_error":
        said = _said(detail)
        return _split(f"{name}: {said}" if said.startswith("'") else f"{name} {said}")
    if kind in ("enum", "literal_error"):
        return _choice(detail, name)
    if kind in _KINDS:
        return f"{name} {_KINDS[kind][0]}", _KINDS[kind][1]
    if kind in _BOUNDS:
        return _BOUNDS[kind](name, detail.get("ctx", {}))
    return f"{name}: {detail['msg'].rstrip('.').lower()}.", ""


_KINDS: dict[str, tuple[str, str]] = {
    "string_type": ("must be text.", "Put it in quotes."),
    "int_type": ("must be a whole number.", ""),
    "int_parsing": ("must be a whole number.", ""),
    "int_parsing_size": ("must be a whole number.", ""),
    "int_from_float": ("must be a whole number.", ""),
    "float_type": ("must be a number.", ""),
    "bool_type": ("must be true or false.", ""),
    "bool_parsing": ("must be true or false.", ""),
    "list_type": ("must be a list.", "Write `[one, two]`."),
    "tuple_type": ("must be a list.", "Write `[one, two]`."),
    "dict_type": ("must be a mapping of keys to values.", MAPPING_REMEDY),
    "model_type": ("must be a mapping of keys to values.", MAPPING_REMEDY),
    "model_attributes_type": ("must be a mapping of keys to values.", MAPPING_REMEDY),
}

_BOUNDS: dict[str, Callable[[str, dict[str, Any]], tuple[str, str]]] = {
    "greater_than_equal": lambda name, limits: (f"{name} must be at least {limits['ge']}.", ""),
    "less_than_equal": lambda name, limits: (f"{name} must be at most {limits['le']}.", ""),
    "too_short": lambda name, limits: (
        (f"{name} is empty.", "Write at least one.")
        if limits["min_length"] == 1 or not limits["actual_length"]
        else (f"{name} has fewer than {limits['min_length']} entries.", "")
    ),
    "too_long": lambda name, limits: (f"{name} has more than {limits['max_length']} entries.", ""),
}


def _key_words(kind: str, detail: ErrorDetails) -> tuple[str, str]:
    """A key that is one of a set, or must have a certain form."""
    if kind in ("enum", "literal_error"):
        word = str(detail.get("input"))
        return f"unknown key '{word[:80]}'.", did_you_mean(word, _choices(detail))
    return _split(_said(detail))


def _said(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("error", detail["msg"]))


def _choices(detail: ErrorDetails) -> list[str]:
    expected = str(detail.get("ctx", {}).get("expected", "")).replace(" or ", ", ")
    return [word.strip().strip("'") for word in expected.split(",")]


def _choice(detail: ErrorDetails, name: str) -> tuple[str, str]:
    choices, given = _choices(detail), detail.get("input")
    if not isinstance(given, str):
        return f"{name} must be one of the words it knows.", one_of(choices)
    return f"{name} cannot be '{given[:80]}'.", did_you_mean(given, choices)


def _split(text: str) -> tuple[str, str]:
    """Our own refusals are one text; what comes after the first sentence is the remedy."""
    for mark in (". Write", ". Did you mean", ". Use", ". Units:"):
        before, found, after = text.partition(mark)
        if found:
            return f"{before}.", f"{found[2:]}{after}"
    return text, ""
