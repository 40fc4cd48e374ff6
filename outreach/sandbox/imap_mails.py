"""What a mailbox on loopback holds, and how it is searched and cut into pieces (RFC 3501, sections 6.4.4 and 6.4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

PIECE = re.compile(r"BODY\.PEEK\[(HEADER)?\](?:<(\d+)\.(\d+)>)?")
_HEADER = re.compile(r'HEADER "?([\w-]+)"? "?([^"\s]+)"?', re.I)


class Spoilt(StrEnum):
    """How a damaged mail shows itself to whoever fetches its text."""

    REFUSED = "refused"
    TEXT_REFUSED = "text refused"  # its header can be had
    HANGS_UP = "hangs up"


@dataclass(slots=True)
class Stored:
    """One mail in a folder."""

    uid: int
    raw: bytes = field(repr=False)
    at: datetime
    flags: tuple[str, ...] = ()
    spoilt: Spoilt | None = None


@dataclass(slots=True)
class Folder:
    use: str = ""  # \Sent and the like (RFC 6154)
    validity: int = 1
    next_uid: int = 1
    mails: list[Stored] = field(default_factory=list)

    def put(self, raw: bytes, at: datetime, flags: tuple[str, ...] = (), spoilt: Spoilt | None = None) -> int:
        uid = self.next_uid
        self.mails.append(Stored(uid, raw, at, flags, spoilt))
        self.next_uid += 1
        return uid


def words_of(arguments: str) -> list[str]:
    return re.findall(r'"(?:[^"\\]|\\.)*"|\S+', arguments)


def unquoted(word: str) -> str:
    return word.strip().strip('"').replace('\\"', '"').replace("\\\\", "\\")


def searched(mails: list[Stored], arguments: str) -> list[Stored]:
    words = arguments.upper().replace("(", " ").replace(")", " ").split()
    found = mails
    if "UID" in words:
        found = [mail for mail in found if is_in(mail.uid, words[words.index("UID") + 1], mails)]
    if "SINCE" in words:
        day = _day(words[words.index("SINCE") + 1])
        found = [mail for mail in found if mail.at.date() >= day]
    if header := _HEADER.search(arguments):
        name, value = header.group(1).lower().encode(), header.group(2).encode()
        found = [mail for mail in found if any(_holds(line, name, value) for line in mail.raw.split(b"\r\n"))]
    return found


def _holds(line: bytes, name: bytes, value: bytes) -> bool:
    key, _, rest = line.partition(b":")
    return key.lower() == name and value in rest


def _day(word: str) -> date:
    return datetime.strptime(word.strip('"').title(), "%d-%b-%Y").replace(tzinfo=UTC).date()


def is_in(uid: int, wanted: str, mails: list[Stored]) -> bool:
    """`5:*` holds the last mail whatever its uid is, as the standard has it."""
    last = max((mail.uid for mail in mails), default=0)
    for piece in wanted.split(","):
        first, _, end = piece.partition(":")
        low = last if first == "*" else int(first)
        high = low if not end else last if end == "*" else int(end)
        if min(low, high) <= uid <= max(low, high):
            return True
    return False


def cut(raw: bytes, piece: re.Match[str]) -> tuple[str, bytes]:
    header, start, count = piece.groups()
    if header:
        return "BODY[HEADER]", raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    if start is None:
        return "BODY[]", raw
    return f"BODY[]<{start}>", raw[int(start) : int(start) + int(count)]
