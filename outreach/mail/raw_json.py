"""Clues from the bytes of a JSON payload, without parsing it: whole, cut off or mangled, in linear time.

It may find more than a parser would, never less: what is too much is released once the payload is understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from outreach.domain.event import Clues
from outreach.mail.addresses import anyone_of
from outreach.mail.identifiers import message_ids_in, tokens_in, unique
from outreach.mail.storable import storable

MAX_BYTES = 10 * 1024 * 1024
_MAX_VALUES = 2000
_MAX_VALUE = 32_768
_ANY_ID = re.compile(r"<([^<>\s@\"]{1,250}@[^<>\s@\"]{1,250})>")
_STRING = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,40}")
_ASCII_ESCAPE = re.compile(rb"\\u00[2-7][0-9a-fA-F]")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_SHORT = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The names under which one provider writes what may tell whom a payload is about."""

    answered: tuple[str, ...] = ()  # the message that is answered
    references: tuple[str, ...] = ()
    provider_ids: tuple[str, ...] = ()
    thread_ids: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def clues_in_json(body: bytes, keys: Keys) -> Clues:
    """Every clue that is visible in the bytes. Never raises."""
    texts = _readings(body[:MAX_BYTES])
    answered = [one for value in _values(texts, keys.answered) for one in message_ids_in(value)]
    earlier = [one for value in _values(texts, keys.references) for one in reversed(message_ids_in(value))]
    loose = [one for text in texts for one in _loose_ids(text)]
    people = [person for value in _values(texts, keys.people) for person in anyone_of(value)]
    return Clues(
        message_ids=unique((*answered, *earlier, *loose)),
        tokens=unique((*_values(texts, keys.tokens), *(one for text in texts for one in tokens_in(text)))),
        provider_ids=unique(value.strip() for value in _values(texts, keys.provider_ids)),
        thread_ids=unique(value.strip() for value in _values(texts, keys.thread_ids)),
        addresses=tuple(dict.fromkeys(people)),
    )


def _readings(body: bytes) -> tuple[str, ...]:
    """The body as it is, then with its escapes undone once and twice (JSON inside JSON). NUL goes: it may be UTF-16."""
    body = body.replace(b"\0", b"")
    readings = [body]
    for _ in range(2):
        undone = _without_escapes(readings[-1])
        if undone == readings[-1]:
            break
        readings.append(undone)
    return tuple(reading.decode("utf-8", "replace") for reading in readings)


def _without_escapes(body: bytes) -> bytes:
    if b"\\" not in body:
        return body
    for escape in set(_ASCII_ESCAPE.findall(body)):
        body = body.replace(escape, bytes([int(escape[4:], 16)]))
    return body.replace(b"\\/", b"/").replace(b'\\"', b'"').replace(b"\\n", b"\n")


def values_of(body: bytes, names: tuple[str, ...]) -> tuple[str, ...]:
    """The values, up to 32 KiB of each, that stand behind these property names anywhere in the body."""
    return unique(_values(_readings(body[:MAX_BYTES]), names))


def _values(texts: Iterable[str], names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    key = re.compile(r'"(?:' + "|".join(re.escape(name) for name in names) + r')"\s*+:\s*+("|(?=[-\d]))')
    return [value for text in texts for value in _values_in(text, key)]


def _values_in(text: str, key: re.Pattern[str]) -> Iterator[str]:
    for count, match in enumerate(key.finditer(text)):
        if count >= _MAX_VALUES:
            return
        pattern = _STRING if match.group(1) else _NUMBER
        value = pattern.match(text, match.end(), min(len(text), match.end() + _MAX_VALUE))
        if value and value.group():
            yield _unescaped(value.group())


def _unescaped(literal: str) -> str:
    if "\\" not in literal:
        return storable(literal)
    text = _ESCAPE.sub(_character, literal)
    return storable(_PAIR.sub(_joined, text))


def _character(match: re.Match[str]) -> str:
    escape = match.group(1)
    return chr(int(escape[1:], 16)) if len(escape) == 5 else _SHORT.get(escape, escape)


def _joined(match: re.Match[str]) -> str:
    return match.group().encode("utf-16", "surrogatepass").decode("utf-16")


def _loose_ids(text: str) -> list[str]:
    found = [match.group(1) for _, match in zip(range(300), _ANY_ID.finditer(text), strict=False)]
    return [one for text_id in found for one in message_ids_in(f"<{text_id}>")]
