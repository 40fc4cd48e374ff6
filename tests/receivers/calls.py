"""Calls of stand-ins as deliveries, and what no delivery may do: pass with one byte of it changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from outreach.errors import WebhookRejected
from outreach.receiver import Delivery, Receiver
from outreach.sandbox.answers import Hook
from outreach.testing.receiver import NOW


def delivered(hook: Hook, connection: str = "hook") -> Delivery:
    """What arrives at our door of a provider's call."""
    return Delivery(
        connection=connection,
        method=hook.method,
        url=hook.url,
        headers={name.lower(): value for name, value in hook.headers.items()},
        body=hook.body,
        received_at=NOW,
    )


def altered(text: str) -> Iterator[str]:
    """The text with each of its characters changed in turn."""
    for at, character in enumerate(text):
        yield text[:at] + chr(ord(character) ^ 1) + text[at + 1 :]


def assert_no_byte_can_change(receiver: Receiver, delivery: Delivery, header: str) -> None:
    """The delivery passes; with any byte of the body or of the signature changed it does not."""
    receiver.verify(delivery, now=delivery.received_at)
    for at in range(len(delivery.body)):
        body = delivery.body[:at] + bytes([delivery.body[at] ^ 1]) + delivery.body[at + 1 :]
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(delivery, body=body), now=delivery.received_at)
    for value in altered(delivery.headers[header]):
        with pytest.raises(WebhookRejected):
            receiver.verify(replace(delivery, headers={**delivery.headers, header: value}), now=delivery.received_at)
