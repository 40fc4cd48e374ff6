"""Addresses have one form each, and it is the one inbound news are matched by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.content.addresses import candidates, company_domain, kind_of, normalise, registrable_domain
from outreach.content.countries import country_code
from outreach.domain.lead import Address, AddressKind
from outreach.mail.addresses import people_of


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("email", " Ayse@Example.COM ", "ayse@example.com"),
        ("email", "ayse+news@example.com", "ayse+news@example.com"),
        ("email", "mailto:ayse@example.com", "ayse@example.com"),
        ("email", "Ayşe Yılmaz <ayse@example.com>", "ayse@example.com"),
        ("email", "Ayşe@example.com", "ayşe@example.com"),
        ("email", "Ays\u0327e@example.com", "ayşe@example.com"),
        ("email", "info@bücher.example", "info@xn--bcher-kva.example"),
        ("email", "probe@mail.test", "probe@mail.test"),
        ("linkedin", "https://www.linkedin.com/in/Ayse-Yilmaz/", "https://www.linkedin.com/in/ayse-yilmaz"),
        ("linkedin", "linkedin.com/in/ayse-yilmaz?utm=x#top", "https://www.linkedin.com/in/ayse-yilmaz"),
        ("linkedin", "http://tr.linkedin.com/in/ayse-yilmaz/en", "https://www.linkedin.com/in/ayse-yilmaz"),
        ("linkedin", "https://www.linkedin.com/in/ay%C5%9Fe-y", "https://www.linkedin.com/in/ayşe-y"),
        ("linkedin", "linkedin.com/in/ACoAAAbCdEfGhIj", "https://www.linkedin.com/in/ACoAAAbCdEfGhIj"),
        ("linkedin", "ayse-yilmaz", "https://www.linkedin.com/in/ayse-yilmaz"),
        ("phone", "+90 (532) 123 45 67", "+905321234567"),
        ("phone", "0090 532 123 45 67", "+905321234567"),
        ("phone", "905321234567", "+905321234567"),
        ("phone", "tel:+49-30-901820", "+4930901820"),
        ("whatsapp", "whatsapp:+905321234567", "+905321234567"),
        ("x", "@AyseYilmaz", "ayseyilmaz"),
        ("x", "https://twitter.com/AyseYilmaz?s=20", "ayseyilmaz"),
        ("x", "x.com/ayseyilmaz/", "ayseyilmaz"),
        ("telegram", "https://t.me/AyseYilmaz", "ayseyilmaz"),
    ],
)
def test_an_address_has_one_form(kind: str, raw: str, value: str) -> None:
    assert normalise(kind, raw) == value
    assert normalise(kind, value) == value


def test_a_number_without_country_code_is_read_as_one_of_the_country_given() -> None:
    assert normalise("phone", "0532 123 45 67", country="TR") == "+905321234567"
    assert normalise("phone", "030 901820", country="de") == "+4930901820"
    assert normalise("phone", "+90 532 123 45 67", country="DE") == "+905321234567"


@pytest.mark.parametrize(
    ("kind", "raw", "says"),
    [
        ("email", "ayse.example.com", "is not an e-mail address"),
        ("email", "ayse@localhost", "is not an e-mail address"),
        ("email", "ayse@test", "is not a domain"),
        ("email", "ayse@@example.com", "is not an e-mail address"),
        ("email", "a@example.com, b@example.com", "is not an e-mail address"),
        ("email", "ayse@example.com\r\nBcc: x@example.com", "control characters"),
        ("email", "a" * 600 + "@example.com", "too long"),
        ("linkedin", "https://www.linkedin.com/company/example", "page of a company"),
        ("linkedin", "https://example.com/in/ayse", "is not a LinkedIn profile"),
        ("phone", "0532 123 45 67", "country code"),
        ("phone", "n/a", "is not a phone number"),
        ("x", "a name with spaces", "is not an X handle"),
        ("telegram", "@1", "is not a Telegram name"),
        ("email", "  ", "is empty"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(kind: str, raw: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        normalise(kind, raw)


@given(kind=st.sampled_from(sorted(AddressKind)), raw=st.text(max_size=80))
def test_any_text_is_an_address_in_its_one_form_or_refused(kind: AddressKind, raw: str) -> None:
    try:
        value = normalise(kind, raw)
    except ValueError:
        return

    assert normalise(kind, value) == value
    assert not any(character in value for character in "\r\n\x00")


@pytest.mark.parametrize(
    ("channel", "kind", "raw"),
    [
        ("email", "email", "Ayşe Yılmaz <Ayse+a@Example.com>"),
        ("linkedin", "linkedin", "https://tr.linkedin.com/in/Ayse-Yilmaz/"),
        ("linkedin", "linkedin", "https://www.linkedin.com/in/ACoAAAbCdEfGhIj"),
        ("sms", "phone", "+90 532 123 45 67"),
        ("whatsapp", "whatsapp", "905321234567"),
        ("x", "x", "https://x.com/AyseYilmaz"),
        ("telegram", "telegram", "@AyseYilmaz"),
    ],
)
def test_what_comes_in_is_matched_by_what_was_imported(channel: str, kind: str, raw: str) -> None:
    assert (kind, normalise(kind, raw)) in people_of(channel, raw)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("ayse@example.com", AddressKind.EMAIL),
        ("https://www.linkedin.com/in/ayse", AddressKind.LINKEDIN),
        ("@ayse", AddressKind.X),
        ("https://x.com/ayse", AddressKind.X),
        ("t.me/ayse", AddressKind.TELEGRAM),
        ("+90 532 123 45 67", AddressKind.PHONE),
        ("whatsapp:+905321234567", AddressKind.PHONE),
        ("01k2a3b4c5d6e7f8g9h0jkmn", None),
        ("ayse", None),
    ],
)
def test_the_kind_of_an_address_is_seen_by_its_looks(raw: str, kind: AddressKind | None) -> None:
    assert kind_of(raw) is kind


def test_a_handle_may_be_of_x_or_of_telegram() -> None:
    assert candidates("@ayseyilmaz") == (
        Address(AddressKind.X, "ayseyilmaz"),
        Address(AddressKind.TELEGRAM, "ayseyilmaz"),
    )


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ayse@mail.example.co.uk", "example.co.uk"),
        ("ayse@example.com.tr", "example.com.tr"),
        ("ayse@firma.example", "firma.example"),
        ("ayse@gmail.com", None),
        ("ayse@hotmail.com.tr", None),
        ("ayse@mynet.com", None),
        ("ayse@t-online.de", None),
        ("ayse@yahoo.co.uk", None),
        ("ayse@gmx.at", None),
    ],
)
def test_the_company_of_an_address_is_its_registrable_domain(email: str, domain: str | None) -> None:
    assert company_domain(email) == domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("https://www.Example.com/about?x=1", "example.com"),
        ("example.com:8080", "example.com"),
        ("127.0.0.1", None),
        ("localhost", None),
        ("com", None),
        ("", None),
    ],
)
def test_a_web_address_gives_its_registrable_domain(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tr", "TR"),
        ("TÜRKİYE", "TR"),
        ("Turkey", "TR"),
        ("Deutschland", "DE"),
        ("États-Unis", "US"),
        ("Österreich", "AT"),
        ("España", "ES"),
        ("Britain (UK)", "GB"),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_a_country_is_understood_in_several_languages(text: str, code: str | None) -> None:
    assert country_code(text) == code
