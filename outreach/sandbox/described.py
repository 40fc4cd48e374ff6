"""What a published API description allows, in few words, and the proof that a request keeps to it.

A table has one line for each call: `"GET /persons/{id:\\d+}": Call(query={"limit": digits(500)})`. A name that ends in
`*` is required; a name that is not in the table is refused, as is a value of another kind. Kinds are functions that say
what is wrong with a value, or nothing. Of a query every value is a text, of a JSON body they are what JSON has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

Kind = Callable[[Any], str]
"""A value → what is wrong with it, such as `limit: no integer`; empty where nothing is."""

_FORM = "application/x-www-form-urlencoded"


class Undescribed(Exception):
    """A request that is not in the description. `status`: 404 for another path, 415 for a body of another type."""

    def __init__(self, status: int, said: str) -> None:
        self.status, self.said = status, said
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Call:
    """`body`: of the JSON; `form`: fields of a form. Neither: no body at all."""

    query: Mapping[str, Kind] = field(default_factory=dict)
    body: Kind | None = None
    form: Mapping[str, Kind] | None = None
    headers: Mapping[str, Kind] = field(default_factory=dict)


class Description:
    """The calls of one API. `base`: what stands before every path of the table; `beside`: calls that lie elsewhere."""

    def __init__(self, calls: Mapping[str, Call], *, base: str = "", beside: Mapping[str, Call] | None = None) -> None:
        self._calls = [(*_pattern(line, base), call) for line, call in calls.items()]
        self._calls += [(*_pattern(line, ""), call) for line, call in (beside or {}).items()]

    def prove(self, request: httpx.Request) -> None:
        """Raises Undescribed."""
        call = self._call(request)
        problems = [*_unlike(_pairs(request.url.params.multi_items()), call.query, "query")]
        described = {name.rstrip("*") for name in call.headers}
        headers = {name: request.headers[name] for name in request.headers if name in described}
        problems += _unlike(headers, call.headers, "header")
        if problems:
            raise Undescribed(400, "; ".join(problems))
        _prove_body(request, call)

    def _call(self, request: httpx.Request) -> Call:
        path = request.url.raw_path.decode().partition("?")[0]
        for method, pattern, call in self._calls:
            if method == request.method and pattern.fullmatch(path):
                return call
        raise Undescribed(404, f"nothing at {request.method} {path}")


def text(value: Any) -> str:
    return "" if isinstance(value, str) else "no text"


def whole(value: Any) -> str:
    return "" if isinstance(value, int) and not isinstance(value, bool) else "no integer"


def number(value: Any) -> str:
    return "" if isinstance(value, int | float) and not isinstance(value, bool) else "no number"


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "neither true nor false"


def anything(value: Any) -> str:
    return ""


def like(pattern: str, at_most: int = 100_000) -> Kind:
    """A text of that form."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any) -> str:
        fits = isinstance(value, str) and len(value) <= at_most and compiled.fullmatch(value)
        return "" if fits else f"not of the form {pattern}, at most {at_most} long"

    return check


def up_to(length: int) -> Kind:
    """A text that is not longer."""
    return like(".*", length)


def digits(most: int | None = None, least: int = 0) -> Kind:
    """An integer in a query."""

    def check(value: Any) -> str:
        fits = isinstance(value, str) and re.fullmatch(r"\d+", value) is not None
        fits = fits and least <= int(value) and (most is None or int(value) <= most)
        return "" if fits else f"no integer from {least} to {most or 'any'}"

    return check


def at_most(most: int, least: int = 0) -> Kind:
    """An integer of a body."""
    return lambda value: whole(value) or ("" if least <= value <= most else f"not from {least} to {most}")


def one_of(*values: str) -> Kind:
    return lambda value: "" if value in values else f"none of {', '.join(values)}"


switch = one_of("true", "false")  # a boolean in a query


def many(kind: Kind, *, most: int | None = None, least: int = 0) -> Kind:
    """A list, each of that kind."""

    def check(value: Any) -> str:
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            return f"no list of {least} to {most or 'any'}"
        return next((f"[{place}] {said}" for place, one in enumerate(value) if (said := kind(one))), "")

    return check


def listed(kind: Kind, most: int) -> Kind:
    """Values joined by commas, in a query."""
    return lambda value: many(kind, most=most)(value.split(",")) if isinstance(value, str) else "no text"


def mapping(kind: Kind) -> Kind:
    """An object with any names, each value of that kind."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return "no object"
        return next((f"{name}: {said}" for name, one in value.items() if (said := kind(one))), "")

    return check


def shape(names: Mapping[str, Kind], *, others: Kind | None = None) -> Kind:
    """An object with these names. `others`: of which kind values under any other name are; None: there are none."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return "no object"
        return "; ".join(_unlike(value, names, "", others))

    return check


def or_null(kind: Kind) -> Kind:
    return lambda value: "" if value is None else kind(value)


def any_of(*kinds: Kind) -> Kind:
    return lambda value: "" if any(not kind(value) for kind in kinds) else " and ".join(kind(value) for kind in kinds)


def _unlike(value: Mapping[str, Any], names: Mapping[str, Kind], where: str, others: Kind | None = None) -> list[str]:
    known = {name.rstrip("*"): kind for name, kind in names.items()}
    required = {name.rstrip("*") for name in names if name.endswith("*")}
    said = [f"{where} {name}: missing" for name in sorted(required - set(value))]
    for name, one in value.items():
        kind = known.get(name, others)
        wrong = kind(one) if kind else "not described"
        said += [f"{where} {name}: {wrong}"] if wrong else []
    return [each.strip() for each in said]


def _pairs(items: Sequence[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in items]
    if twice := [name for name in names if names.count(name) > 1]:
        raise Undescribed(400, f"query {twice[0]}: twice")
    return dict(items)


def _prove_body(request: httpx.Request, call: Call) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if call.form is not None:
        if content_type != _FORM:
            raise Undescribed(415, f"write {_FORM}")
        problems = _unlike(_pairs(parse_qsl(request.content.decode(), keep_blank_values=True)), call.form, "form")
    elif call.body is not None:
        if content_type != "application/json":
            raise Undescribed(415, "write application/json")
        problems = [said for said in [call.body(_json(request))] if said]
    else:
        problems = ["there is a body"] if request.content else []
    if problems:
        raise Undescribed(400, "; ".join(problems))


def _json(request: httpx.Request) -> Any:
    try:
        return json.loads(request.content)
    except ValueError:
        raise Undescribed(400, "the body is no JSON") from None


def _pattern(line: str, base: str) -> tuple[str, re.Pattern[str]]:
    """`{name}` stands for one segment of a path, `{name:pattern}` for one of that form."""
    method, _, path = line.partition(" ")
    parts = re.split(r"\{\w+(?::((?:[^{}]|\{[\d,]+\})*))?\}", base + path)
    form = "".join(
        re.escape(part or "") if place % 2 == 0 else f"(?:{part or '[^/]+'})" for place, part in enumerate(parts)
    )
    return method, re.compile(form)
