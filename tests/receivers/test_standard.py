"""The generic webhook: Standard Webhooks signatures, and the small payload anybody can send."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.event import EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.signed_webhook import secret_bytes, signature
from outreach.receivers.standard import Options, Standard
from outreach.testing.receiver import NOW, ReceiverContract, assert_within

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_" + "c2FtcGxlIHNlY3JldCBvZiBhbm90aGVyIHRpbWUh"

REPLY = {
    "channel": "email",
    "from": "Ada Example <Ada@Example.com>",
    "to": "anna+tok_1@example.org",
    "subject": "Re: A question",
    "text": "Sounds good.\n\nOn Mon, 2 Nov 2026 at 10:00, Anna <anna@example.org> wrote:\n> Shall we talk?\n",
    "in_reply_to": "<e1.first@example.org>",
    "received_at": "2026-11-21T11:59:00Z",
}


def delivered(payload: object, *, webhook_id: str = "msg_1", at: datetime = NOW, secret: str = SECRET) -> Delivery:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    timestamp = str(int(at.timestamp()))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, webhook_id=webhook_id, timestamp=timestamp, body=body),
    }
    return Delivery(
        connection="replies",
        method="POST",
        url="https://outreach.example.com/webhooks/replies",
        headers=headers,
        body=body,
        received_at=NOW,
    )


def standard(*secrets: str, own: tuple[str, ...] = ()) -> Standard:
    return Standard(Options(secrets=secrets or (SECRET,), own=own))


class TestStandard(ReceiverContract):
    proof_headers = ("webhook-id", "webhook-timestamp", "webhook-signature")
    signs_the_body = True
    secrets = (SECRET, SECRET.removeprefix("whsec_"))

    def receiver(self) -> Standard:
        return standard()

    def receiver_in_rotation(self) -> Standard:
        return standard(OTHER, SECRET)

    def deliveries(self) -> Sequence[Delivery]:
        linkedin = {
            "channel": "linkedin",
            "from": "https://www.linkedin.com/in/Ada-Example/",
            "text": "Hi",
            "thread": "t-9",
        }
        wrapped = {"type": "reply.received", "timestamp": "2026-11-21T11:00:00Z", "data": {**REPLY, "id": "r-7"}}
        sms = {"channel": "sms", "from": "+90 532 000 00 00", "text": "STOP"}
        return (
            delivered(REPLY),
            delivered(linkedin, webhook_id="msg_2"),
            delivered(wrapped, webhook_id="msg_3"),
            delivered(sms, webhook_id="msg_4"),
        )

    def unknown(self) -> Delivery:
        return delivered({"type": "weather.changed", "data": {"sky": "blue"}})

    def events_in(self, delivery: Delivery) -> int:
        return 1


def test_the_published_example_of_the_scheme_passes() -> None:
    """The vector of the reference libraries: secret, id, timestamp and body give this signature."""
    body = b'{"test": 2432232314}'

    token = signature(SECRET, webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp="1614265330", body=body)

    assert token == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    "secret", [SECRET, SECRET.removeprefix("whsec_"), " " + SECRET + " ", "whsec_c2VjcmV0LXNhbXBsZQ"]
)
def test_secrets_are_read_with_or_without_prefix_and_padding(secret: str) -> None:
    assert secret_bytes(secret)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_====", "whsec_§", "whsec_A"])
def test_an_empty_or_broken_secret_is_refused_when_it_is_configured(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret"):
        standard(secret)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_timestamp_more_than_five_minutes_away_is_rejected(minutes: int) -> None:
    delivery = delivered(REPLY, at=NOW + timedelta(minutes=minutes))

    with pytest.raises(WebhookRejected, match="five minutes"):
        standard().verify(delivery, now=NOW)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_timestamp_up_to_five_minutes_away_passes(minutes: int) -> None:
    standard().verify(delivered(REPLY, at=NOW + timedelta(minutes=minutes)), now=NOW)


def test_a_token_of_another_version_beside_the_right_one_is_skipped() -> None:
    delivery = delivered(REPLY)
    tokens = f"v1a,AAAA v2,{'A' * 44} nonsense v1, {delivery.headers['webhook-signature']}"

    standard().verify(replace(delivery, headers={**delivery.headers, "webhook-signature": tokens}), now=NOW)


def test_the_key_is_the_webhook_id_so_that_a_retry_is_the_same_delivery() -> None:
    first, again = delivered(REPLY), delivered(REPLY, at=NOW + timedelta(minutes=3))

    assert standard().key(first) == standard().key(again) == "msg_1"


def test_a_reply_is_understood() -> None:
    (event,) = standard().parse(delivered(REPLY))

    assert event.kind is EventKind.REPLIED
    assert event.text == "Sounds good."
    assert event.channel == "email"
    assert event.at == datetime(2026, 11, 21, 11, 59, tzinfo=UTC)
    assert event.clues.message_ids == ("e1.first@example.org",)
    assert event.clues.tokens == ("tok_1",)
    assert event.clues.addresses == (("email", "ada@example.com"),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Please remove me from your list.", EventKind.UNSUBSCRIBED),
        ("I am out of the office until 5 January. For urgent matters please contact Bob.", EventKind.AUTORESPONDED),
        ("Yes, please send me the prices.", EventKind.REPLIED),
    ],
)
def test_what_a_mail_says_decides_what_it_is(text: str, kind: EventKind) -> None:
    (event,) = standard().parse(delivered({**REPLY, "text": text}))

    assert event.kind is kind


def test_an_out_of_office_note_says_until_when() -> None:
    text = "Ich bin bis einschließlich 8. Januar nicht im Büro. In dringenden Fällen wenden Sie sich an Bob."

    (event,) = standard().parse(delivered({**REPLY, "text": text, "subject": "Automatische Antwort: A question"}))

    assert event.kind is EventKind.AUTORESPONDED
    assert event.data["until"] == "2027-01-08"


def test_a_mail_from_one_of_our_own_addresses_is_our_copy() -> None:
    (event,) = standard(own=("anna@example.org",)).parse(delivered({**REPLY, "from": "Anna <anna@example.org>"}))

    assert event.kind is EventKind.OWN


def test_html_stands_in_where_the_text_is_empty() -> None:
    html = (
        "<div>Gladly!</div><div class='gmail_quote'>On 2 Nov 2026, Anna wrote:<blockquote>Shall we?</blockquote></div>"
    )

    (event,) = standard().parse(delivered({**REPLY, "text": "", "html": html}))

    assert event.text == "Gladly!"


@pytest.mark.parametrize("missing", ["channel", "from", "text"])
def test_a_missing_field_is_named(missing: str) -> None:
    payload = {name: value for name, value in REPLY.items() if name != missing}

    with pytest.raises(ValueError, match=missing):
        standard().parse(delivered(payload))


def test_an_unknown_channel_is_refused_with_the_channels_there_are() -> None:
    with pytest.raises(ValueError, match="linkedin"):
        standard().parse(delivered({**REPLY, "channel": "pigeon"}))


def test_the_same_reply_under_two_webhook_ids_is_one_event_when_it_has_an_id_of_its_own() -> None:
    first = standard().parse(delivered({**REPLY, "id": "r-1"}, webhook_id="msg_1"))
    second = standard().parse(delivered({**REPLY, "id": "r-1"}, webhook_id="msg_2"))

    assert first[0].key == second[0].key


def test_nul_and_lone_surrogates_never_reach_the_event() -> None:
    (event,) = standard().parse(delivered({**REPLY, "text": "a\x00b\ud800c", "thread": "t\x00\udfff1"}))

    assert event.text == "abc"
    assert event.clues.thread_ids == ("t1",)


def test_basic_auth_is_asked_where_it_is_configured() -> None:
    receiver = Standard(Options(secrets=(SECRET,), user="hook", passwords=("sample",)))

    with pytest.raises(WebhookRejected):
        receiver.verify(delivered(REPLY), now=NOW)


_texts = st.text(max_size=80)
_payloads = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["email", "linkedin", "x", "whatsapp", "sms", "telegram", "other"]),
        "from": st.one_of(
            _texts,
            st.emails(),
            st.sampled_from(
                ["https://linkedin.com/in/Ada%20B", "+90 (532) 000-00-00", "@Ada_B", "ada", '"a\\"b"@example.com']
            ),
        ),
        "text": _texts,
    },
    optional={
        "in_reply_to": st.one_of(_texts, st.sampled_from(["<A.b@Example.COM>", "a@b", "< x@y >"])),
        "thread": st.one_of(_texts, st.integers(min_value=-(10**9), max_value=10**9)),
        "to": st.one_of(_texts, st.lists(_texts, max_size=2), st.sampled_from(["a+T.o-k_1@example.com", "x+é@y"])),
        "subject": _texts,
        "html": _texts,
    },
)


@settings(max_examples=300, deadline=None)
@given(payload=_payloads, is_ascii=st.booleans(), indent=st.sampled_from([None, 2]), is_go=st.booleans())
def test_clues_find_whatever_understanding_finds(
    payload: dict[str, object], is_ascii: bool, indent: int | None, is_go: bool
) -> None:
    body = json.dumps(payload, ensure_ascii=is_ascii, indent=indent).encode("utf-8", "surrogatepass")
    if is_go:  # some encoders escape these
        for character in "<>&+'":
            body = body.replace(character.encode(), f"\\u{ord(character):04X}".encode())
    delivery = delivered(body)

    try:
        (event,) = standard().parse(delivery)
    except ValueError:
        return

    assert_within(event.clues, standard().clues(delivery))


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=400))
def test_no_bytes_make_clues_or_key_raise(body: bytes) -> None:
    delivery = replace(delivered(REPLY), body=body)

    standard().clues(delivery)
    standard().key(delivery)


def test_a_body_cut_off_in_the_middle_still_shows_what_is_visible() -> None:
    body = json.dumps(REPLY).encode()
    cut = body[: body.index(b"received_at")]

    clues = standard().clues(replace(delivered(REPLY), body=cut))

    assert clues.message_ids[0] == "e1.first@example.org"
    assert clues.tokens == ("tok_1",)
    assert ("email", "ada@example.com") in clues.addresses


def test_a_signature_by_ed25519_is_proved_with_the_public_key() -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"sample data, thirty-two bytes ok")
    public = "whpk_" + base64.b64encode(private.public_key().public_bytes_raw()).decode()
    plain = delivered({"channel": "email", "from": "ada@example.com", "text": "Gladly."})
    stamp, own_id = plain.headers["webhook-timestamp"], plain.headers["webhook-id"]
    made = private.sign(f"{own_id}.{stamp}.".encode() + plain.body)
    token = "v1a," + base64.b64encode(made).decode()
    signed = replace(plain, headers={**plain.headers, "webhook-signature": token})
    receiver = Standard(Options(secrets=(SECRET, public)))

    receiver.verify(signed, now=NOW)
    receiver.verify(plain, now=NOW)

    altered = [replace(signed, body=signed.body.replace(b"Gladly", b"Sadly"))]
    altered += [
        replace(signed, headers={**signed.headers, "webhook-signature": "v1a," + base64.b64encode(each).decode()})
        for each in (made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :] for at in range(len(made)))
    ]
    altered.append(replace(signed, headers={**signed.headers, "webhook-signature": token.replace("v1a", "v1")}))
    for each in altered:
        with pytest.raises(WebhookRejected):
            receiver.verify(each, now=NOW)


def test_what_is_no_public_key_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="whpk_"):
        Options(secrets=("whpk_c2hvcnQ=",))
