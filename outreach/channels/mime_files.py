"""Files of a mail as MIME parts (RFC 2045, RFC 2183, RFC 2231), and parts put together."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from outreach.channel import Attachment
from outreach.errors import Outcome

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_CONTENT_ID = re.compile(r"[A-Za-z0-9._@-]{1,200}")
_ODD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff/\\\\]")
_LONGEST_NAME = 200


class NotMail(ValueError):
    """This cannot be written as an e-mail; the text says which field and why. `outcome` is the finer reason."""

    def __init__(self, said: str, outcome: Outcome = Outcome.REJECTED_CONTENT) -> None:
        self.outcome = outcome
        super().__init__(said)


def multipart(kind: bytes, boundary: bytes, parts: Iterable[bytes]) -> bytes:
    """One entity made of others. Ends in CRLF."""
    begin = b"--" + boundary + b"\r\n"
    inside = b"".join(begin + part + b"\r\n" for part in parts)
    head = b"Content-Type: multipart/" + kind + b'; boundary="' + boundary + b'"\r\n\r\n'
    return head + inside + b"--" + boundary + b"--\r\n"


def file_part(attachment: Attachment) -> bytes:
    """A file, or an image that the HTML shows, with its headers. Raises NotMail."""
    name = _name(attachment.name)
    if not _TYPE.fullmatch(attachment.content_type):
        raise NotMail(f"the file {attachment.name[:80]!r} has the type {attachment.content_type[:80]!r}, which is none")
    if attachment.content_id and not _CONTENT_ID.fullmatch(attachment.content_id):
        raise NotMail(f"{attachment.content_id[:80]!r} cannot be the id of an image")
    shown = b"inline" if attachment.content_id else b"attachment"
    content_id = b"Content-ID: <" + attachment.content_id.encode() + b">\r\n" if attachment.content_id else b""
    return b"".join(
        (
            b"Content-Type: " + attachment.content_type.encode() + b"\r\n",
            b"Content-Transfer-Encoding: base64\r\n",
            b"Content-Disposition: " + shown + b";\r\n " + name + b"\r\n",
            content_id,
            b"\r\n",
            _encoded(attachment.content),
        )
    )


def base64_lines(raw: bytes) -> bytes:
    """Lines of 76 characters, each ended by CRLF."""
    return b"".join(b2a_base64(raw[start : start + 57], newline=False) + b"\r\n" for start in range(0, len(raw), 57))


@lru_cache(maxsize=16)
def _encoded(content: bytes) -> bytes:
    """The same file goes to everybody: it is encoded once."""
    return base64_lines(content) or b"\r\n"


def _name(name: str) -> bytes:
    if not name or _ODD.search(name) or len(name.encode("utf-8", "replace")) > _LONGEST_NAME:
        raise NotMail(f"{name[:80]!r} cannot be the name of a file: no path, at most {_LONGEST_NAME} bytes")
    if name.isascii() and '"' not in name:
        return b'filename="' + name.encode() + b'"'
    return b"filename*=utf-8''" + quote(name, safe="").encode()
