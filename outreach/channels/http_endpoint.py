"""One request of the channel `http` as somebody wrote it down: read strictly, filled in as data and never as text.

`{{ name }}` stands in the path and query of the URL, in headers, and in the texts of a body. Names: `to`, `to_name`,
`from_name`, `from_address`, `subject`, `text`, `key`, and `values.<name>` for what the template names under `values`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlencode, urlsplit

from outreach.api_client import segment
from outreach.channel import Message
from outreach.public_address import NotAllowed, split_outside

METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
OAUTH = ("token_url", "client_id", "client_secret", "scope")
_BODIES = ("json", "form", "multipart", "text")
_NAME = re.compile(r"\{\{\s*([A-Za-z0-9_.]+)\s*\}\}")
_PLAIN = ("to", "to_name", "from_name", "from_address", "subject", "text", "key")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DEEPEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """What is called, and how its answer is read. At most one of `json`, `form`, `multipart`, `text`."""

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Any = None
    form: Mapping[str, str] | None = None
    multipart: Mapping[str, str] | None = None
    text: str | None = None
    user: str = ""
    password: str = field(default="", repr=False)  # with `user`: basic auth
    bearer: str = field(default="", repr=False)
    oauth: Mapping[str, str] = field(default_factory=dict, repr=False)  # client credentials: see OAUTH
    sign: str = field(default="", repr=False)  # whsec_…: Standard Webhooks 1.0, signed with this secret
    idempotent: bool = False  # the same Idempotency-Key may come twice: what is in doubt is sent again
    success: tuple[int, ...] = ()  # statuses beside 2xx that mean it was taken, such as 409 for a repeat
    expect: Mapping[str, str] = field(default_factory=dict)  # path in the answer → the text that must stand there
    id: str = ""  # path of the message id in the answer
    thread: str = ""  # path of the thread id

    @property
    def reads_the_answer(self) -> bool:
        return bool(self.expect or self.id or self.thread)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be told: passwords, and every fixed text of a header or query."""
        fixed = [value for value in (*self.headers.values(), *self.query.values()) if not _NAME.search(value)]
        known = (self.password, self.bearer, self.sign, self.oauth.get("client_secret", ""))
        return tuple(one for one in (*known, *fixed) if one)


def read_endpoint(name: str, written: Any) -> Endpoint:
    """An endpoint of the settings. ValueError, with a sentence, for what is wrong in it."""
    if not isinstance(written, Mapping):
        raise ValueError(f"'{name}' must be a mapping. Write `{name}: {{url: https://…}}`.")
    known = {each.name for each in fields(Endpoint)}
    for key in written:
        if key not in known:
            raise ValueError(f"'{name}' has an unknown key '{key}'. Keys: {', '.join(sorted(known))}.")
    if not isinstance(written.get("url"), str):
        raise ValueError(f"'{name}' has no url. Write `{name}: {{url: https://…}}`.")
    values: dict[str, Any] = {key: tuple(value) if key == "success" else value for key, value in written.items()}
    values["method"] = str(values.get("method", "POST")).upper()
    endpoint = Endpoint(**values)
    _check(name, endpoint)
    return endpoint


def _check(name: str, endpoint: Endpoint) -> None:
    if endpoint.method not in METHODS:
        raise ValueError(f"'{name}' has the method '{endpoint.method}'. Write one of: {', '.join(METHODS)}.")
    bodies = [each for each in _BODIES if getattr(endpoint, each) is not None]
    if len(bodies) > 1:
        raise ValueError(f"'{name}' has {' and '.join(bodies)}. Write one of them.")
    if bodies and endpoint.method == "GET":
        raise ValueError(f"'{name}' is a GET with a body. Write POST, or use query.")
    if endpoint.sign and bodies == ["multipart"]:
        raise ValueError(f"'{name}' signs a multipart body. Write json, form or text.")
    parts = urlsplit(endpoint.url)
    if _NAME.search(parts.netloc) or "{{" in parts.scheme:
        raise ValueError(f"'{name}' takes the host of its url from a lead. Write the host as it is.")
    try:
        split_outside(_NAME.sub("x", endpoint.url))
    except NotAllowed as error:
        raise ValueError(f"'{name}': {error}.") from None
    for mapping in ("headers", "query", "form", "multipart", "expect", "oauth"):
        _check_texts(name, mapping, getattr(endpoint, mapping) or {})
    if endpoint.oauth and not set(OAUTH[:2]) <= set(endpoint.oauth) <= set(OAUTH):
        raise ValueError(f"'{name}' has an oauth that cannot work. Write {', '.join(OAUTH)}.")
    unknown = sorted(_names_in([endpoint.url, *(getattr(endpoint, each) for each in ("headers", "query", *_BODIES))]))
    if unknown:
        raise ValueError(
            f"'{name}' asks for '{unknown[0]}'. Write one of: {', '.join(_PLAIN)}, or values.<name> of the template."
        )


def _check_texts(name: str, mapping: str, values: Any) -> None:
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        raise ValueError(f"'{name}' has {mapping} that are no texts. Write names with texts in quotes.")


def _names_in(value: Any, depth: int = 0) -> set[str]:
    """Names that cannot be filled in."""
    if depth > _DEEPEST:
        raise ValueError("a body is nested too deeply.")
    if isinstance(value, str):
        found = _NAME.findall(value)
        return {each for each in found if each not in _PLAIN and not each.startswith("values.")}
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return {each for one in inner for each in _names_in(one, depth + 1)}


@dataclass(frozen=True, slots=True)
class Filled:
    """An endpoint with a message in it. Exactly one of `content` and `parts` is the body, or none."""

    path: str  # with the query
    headers: Mapping[str, str]
    content: bytes | None = None
    parts: list[tuple[str, tuple[None, str]]] | None = None


def fill(endpoint: Endpoint, message: Message) -> Filled:
    """The request for a message. ValueError for a value that is missing or cannot stand where it is asked for."""
    put = _filler(message)
    kind, content = _body(endpoint, put)
    headers = {name.lower(): _header(name, put(value)) for name, value in endpoint.headers.items()}
    headers |= {"content-type": kind} if kind and "content-type" not in headers else {}
    parts = [(name, (None, put(value))) for name, value in (endpoint.multipart or {}).items()] or None
    return Filled(_path(endpoint, put), headers, content, parts)


def _filler(message: Message) -> Callable[..., str]:
    def value_of(name: str) -> str:
        if not name.startswith("values."):
            return str(getattr(message, name))
        named = name.removeprefix("values.")
        if named not in message.values:
            raise ValueError(f"the template names no value '{named}'; write it under `values` at its head")
        return message.values[named]

    def put(text: str, encode: Callable[[str], str] = str) -> str:
        return _NAME.sub(lambda match: encode(value_of(match[1])), text)

    return put


def _path(endpoint: Endpoint, put: Callable[..., str]) -> str:
    parts = urlsplit(endpoint.url)
    path = put(parts.path, segment) or "/"
    query = [put(parts.query, lambda value: urlencode({"": value})[1:])] if parts.query else []
    if endpoint.query:
        query.append(urlencode([(name, put(value)) for name, value in endpoint.query.items()]))
    return path + (f"?{'&'.join(query)}" if query else "")


def _body(endpoint: Endpoint, put: Callable[..., str]) -> tuple[str, bytes | None]:
    if endpoint.json is not None:
        return "application/json", json.dumps(_as_data(endpoint.json, put), ensure_ascii=False).encode()
    if endpoint.form is not None:
        pairs = [(name, put(value)) for name, value in endpoint.form.items()]
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()
    if endpoint.text is not None:
        return "text/plain; charset=utf-8", put(endpoint.text).encode()
    return "", None


def _as_data(value: Any, put: Callable[..., str]) -> Any:
    """Values go in behind the structure, so that no quote or brace in one can change it."""
    if isinstance(value, str):
        return put(value)
    if isinstance(value, Mapping):
        return {str(name): _as_data(one, put) for name, one in value.items()}
    return [_as_data(one, put) for one in value] if isinstance(value, list | tuple) else value


def _header(name: str, value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError(f"the header {name} would hold a line end or control character")
    return value


def at_path(answer: Any, path: str) -> str:
    """The text or number at `order.id` or `items.0.id`. LookupError where there is none."""
    for word in path.split("."):
        answer = answer[int(word)] if isinstance(answer, list) else answer[word]
    if isinstance(answer, bool):
        return "true" if answer else "false"
    if not isinstance(answer, str | int | float) or answer == "":
        raise LookupError(path)
    return str(answer)
