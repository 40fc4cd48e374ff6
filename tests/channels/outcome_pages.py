"""The tables of answers in docs/providers, made from the cases that run: `make outcome-tables` writes them anew."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outreach.errors import Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from tests.channels import (
    test_heyreach,
    test_http,
    test_mail_apis,
    test_phantombuster,
    test_slack,
    test_smtp,
    test_smtp_codes,
    test_telegram,
    test_twilio,
    test_unipile,
    test_whatsapp,
    test_x,
)
from tests.channels.cases import Case, CasesContract, Meaning

HEADING = "## What answers mean"
BEGIN = "<!-- made from the cases the tests run: make outcome-tables -->"
END = "<!-- end of what is made -->"
PAGES = Path(__file__).parents[2] / "docs" / "providers"

Rows = Mapping[Meaning, Sequence[str]]
Follows = Mapping[Meaning, str]

FOLLOWS: Follows = {
    (Refused, Outcome.SUPPRESSED): "opted out at the provider: opted out here as well, nothing more is sent",
    (Refused, Outcome.REJECTED_RECIPIENT): "the address is dead for this channel",
    (Refused, Outcome.REJECTED_CONTENT): "failed: the text or a file is refused",
    (Refused, Outcome.NOT_READY): "later, with growing pauses",
    (Refused, Outcome.DUPLICATE): "skipped: it is done already; the path goes on",
    (Refused, Outcome.CONFIG): "failed: a matter of set-up",
    (Refused, Outcome.VALIDATION): "failed: the request is refused",
    (Refused, Outcome.NOT_FOUND): "failed: what it names is not there",
    (Unavailable, Outcome.DEFERRED): "nothing was accepted; later, with growing pauses",
    (Unavailable, Outcome.ACCOUNT_BLOCKED): "nothing was accepted; later, with growing pauses",
    (RateLimited, Outcome.THROTTLED): "the sender waits as long as told; no attempt is used",
    (Unauthorized, Outcome.ACCOUNT_BLOCKED): "the sender is paused, and somebody is told",
    (Unauthorized, Outcome.CONFIG): "the sender is paused, a matter of set-up; somebody is told",
    (OutcomeUnknown, Outcome.UNKNOWN): "nobody knows whether it went out: never sent again by itself",
}
"""In the order of the rows."""


@dataclass(frozen=True)
class Section:
    """One table. Those after the first show only what differs from the first."""

    contract: type[CasesContract]
    title: str = ""


@dataclass(frozen=True)
class Page:
    """`accepted`: the usual answer that means sent. `follows`: where something else follows here."""

    accepted: str
    sections: Sequence[Section]
    follows: Follows = field(default_factory=dict)


UNIPILE = (
    Section(test_unipile.TestUnipileInvitation),
    Section(test_unipile.TestUnipileMessage, "Messages"),
    Section(test_unipile.TestUnipileFollow, "Follows, likes, visits and withdrawals"),
)
NEEDS_TEMPLATE: Follows = {
    (Refused, Outcome.NOT_READY): "WhatsApp's window is closed: send a template; later, with growing pauses"
}
ASKED: Follows = {(OutcomeUnknown, Outcome.UNKNOWN): "the provider is asked; what is not found waits for a person"}
REPEATED: Follows = {
    (OutcomeUnknown, Outcome.UNKNOWN): "sent again with the same key within 23 hours; after that a person decides"
}
IF_IDEMPOTENT: Follows = {
    (OutcomeUnknown, Outcome.UNKNOWN): "held for a person; sent again if the endpoint is `idempotent`"
}

ALL: Mapping[str, Page] = {
    "smtp": Page(
        "any 2xx to the final dot; a lost answer to QUIT changes nothing", [Section(test_smtp.TestSmtpInOnePacket)]
    ),
    "unipile": Page("2xx that names what was made", UNIPILE, ASKED),
    "heyreach": Page("200 that counts the person as added", [Section(test_heyreach.TestHeyReach)]),
    "phantombuster": Page("200 with a `containerId`", [Section(test_phantombuster.TestPhantomBuster)]),
    "x": Page(
        "200, 201",
        [Section(test_x.TestXMessage), Section(test_x.TestXFollow, "Follows and likes")],
        ASKED,
    ),
    "whatsapp": Page("200 with the message's id", [Section(test_whatsapp.TestWhatsAppTemplate)], NEEDS_TEMPLATE),
    "twilio": Page("201 with the message's SID", [Section(test_twilio.TestTwilioText)], {**NEEDS_TEMPLATE, **ASKED}),
    "telegram": Page("200 with `ok`", [Section(test_telegram.TestTelegram)]),
    "slack": Page("200 `ok`", [Section(test_slack.TestSlack)]),
    "http": Page("any other 2xx", [Section(test_http.TestHttp)], IF_IDEMPOTENT),
    "sendgrid": Page("202", [Section(test_mail_apis.TestSendGrid)]),
    "mailgun": Page("200 with an id", [Section(test_mail_apis.TestMailgun)]),
    "postmark": Page("200 with `ErrorCode` 0", [Section(test_mail_apis.TestPostmark)]),
    "ses": Page("200 with a `MessageId`", [Section(test_mail_apis.TestSes)]),
    "brevo": Page("201 with a `messageId`", [Section(test_mail_apis.TestBrevo)]),
    "resend": Page("200 with an `id`", [Section(test_mail_apis.TestResend)], REPEATED),
}


def rendered(name: str) -> str:
    """What stands between the marks of that page."""
    page = ALL[name]
    first, *more = page.sections
    parts = [_table(page, _accepted(page, first.contract), _rows(first.contract))]
    for section in more:
        rows = _different(section.contract, first.contract)
        taken = [words for words in section.contract.taken if words not in first.contract.taken]
        if rows or taken:
            parts.append(f"{section.title}, where they differ:\n\n{_table(page, taken, rows)}")
    if name == "smtp":
        parts.append(f"Replies that are known by their words or enhanced codes:\n\n{_table(page, [], _replies())}")
    return "\n".join(parts)


def _accepted(page: Page, contract: type[CasesContract]) -> list[str]:
    return [page.accepted, *contract.taken]


def _rows(contract: type[CasesContract]) -> Rows:
    found: dict[Meaning, list[str]] = {}
    for each in contract.cases.values():
        assert each.expected.outcome is not None
        found.setdefault((each.expected.kind, each.expected.outcome), []).append(_named(each))
    return found


def _named(each: Case) -> str:
    """A limit that comes without a time shows how long it is taken to last."""
    if each.waits is None or " with `" in each.says:
        return each.says
    minutes, seconds = divmod(int(each.waits.total_seconds()), 60)
    words = f"{seconds} s" if not minutes else f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
    return f"{each.says} ({words})"


def _different(contract: type[CasesContract], first: type[CasesContract]) -> Rows:
    known = {says: meaning for meaning, answers in _rows(first).items() for says in answers}
    rows = {
        meaning: [says for says in answers if known.get(says) != meaning]
        for meaning, answers in _rows(contract).items()
    }
    return {meaning: answers for meaning, answers in rows.items() if answers}


def _replies() -> Rows:
    found: dict[Meaning, list[str]] = {}
    for stage, line, kind, outcome in test_smtp_codes.ROWS:
        found.setdefault((kind, outcome), []).append(f"`{line}` to {stage}")
    return found


def _table(page: Page, accepted: Sequence[str], rows: Rows) -> str:
    return "".join(f"{line}\n" for line in _lines(page, accepted, rows))


def _lines(page: Page, accepted: Sequence[str], rows: Rows) -> Iterator[str]:
    yield "| Answer | Outcome | What follows |"
    yield "|---|---|---|"
    if accepted:
        yield f"| {'; '.join(accepted)} | accepted | sent |"
    for meaning, usual in FOLLOWS.items():
        if meaning in rows:
            follows = page.follows.get(meaning, usual)
            yield f"| {'; '.join(rows[meaning])} | `{meaning[1]}` | {follows} |"


def written(text: str) -> str:
    """The part of a page that is made."""
    found = re.search(f"{re.escape(BEGIN)}\n\n(.*?)\n{re.escape(END)}", text, re.S)
    return found[1] if found else ""


def main() -> None:
    for name in ALL:
        path = PAGES / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        made = f"{BEGIN}\n\n{rendered(name)}\n{END}"
        path.write_text(text.replace(f"{BEGIN}\n\n{written(text)}\n{END}", made), encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
