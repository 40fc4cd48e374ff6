"""A raw mail as headers and parts: bounded before anything is read, linear, never an exception for odd content.

Facts: RFC 5322 (fields), 2045 and 2046 (parts), 2047 (encoded words). Written for mail as it is found, so a missing
boundary, an unknown charset, broken base64 or a `From ` line on top are read as well as they can be.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

from outreach.mail.storable import storable

MAX_BYTES = 10 * 1024 * 1024
MAX_HEADER_BYTES = 64 * 1024
MAX_FIELDS = 500
MAX_FIELD_BYTES = 8 * 1024
MAX_PARTS = 100
MAX_DEPTH = 20
MAX_TEXT_BYTES = 1024 * 1024

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:(.*)", re.DOTALL)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_REST_OF_DELIMITER = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")
_PARAM = re.compile(r';\s*([\w*-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.){0,300})"|([^\s;"]{0,300}))')
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
_BETWEEN_WORDS = re.compile(r"(=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,2000}\?=)\s+(?==\?)")
_CHARSET = re.compile(
    r"^(utf-?_?(7|8|16|32)|us-ascii$|ascii$|iso[-_]?8859|latin|windows-?\d|cp-?\d|koi8|gb|hz|big5|euc|shift|sjis|iso-2022"
    r"|mac|tis-620|johab|uhc|ks_c|x-sjis|ms\d|1252|8859|viscii)",
    re.IGNORECASE,
)
_CHARSET_NAMES = {"ks_c_5601-1987": "cp949", "x-sjis": "cp932", "iso-8859-8-i": "iso-8859-8", "x-gbk": "gbk"}


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields, names in lower case, values unfolded and still with their encoded words."""

    fields: tuple[tuple[str, str], ...] = ()

    def first(self, name: str) -> str:
        """The first value, unfolded and with encoded words read; empty when the field is missing."""
        return next((decoded_words(value) for field, value in self.fields if field == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(decoded_words(value) for field, value in self.fields if field == name)

    def has(self, *names: str) -> bool:
        return any(field in names for field, _ in self.fields)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a mail; `body` is still in its transfer encoding. A message/rfc822 has its mail as its only child."""

    headers: Headers
    content_type: str
    params: dict[str, str]
    body: bytes
    children: tuple[Part, ...] = ()

    def payload(self) -> bytes:
        """The body out of its transfer encoding, at most 1 MiB of it."""
        return _untransferred(self.body, self.headers.first("content-transfer-encoding").strip().lower())

    def text(self) -> str:
        """The body as text in any charset, with line feeds alone."""
        return as_text(self.payload(), self.params.get("charset", ""))

    @property
    def is_attachment(self) -> bool:
        return self.headers.first("content-disposition").strip().lower().startswith("attachment")

    def walk(self, *, into_messages: bool = False) -> Iterator[Part]:
        """This part and those below, in order; what lies inside an attached message only when asked for."""
        yield self
        if self.content_type == "message/rfc822" and not into_messages:
            return
        for child in self.children:
            yield from child.walk(into_messages=into_messages)


def parse_mail(raw: bytes) -> Part:
    """The mail as its outermost part."""
    raw = raw[:MAX_BYTES].lstrip(b"\r\n\t \0\xef\xbb\xbf")
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    return _part(raw, 0, _Allowance(MAX_PARTS), "text/plain")


def headers_of(fields: tuple[tuple[str, str], ...]) -> Headers:
    """Fields that are already divided, within the limits that hold for raw ones."""
    return Headers(tuple((name.lower(), value[:MAX_FIELD_BYTES]) for name, value in fields[:MAX_FIELDS]))


def field_blocks(text: str) -> list[Headers]:
    """The blocks of fields, divided by blank lines, of a message/delivery-status or message/feedback-report."""
    blocks = re.split(rb"\n[ \t]*\r?\n", text[:MAX_HEADER_BYTES].encode("utf-8", "replace"))
    return [Headers(fields) for block in blocks[:MAX_FIELDS] if (fields := _fields(block.lstrip(b"\r\n"))[0])]


def decoded_words(value: str) -> str:
    """A header value with its encoded words (RFC 2047) read; what cannot be read stays as it is."""
    if "=?" not in value:
        return storable(value)
    return storable(_ENCODED_WORD.sub(_decoded_word, _BETWEEN_WORDS.sub(r"\1", value)))


def as_text(payload: bytes, charset: str) -> str:
    """Bytes in a charset somebody named, rightly or not, as text that any database takes."""
    text = _decoded(payload, charset.strip(" \"'").lower())
    return storable(text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


class _Allowance:
    """How many parts may still be read."""

    def __init__(self, parts: int) -> None:
        self.left = parts

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def _part(raw: bytes, depth: int, allowance: _Allowance, default_type: str) -> Part:
    fields, body = _headers_and_body(raw)
    headers = Headers(fields)
    content_type, params = _content_type(headers.first("content-type"), default_type)
    return Part(headers, content_type, params, body, _children(body, depth, allowance, (content_type, params, headers)))


def _children(
    body: bytes, depth: int, allowance: _Allowance, kind: tuple[str, dict[str, str], Headers]
) -> tuple[Part, ...]:
    content_type, params, headers = kind
    if depth >= MAX_DEPTH:
        return ()
    if content_type in ("message/rfc822", "message/global"):
        encoding = headers.first("content-transfer-encoding").strip().lower()
        inner = _untransferred(body, encoding).lstrip(b"\r\n")
        return (_part(inner, depth + 1, allowance, "text/plain"),) if allowance.take() else ()
    if not content_type.startswith("multipart/") or not params.get("boundary"):
        return ()
    default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
    pieces = _pieces(body, params["boundary"])
    return tuple(_part(piece, depth + 1, allowance, default) for piece in pieces if allowance.take())


def _pieces(body: bytes, boundary: str) -> list[bytes]:
    pieces: list[bytes] = []
    start = -1
    for at, end, is_last in _delimiters(body, b"--" + boundary.encode("utf-8", "replace")):
        if start >= 0:
            pieces.append(_after_newline(body, start, at))
        start = end
        if is_last or len(pieces) >= MAX_PARTS:
            return pieces
    return [*pieces, _after_newline(body, start, len(body))] if start >= 0 else pieces


def _delimiters(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where each line that divides begins, with the line end before it, and ends; and whether it is the last one."""
    if body.startswith(mark) and (rest := _REST_OF_DELIMITER.match(body, len(mark))):
        yield 0, rest.end(), bool(rest.group(1))
    line = b"\n" + mark
    at = body.find(line)
    while at >= 0:
        end = at + len(line)
        if rest := _REST_OF_DELIMITER.match(body, end):
            yield at - (body[at - 1 : at] == b"\r"), rest.end(), bool(rest.group(1))
        at = body.find(line, end)


def _after_newline(body: bytes, start: int, end: int) -> bytes:
    start += 2 if body.startswith(b"\r\n", start) else 1
    return body[start : max(start, end)]


def _headers_and_body(raw: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    if raw.startswith((b"\n", b"\r\n")):
        return (), raw.lstrip(b"\r\n")
    end = _HEADER_END.search(raw)
    block, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    fields, unread = _fields(block[:MAX_HEADER_BYTES])
    return fields, unread + b"\n\n" + body if unread else body


def _fields(block: bytes) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """The fields, and what followed the first line that is none: a mail without a blank line before its text."""
    fields: list[tuple[bytes, bytearray]] = []
    lines = block.split(b"\n")
    for number, line in enumerate(lines):
        if line[:1] in (b" ", b"\t") and fields:
            _continue(fields[-1][1], line)
        elif match := _FIELD.match(line):
            fields.append((match.group(1).lower(), bytearray(match.group(2)[:MAX_FIELD_BYTES])))
        elif line.strip() and not line.startswith((b">From ", b"From ")):
            return _readable(fields), b"\n".join(lines[number:])
        if len(fields) >= MAX_FIELDS:
            break
    return _readable(fields), b""


def _continue(value: bytearray, line: bytes) -> None:
    if len(value) < MAX_FIELD_BYTES:
        value += b" " + line.strip()[: MAX_FIELD_BYTES - len(value)]


def _readable(fields: list[tuple[bytes, bytearray]]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("ascii"), _decoded(bytes(value), "utf-8").strip()) for name, value in fields)


def _content_type(value: str, default: str) -> tuple[str, dict[str, str]]:
    kind = value.partition(";")[0].strip().lower()
    found = [(name.lower(), quoted or plain) for name, quoted, plain in _PARAM.findall(";" + value.partition(";")[2])]
    params = {name.rstrip("*").removesuffix("*0"): text.replace('\\"', '"') for name, text in reversed(found)}
    if "/" not in kind:
        kind = f"{kind}/plain" if kind == "text" else default
    return kind, params


def _untransferred(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _from_base64(body[: MAX_TEXT_BYTES * 3 // 2])
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body[: MAX_TEXT_BYTES * 3])[:MAX_TEXT_BYTES]
    return body[:MAX_TEXT_BYTES]


def _from_base64(body: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    return binascii.a2b_base64(letters[: len(letters) // 4 * 4] + _tail(letters))


def _tail(letters: bytes) -> bytes:
    rest = letters[len(letters) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _decoded(payload: bytes, charset: str) -> str:
    named = _CHARSET_NAMES.get(charset, charset)
    candidates = [named] if _CHARSET.match(named) and named not in ("us-ascii", "ascii") else []
    for candidate in (*candidates, "utf-8"):
        try:
            return payload.decode(candidate)
        except (LookupError, ValueError):
            continue
    return _decoded_by_force(payload, candidates[0] if candidates else "cp1252")


def _decoded_by_force(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, "replace")
    except (LookupError, ValueError):
        return payload.decode("latin-1")


def _decoded_word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    raw = text.encode("ascii", "replace")
    payload = _from_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)
    return _decoded(payload, charset.partition("*")[0].lower()).replace("\n", " ").replace("\r", " ")
