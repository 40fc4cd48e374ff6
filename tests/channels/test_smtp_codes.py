"""What servers answer, and what it means. Replies are worded as the servers word them, with sample names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from outreach.channels.smtp_codes import GARBAGE, Reply, Stage, enhanced_code, queue_id, refusal
from outreach.errors import AdapterError, Outcome, RateLimited, Refused, Unauthorized, Unavailable

DEFERRED, THROTTLED = Outcome.DEFERRED, Outcome.THROTTLED
RECIPIENT, CONTENT = Outcome.REJECTED_RECIPIENT, Outcome.REJECTED_CONTENT
BLOCKED, CONFIG = Outcome.ACCOUNT_BLOCKED, Outcome.CONFIG

Row = tuple[Stage, str, type[AdapterError], Outcome]
ROWS: list[Row] = [
    # bad addresses
    (Stage.RCPT, "550 5.1.1 The email account that you tried to reach does not exist", Refused, RECIPIENT),
    (Stage.RCPT, "550 5.1.2 Bad destination system", Refused, RECIPIENT),
    (Stage.RCPT, "553 5.1.3 Bad address syntax", Refused, RECIPIENT),
    (Stage.RCPT, "551 5.1.6 Moved", Refused, RECIPIENT),
    (Stage.RCPT, "556 5.1.10 Null MX", Refused, RECIPIENT),
    (Stage.RCPT, "550 5.2.1 The account is disabled", Refused, RECIPIENT),
    (Stage.RCPT, "550 5.4.1 Recipient address rejected: Access denied", Refused, RECIPIENT),
    (Stage.RCPT, "550 No such user here", Refused, RECIPIENT),
    (Stage.RCPT, "550 mailbox unavailable", Refused, RECIPIENT),
    (Stage.RCPT, "551 not local", Refused, RECIPIENT),
    (Stage.RCPT, "553 name not allowed", Refused, RECIPIENT),
    (Stage.TEXT, "550 5.1.1 user unknown", Refused, RECIPIENT),
    (Stage.TEXT, "554 delivery error: this user doesn't exist", Refused, RECIPIENT),
    # later
    (Stage.RCPT, "450 4.2.0 Greylisted, please try again", Unavailable, DEFERRED),
    (Stage.RCPT, "451 4.7.1 Greylisting in action", Unavailable, DEFERRED),
    (Stage.RCPT, "450 4.2.1 The user is receiving mail too quickly", Unavailable, DEFERRED),
    (Stage.RCPT, "452 4.2.2 mailbox full", Unavailable, DEFERRED),
    (Stage.RCPT, "552 5.2.2 mailbox full", Unavailable, DEFERRED),
    (Stage.RCPT, "552 over quota", Unavailable, DEFERRED),
    (Stage.RCPT, "450 4.1.1 unverified address", Unavailable, DEFERRED),
    (Stage.MAIL, "451 4.3.0 try again", Unavailable, DEFERRED),
    (Stage.DATA, "421 4.3.2 going down", Unavailable, DEFERRED),
    (Stage.TEXT, "554 5.4.7 delivery expired", Unavailable, DEFERRED),
    (Stage.TEXT, "550 5.3.0 system trouble", Unavailable, DEFERRED),
    # content and policy
    (Stage.RCPT, "550 5.7.1 not welcome here", Refused, CONTENT),
    (Stage.TEXT, "550 5.7.1 Message rejected as spam by content filtering", Refused, CONTENT),
    (Stage.TEXT, "554 5.7.0 policy. gcdp 12-20020a", Refused, CONTENT),
    (Stage.RCPT, "550 5.1.1 not allowed by a rule of its administrator. gcdp 12-20020a", Refused, CONTENT),
    (Stage.TEXT, "554 5.7.9 Message not accepted for policy reasons", Refused, CONTENT),
    (Stage.TEXT, "552 5.3.4 message too big", Refused, CONTENT),
    (Stage.MAIL, "552 5.3.4 message size exceeds fixed limit", Refused, CONTENT),
    (Stage.MAIL, "552 too large", Refused, CONTENT),
    (Stage.TEXT, "552 5.2.3 message too long", Refused, CONTENT),
    (Stage.TEXT, "554 5.6.0 malformed", Refused, CONTENT),
    (Stage.TEXT, "554 no", Refused, CONTENT),
    (Stage.RCPT, "501 5.5.4 syntax", Refused, CONFIG),
    (Stage.MAIL, "555 parameters not known", Refused, CONFIG),
    # the account
    (Stage.MAIL, "550 5.7.60 client does not have permission to send as this sender", Unauthorized, BLOCKED),
    (Stage.MAIL, "550 5.1.8 Access denied, bad outbound sender", Unauthorized, BLOCKED),
    (Stage.MAIL, "550 5.1.1 sender unknown", Unauthorized, BLOCKED),
    (Stage.MAIL, "553 sorry", Unauthorized, BLOCKED),
    (Stage.MAIL, "530 5.7.57 Client not authenticated", Unauthorized, BLOCKED),
    (Stage.MAIL, "530 authentication required", Unauthorized, BLOCKED),
    (Stage.RCPT, "554 5.7.1 <ada@example.com>: Relay access denied", Unauthorized, BLOCKED),
    (Stage.RCPT, "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", Unauthorized, BLOCKED),
    (Stage.TEXT, "550 5.7.501 Access denied, spam abuse detected", Unauthorized, BLOCKED),
    (Stage.TEXT, "550 5.7.30 Basic authentication is not supported for Client Submission", Unauthorized, BLOCKED),
    (Stage.TEXT, "550 5.7.30 This message does not have DKIM authentication", Unauthorized, CONFIG),
    (Stage.TEXT, "550 5.7.26 This message does not pass authentication checks (SPF and DKIM)", Unauthorized, CONFIG),
    (Stage.TEXT, "421 4.7.26 unauthenticated", Unauthorized, CONFIG),
    (Stage.TEXT, "550 5.7.515 sending domain does not meet the required level", Unauthorized, CONFIG),
    (Stage.AUTH, "535 5.7.8 Username and Password not accepted", Unauthorized, BLOCKED),
    (Stage.AUTH, "534 5.7.9 Application-specific password required", Unauthorized, BLOCKED),
    (Stage.AUTH, "454 4.7.0 Temporary authentication failure", Unavailable, DEFERRED),
    # limits
    (Stage.MAIL, "454 Throttling failure: Maximum sending rate exceeded.", RateLimited, THROTTLED),
    (Stage.TEXT, "454 Throttling failure: Daily message quota exceeded.", RateLimited, THROTTLED),
    (Stage.MAIL, "550 5.4.5 Daily user sending limit exceeded", RateLimited, THROTTLED),
    (Stage.TEXT, "554 5.2.0 STOREDRV; SubmissionQuotaExceededException", RateLimited, THROTTLED),
    (Stage.MAIL, "432 4.3.2 Concurrent connections limit exceeded", RateLimited, THROTTLED),
    (Stage.TEXT, "421 4.7.28 unusual rate of mail", RateLimited, THROTTLED),
    (Stage.TEXT, "550 5.7.28 unusual rate of mail", RateLimited, THROTTLED),
    (Stage.RCPT, "421 4.7.0 try again later", RateLimited, THROTTLED),
    (Stage.TEXT, "550 too many messages this hour", RateLimited, THROTTLED),
    # before the mail
    (Stage.GREETING, "421 too many connections", Unavailable, DEFERRED),
    (Stage.GREETING, "554 no service", Unavailable, BLOCKED),
    (Stage.HELO, "501 5.5.4 bad name", Unavailable, BLOCKED),
    (Stage.HELO, "421 later", Unavailable, DEFERRED),
]


def reply(line: str) -> Reply:
    return Reply(int(line[:3]), line[4:])


@pytest.mark.parametrize(("stage", "line", "kind", "outcome"), ROWS)
def test_a_reply_means_one_thing(stage: Stage, line: str, kind: type[AdapterError], outcome: Outcome) -> None:
    error = refusal(stage, reply(line))

    assert (type(error), error.outcome) == (kind, outcome)


@pytest.mark.parametrize(("stage", "line", "kind", "outcome"), ROWS)
def test_the_error_says_where_and_what(stage: Stage, line: str, kind: type[AdapterError], outcome: Outcome) -> None:
    error = refusal(stage, reply(line))

    assert str(error) == f"smtp: {stage}: {line}"
    assert error.code.startswith(line[:3])


@pytest.mark.parametrize("code", [*range(400, 460), *range(500, 560)])
@pytest.mark.parametrize("stage", [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.TEXT])
def test_a_bare_code_of_4_is_later_and_of_5_is_not(stage: Stage, code: int) -> None:
    error = refusal(stage, Reply(code, ""))

    is_full_mailbox = (stage, code) == (Stage.RCPT, 552)
    assert isinstance(error, Unavailable) is (code < 500 or is_full_mailbox)


def test_a_limit_waits_as_long_as_its_kind_asks() -> None:
    quota = refusal(Stage.MAIL, reply("550 5.4.5 Daily user sending limit exceeded"))
    rate = refusal(Stage.TEXT, reply("421 4.7.28 unusual rate"))

    assert isinstance(quota, RateLimited)
    assert isinstance(rate, RateLimited)
    assert quota.retry_after > rate.retry_after >= timedelta(minutes=1)


def test_what_is_no_reply_accepted_nothing() -> None:
    error = refusal(Stage.MAIL, Reply(GARBAGE, "hello"))

    assert type(error) is Unavailable
    assert str(error) == "smtp: MAIL: not an SMTP reply hello"


def test_a_long_text_is_cut_and_on_one_line() -> None:
    error = refusal(Stage.TEXT, Reply(554, "5.7.1 no\n5.7.1 " + "x" * 5000))

    assert len(error.said) < 400
    assert "\n" not in error.said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("5.1.1 no", "5.1.1"),
        ("some words\n5.7.26 more", "5.7.26"),
        ("host 5.1.1 says no", ""),
        ("1.2.3 no", ""),
        ("5.1.1.9 an address", ""),
        ("", ""),
    ],
)
def test_the_enhanced_code_begins_a_line(text: str, code: str) -> None:
    assert enhanced_code(text) == code


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.0.0 Ok: queued as 4VXk2m1Tz9z5", "4VXk2m1Tz9z5"),
        ("OK id=1rAbCd-000123-Xy", "1rAbCd-000123-Xy"),
        ("Ok 0100018c-7f3a-4d2e-000000", "0100018c-7f3a-4d2e-000000"),
        ("2.0.0 OK  1709362805 d9443c01a7336-1dc", ""),
        ("ok", ""),
        ("Ok thank-you-very-much", ""),
    ],
)
def test_the_queue_id_is_taken_where_its_form_is_known(text: str, found: str) -> None:
    assert queue_id(text) == found
