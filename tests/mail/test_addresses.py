"""Senders as providers write them are found among the leads as they are stored."""

from __future__ import annotations

import pytest

from outreach.content.addresses import normalise
from outreach.mail.addresses import anyone_of, email_of, emails_in, people_of


@pytest.mark.parametrize(
    ("kind", "channel", "written"),
    [
        ("email", "email", "Ada Example <Ada+Sample@Example.COM>"),
        ("email", "email", "ada@exämple.com"),
        ("email", "email", "<ada.o'neil@example.com>"),
        ("linkedin", "linkedin", "https://www.linkedin.com/in/Ada-Example/?trk=sample"),
        ("linkedin", "linkedin", "linkedin.com/in/%C3%A7elik-ada"),
        ("linkedin", "linkedin", "https://tr.linkedin.com/in/ACoAABcdEFG"),
        ("phone", "sms", "+90 (532) 123 45 67"),
        ("phone", "sms", "00905321234567"),
        ("whatsapp", "whatsapp", "whatsapp:+905321234567"),
        ("x", "x", "@Ada_Example"),
        ("x", "x", "https://x.com/Ada_Example"),
        ("telegram", "telegram", "https://t.me/Ada_Example"),
    ],
)
def test_a_sender_is_found_in_the_form_leads_are_stored_in(kind: str, channel: str, written: str) -> None:
    stored = (kind, normalise(kind, written))

    assert stored in people_of(channel, written)
    assert stored in anyone_of(written)


def test_a_provider_id_goes_by_the_kind_of_its_channel() -> None:
    assert people_of("linkedin", "ACoAABcd") == (("linkedin", "ACoAABcd"),)
    assert people_of("telegram", "123456789 0") == (("telegram", "123456789 0"),)


def test_addresses_in_a_header_are_read_in_any_shape() -> None:
    value = '"Ada, of Example" <Ada@example.com>, bob@example.com (Bob), <eve@example.com>;'

    assert emails_in(value) == ("ada@example.com", "bob@example.com", "eve@example.com")
    assert email_of("old@example.com <new@example.com>") == "new@example.com"
