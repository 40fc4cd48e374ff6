"""What every receiver promises. Its test file subclasses `ReceiverContract` and says how to build it and deliveries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery, Receiver

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ODD_VALUES = (
    "",
    " ",
    ",",
    "v1,",
    "v1,%%%",
    "é\udc80ü",
    "\x00",
    "Basic",
    "Basic ====",
    "v1," + "A" * 5000,
    "\u2028v1,AAAA",
    "ünïcode",
)


class ReceiverContract(ABC):
    """Inherit, implement the builders below, and add what is particular to the provider."""

    @abstractmethod
    def receiver(self) -> Receiver:
        """A receiver with one secret."""

    @abstractmethod
    def receiver_in_rotation(self) -> Receiver:
        """The same with two secrets: another one first, then the one that `delivery` is proved with."""

    @abstractmethod
    def deliveries(self) -> Sequence[Delivery]:
        """True deliveries of every kind the provider has, received at NOW; the first one is a reply."""

    @abstractmethod
    def unknown(self) -> Delivery:
        """A true delivery of a kind that nobody has heard of."""

    @abstractmethod
    def events_in(self, delivery: Delivery) -> int:
        """How many events a delivery carries."""

    secrets: Sequence[str] = ()  # what `receiver` is configured with and nobody may see
    proof_headers: Sequence[str] = ()  # the headers without which a delivery proves nothing, in lower case
    signs_the_body: bool = False

    def test_a_true_delivery_passes(self) -> None:
        for delivery in (*self.deliveries(), self.unknown()):
            self.receiver().verify(delivery, now=NOW)

    def test_one_of_several_active_secrets_is_enough(self) -> None:
        self.receiver_in_rotation().verify(self.deliveries()[0], now=NOW)

    def test_a_missing_header_is_rejected(self) -> None:
        delivery = self.deliveries()[0]

        for name in self.proof_headers:
            headers = {key: value for key, value in delivery.headers.items() if key != name}
            with pytest.raises(WebhookRejected):
                self.receiver().verify(replace(delivery, headers=headers), now=NOW)

    @pytest.mark.parametrize("odd", ODD_VALUES)
    def test_a_header_with_odd_characters_is_rejected_and_never_crashes(self, odd: str) -> None:
        delivery = self.deliveries()[0]

        for name in self.proof_headers:
            with pytest.raises(WebhookRejected):
                self.receiver().verify(replace(delivery, headers={**delivery.headers, name: odd}), now=NOW)

    def test_a_changed_body_is_rejected_where_the_body_is_signed(self) -> None:
        delivery = self.deliveries()[0]
        body = delivery.body

        if not self.signs_the_body:
            return
        for at in range(0, len(body), max(1, len(body) // 64)):
            changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
            with pytest.raises(WebhookRejected):
                self.receiver().verify(replace(delivery, body=changed), now=NOW)

    def test_every_event_of_a_delivery_appears_once(self) -> None:
        for delivery in self.deliveries():
            events = self.receiver().parse(delivery)

            assert len(events) == self.events_in(delivery)
            assert len({event.key for event in events}) == len(events)

    def test_the_same_delivery_gives_the_same_keys(self) -> None:
        for delivery in self.deliveries():
            again = replace(delivery, headers=dict(delivery.headers))

            assert self.receiver().key(delivery) == self.receiver().key(again)
            assert _keys(self.receiver().parse(delivery)) == _keys(self.receiver().parse(again))

    def test_different_deliveries_have_different_keys(self) -> None:
        keys = [self.receiver().key(delivery) for delivery in self.deliveries()]

        assert len(set(keys)) == len(keys)

    def test_keys_fit_their_columns(self) -> None:
        for delivery in (*self.deliveries(), self.unknown()):
            assert 0 < len(self.receiver().key(delivery)) <= 400
            assert all(0 < len(event.key) <= 500 for event in self.receiver().parse(delivery))

    def test_times_are_aware_and_never_later_than_the_delivery(self) -> None:
        for delivery in self.deliveries():
            for event in self.receiver().parse(delivery):
                assert event.at.utcoffset() is not None
                assert event.at <= delivery.received_at

    def test_an_unknown_kind_becomes_unknown(self) -> None:
        assert {event.kind for event in self.receiver().parse(self.unknown())} == {EventKind.UNKNOWN}

    def test_what_is_no_json_is_refused_with_a_sentence_and_still_has_a_key_and_clues(self) -> None:
        delivery = self.deliveries()[0]

        for body in (b"", b"{", b"[]", b'"text"', b"\xff\xfe\x00", b"[" * 100_000):
            broken = replace(delivery, body=body)
            with pytest.raises(ValueError, match=r"\."):
                self.receiver().parse(broken)
            assert self.receiver().key(broken)
            assert isinstance(self.receiver().clues(broken), Clues)

    def test_clues_find_everything_that_understanding_finds(self) -> None:
        for delivery in self.deliveries():
            clues = self.receiver().clues(delivery)
            for event in self.receiver().parse(delivery):
                assert_within(event.clues, clues)

    def test_clues_never_raise_on_a_body_that_was_cut_off(self) -> None:
        for delivery in self.deliveries():
            step = max(1, len(delivery.body) // 200)
            for end in range(0, len(delivery.body), step):
                self.receiver().clues(replace(delivery, body=delivery.body[:end]))

    def test_no_secret_shows_in_a_repr(self) -> None:
        receiver = self.receiver()
        shown = repr(receiver) + repr(getattr(receiver, "_options", None))

        assert self.secrets
        assert [secret for secret in self.secrets if secret in shown] == []


def assert_within(found: Clues, clues: Clues) -> None:
    """Everything that was found is among the clues."""
    assert set(found.message_ids) <= set(clues.message_ids)
    assert set(found.tokens) <= set(clues.tokens)
    assert set(found.provider_ids) <= set(clues.provider_ids)
    assert set(found.thread_ids) <= set(clues.thread_ids)
    assert set(found.addresses) <= set(clues.addresses)


def _keys(events: tuple[Event, ...]) -> list[str]:
    return [event.key for event in events]
