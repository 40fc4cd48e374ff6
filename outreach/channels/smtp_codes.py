"""What an SMTP reply means: basic code (RFC 5321), enhanced code (RFC 3463, RFC 5248) and text → one error.

A reply is judged from the most telling to the least: the text of a known quota, the enhanced code, other telling text,
the basic code. Only replies that say no are judged here; silence is the connection's matter.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable

PROVIDER = "smtp"
GARBAGE = -1
SHUTTING_DOWN = 421
_LONGEST_TEXT = 300


class Reply(NamedTuple):
    """One whole reply; lines of a longer one are joined by a newline. `code` is GARBAGE if it was not SMTP at all."""

    code: int
    text: str

    @property
    def is_positive(self) -> bool:
        return 200 <= self.code < 300


class Stage(StrEnum):
    """Which of our words the server answered."""

    GREETING = "greeting"
    HELO = "EHLO"
    AUTH = "AUTH"
    NOOP = "NOOP"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    TEXT = "text"  # the answer to the final dot


class Meaning(NamedTuple):
    """The class of the error, its finer reason, and how long the sender waits if it is a limit."""

    kind: type[AdapterError]
    outcome: Outcome
    wait: timedelta = timedelta(0)


LATER = Meaning(Unavailable, Outcome.DEFERRED)
BAD_ADDRESS = Meaning(Refused, Outcome.REJECTED_RECIPIENT)
BAD_CONTENT = Meaning(Refused, Outcome.REJECTED_CONTENT)
OUR_MISTAKE = Meaning(Refused, Outcome.CONFIG)
ACCOUNT = Meaning(Unauthorized, Outcome.ACCOUNT_BLOCKED)
SET_UP = Meaning(Unauthorized, Outcome.CONFIG)  # SPF, DKIM, DMARC, reverse DNS: every message of this sender suffers
SLOW_DOWN = Meaning(RateLimited, Outcome.THROTTLED, timedelta(minutes=10))
CROWDED = Meaning(RateLimited, Outcome.THROTTLED, timedelta(minutes=1))
QUOTA_SPENT = Meaning(RateLimited, Outcome.THROTTLED, timedelta(hours=4))
ACCOUNT_LATER = Meaning(Unavailable, Outcome.ACCOUNT_BLOCKED)


def refusal(stage: Stage, reply: Reply) -> AdapterError:
    """The error for a reply that was not the one hoped for. Nothing was accepted in any of these cases."""
    meaning = meaning_of(stage, reply)
    text = " ".join(reply.text.split())[:_LONGEST_TEXT]
    shown = "not an SMTP reply" if reply.code == GARBAGE else str(reply.code)
    said = f"{stage}: {shown} {text}".rstrip()
    code = f"{shown} {enhanced_code(reply.text)}".rstrip() if reply.code != GARBAGE else ""
    if meaning.kind is RateLimited:
        return RateLimited(PROVIDER, said, retry_after=meaning.wait, outcome=meaning.outcome, code=code)
    return meaning.kind(PROVIDER, said, outcome=meaning.outcome, code=code)


def meaning_of(stage: Stage, reply: Reply) -> Meaning:
    if not 400 <= reply.code < 600:
        return LATER
    if stage in (Stage.GREETING, Stage.HELO):
        return LATER if reply.code < 500 else ACCOUNT_LATER
    if stage is Stage.AUTH:
        return LATER if reply.code < 500 else ACCOUNT
    return (
        _first_match(_KNOWN_LIMITS, reply.text)
        or _by_enhanced_code(stage, reply)
        or (_by_text(stage, reply) if reply.code >= 500 else _later_by_text(reply))
        or _by_basic_code(stage, reply)
    )


def enhanced_code(text: str) -> str:
    """`5.1.1` from the beginning of any line of a reply; empty if there is none (RFC 2034)."""
    found = _ENHANCED.search(text)
    return found.group() if found else ""


def queue_id(text: str) -> str:
    """The id a server gave the message in its last reply, where it follows one of the usual forms."""
    found = _QUEUE_ID.search(text)
    return next(filter(None, found.groups())) if found else ""


_ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}(?!\d|\.)", re.MULTILINE)
_DKIM = re.compile("dkim|authentication (checks?|failed|information)", re.IGNORECASE)
_QUEUE_ID = re.compile(
    r"queued as ([^\s;,]+)"  # Postfix
    r"|\bid=([^\s;,]+)"  # Exim
    r"|^(?:2\.\d\.\d )?ok:? (?=\S*\d)([^\s;,=]{12,})$",  # Amazon SES and its like: Ok <id>
    re.IGNORECASE | re.MULTILINE,
)

_Table = tuple[tuple[re.Pattern[str], Meaning], ...]


def _table(*rows: tuple[str, Meaning]) -> _Table:
    return tuple((re.compile(pattern, re.IGNORECASE), meaning) for pattern, meaning in rows)


def _first_match(table: _Table, text: str) -> Meaning | None:
    return next((meaning for pattern, meaning in table if pattern.search(text)), None)


# Amazon SES, Exchange Online and Gmail say their limits in words, with codes that mean something else elsewhere.
_KNOWN_LIMITS = _table(
    (r"maximum sending rate exceeded", SLOW_DOWN),
    (r"daily (message|user sending|sending) (quota|limit)|sending limit exceeded|SubmissionQuotaExceeded", QUOTA_SPENT),
    (r"concurrent connections? limit|too many (concurrent )?connections", CROWDED),
)

_PERMANENT = _table(
    (r"^5\.1\.(1|2|3|6|10)$", BAD_ADDRESS),
    (r"^5\.1\.(7|8)$", ACCOUNT),
    (r"^5\.2\.1$", BAD_ADDRESS),
    (r"^5\.2\.2$", LATER),  # a full mailbox is emptied one day
    (r"^5\.(2\.3|3\.4)$", BAD_CONTENT),
    (r"^5\.4\.5$", QUOTA_SPENT),
    (r"^5\.[34]\.\d+$", LATER),
    (r"^5\.5\.\d+$", OUR_MISTAKE),
    (r"^5\.6\.\d+$", BAD_CONTENT),
    (r"^5\.7\.(2[0-7]|29|515)$", SET_UP),
    (r"^5\.7\.28$", SLOW_DOWN),
    (r"^5\.7\.(3|8|9|57|50\d)$", ACCOUNT),
)

_TEMPORARY = _table(
    (r"^4\.1\.8$", ACCOUNT),
    (r"^4\.7\.(2[0-7]|29)$", SET_UP),
    (r"^4\.7\.28$", SLOW_DOWN),
    (r"^4\.3\.2$", LATER),
)


def _by_enhanced_code(stage: Stage, reply: Reply) -> Meaning | None:
    code = enhanced_code(reply.text)
    if code.endswith(".7.30"):
        # Gmail: DKIM is missing. Exchange Online: login by password is refused.
        return SET_UP if _DKIM.search(reply.text) else ACCOUNT
    if reply.code < 500:
        return _first_match(_TEMPORARY, code) or _pushed_back(stage, reply, code)
    if "gcdp" in reply.text.lower() or (code == "5.7.9" and "policy" in reply.text.lower()):
        # Gmail's mark of a rule of the recipient's administrator, whatever the code; Yahoo's word for its policy.
        return BAD_CONTENT
    if code == "5.4.1" and stage is Stage.RCPT and "recipient address rejected" in reply.text.lower():
        return BAD_ADDRESS  # Exchange Online's words for a mailbox that is not in its directory
    if stage is Stage.MAIL and code.startswith(("5.1.", "5.2.1")):
        return ACCOUNT  # at MAIL the address in question is ours
    return _first_match(_PERMANENT, code)


def _pushed_back(stage: Stage, reply: Reply, code: str) -> Meaning | None:
    """4.7.0 and 4.7.1: a limit on us, unless it is greylisting of this one recipient."""
    if code not in ("4.7.0", "4.7.1") or "grey" in reply.text.lower() or "gray" in reply.text.lower():
        return None
    return LATER if stage is Stage.RCPT and reply.code != SHUTTING_DOWN else SLOW_DOWN


_TELLING = _table(
    (r"relay(ing)?( access)? (is )?(denied|not permitted|not allowed)|unable to relay", ACCOUNT),
    (r"authentication required|not authenticated|must authenticate|client submission", ACCOUNT),
    (r"\bspf\b|\bdkim\b|\bdmarc\b|reverse dns|\bptr\b", SET_UP),
    (r"mailbox (is )?full|over ?quota|quota exceeded|insufficient storage", LATER),
    (r"blacklist|block ?list|\brbl\b|spamhaus|poor reputation", ACCOUNT),
    (r"too many|\brate\b|too fast|throttl", SLOW_DOWN),
    (r"\bspam\b|unsolicited|\bvirus\b|content rejected", BAD_CONTENT),
)

_NOBODY_THERE = _table(
    (r"(user|mailbox|recipient|account|address)( is)? (unknown|not found|disabled|inactive|unavailable)", BAD_ADDRESS),
    (r"(unknown|invalid|no such) (user|mailbox|recipient|address|account|local part)|does ?n[o']t exist", BAD_ADDRESS),
)


def _by_text(stage: Stage, reply: Reply) -> Meaning | None:
    found = _first_match(_TELLING, reply.text)
    if found or stage is Stage.MAIL or enhanced_code(reply.text).startswith("5.7."):
        return found
    return _first_match(_NOBODY_THERE, reply.text)


_LIMIT_WORDS = _table((r"too many (messages|recipients|mails)|\brate limit|\bthrottl", SLOW_DOWN))


def _later_by_text(reply: Reply) -> Meaning | None:
    return _first_match(_LIMIT_WORDS, reply.text)


_LOGIN_CODES = frozenset({530, 534, 535, 538})
_SYNTAX_CODES = frozenset({500, 501, 502, 503, 504, 555})
_NO_MAILBOX_CODES = frozenset({550, 551, 553, 556})


def _by_basic_code(stage: Stage, reply: Reply) -> Meaning:
    if reply.code < 500:
        return LATER
    if reply.code in _LOGIN_CODES:
        return ACCOUNT
    if reply.code in _SYNTAX_CODES:
        return OUR_MISTAKE
    if stage is Stage.MAIL:
        return BAD_CONTENT if reply.code == 552 else ACCOUNT
    if stage is Stage.RCPT and not enhanced_code(reply.text).startswith("5.7."):
        return _refused_recipient(reply.code)
    return BAD_CONTENT


def _refused_recipient(code: int) -> Meaning:
    if code in _NO_MAILBOX_CODES:
        return BAD_ADDRESS
    return LATER if code == 552 else BAD_CONTENT
