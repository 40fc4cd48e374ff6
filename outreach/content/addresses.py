"""Addresses of people, brought to one form each, so that the same person is found again however it was written.

The forms are those that inbound news are matched by (`outreach/mail/addresses.py`).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from outreach.content.free_mail import is_free_mail
from outreach.domain.lead import Address, AddressKind

if TYPE_CHECKING:
    from tldextract import TLDExtract

_MOST_CHARACTERS = 512
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_LINKEDIN = re.compile(
    r"(?:https?://)?(?:[a-z]{2,3}\.|mobile\.|m\.)?linkedin\.com/(?:mwlite/)?(in|pub|sales/lead)/([^/?#\s,]{1,200})",
    re.IGNORECASE,
)
_MEMBER_ID = re.compile(r"(?:ACoAA|ACwAA|AEMAA|ADoAA)")  # LinkedIn's own ids begin so, and their case matters
_SLUG = re.compile(r"[^\s/?#<>\"@]{2,200}")
_BARE_SLUG = re.compile(r"[\w-]{3,100}")
_X_URL = re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/@?([^/?#\s]+)(?:[/?#]\S*)?", re.IGNORECASE)
_TELEGRAM_URL = re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me)/@?([^/?#\s]+)(?:[/?#]\S*)?", re.IGNORECASE)
_X_HANDLE = re.compile(r"@?(\w{1,15})", re.ASCII)
_TELEGRAM_HANDLE = re.compile(r"@?([a-z]\w{3,31})", re.ASCII | re.IGNORECASE)
_PHONE_PREFIX = re.compile(r"^(?:tel|phone|whatsapp|sms):", re.IGNORECASE)
_LOOKS_LIKE_A_PHONE = re.compile(r"\+?[\d\s().\-/]{6,30}", re.ASCII)
_MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
_PLAIN_EMAIL = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@((?:[a-z0-9-]+\.)+[a-z]{2,63})")
_PLAIN_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MOST_LOCAL, _MOST_EMAIL = 64, 254  # RFC 5321 §4.5.3.1
_IN_BRACKETS = re.compile(r"<([^<>]+)>\s*$")


def normalise(kind: str, raw: str, *, country: str | None = None) -> str:
    """The one form of an address of that kind. `country` is where a phone number without a country code is taken from.

    Raises ValueError with a sentence that says what is wrong and what to write.
    """
    text = (raw if raw.isascii() else unicodedata.normalize("NFC", raw)).strip()
    if not text:
        raise ValueError(f"the {kind} address is empty")
    if len(text) > _MOST_CHARACTERS or (not text.isprintable() and _CONTROL.search(text)):
        raise ValueError(
            f"{_shown(text)} is not {_NAMES[AddressKind(kind)]}: it is too long or holds control characters."
        )
    reader = _READERS.get(AddressKind(kind))
    return reader(text) if reader else _phone(text, country)


def kind_of(raw: str) -> AddressKind | None:
    """Which kind of address a text looks like; None: none, so it may be an id."""
    text = raw.strip()
    if _LINKEDIN.search(text):
        return AddressKind.LINKEDIN
    if _X_URL.fullmatch(text):
        return AddressKind.X
    if _TELEGRAM_URL.fullmatch(text):
        return AddressKind.TELEGRAM
    if text.startswith("@"):
        return AddressKind.X
    if "@" in text:
        return AddressKind.EMAIL
    return AddressKind.PHONE if _LOOKS_LIKE_A_PHONE.fullmatch(_PHONE_PREFIX.sub("", text)) else None


def candidates(raw: str) -> tuple[Address, ...]:
    """Every address a text may mean: a number is a phone's or WhatsApp's, a handle X's or Telegram's."""
    kind = kind_of(raw)
    kinds: tuple[AddressKind, ...] = (kind,) if kind else ()
    if kind is AddressKind.PHONE:
        kinds = (AddressKind.PHONE, AddressKind.WHATSAPP)
    if kind is AddressKind.X and raw.strip().startswith("@"):
        kinds = (AddressKind.X, AddressKind.TELEGRAM)
    found = []
    for each in kinds:
        try:
            found.append(Address(each, normalise(each, raw)))
        except ValueError:
            continue
    return tuple(found)


def company_domain(email: str) -> str | None:
    """The registrable domain of a normalised e-mail address; None where anybody may have a mailbox."""
    return registrable_domain(email.rpartition("@")[2])


@lru_cache(maxsize=8192)
def registrable_domain(host: str) -> str | None:
    """`example.co.uk` of `mail.example.co.uk` or `https://example.co.uk/about`; None for free mail and IP addresses."""
    name = re.sub(r"^[a-z][a-z0-9+.-]*://", "", host.strip().lower()).partition("/")[0].partition(":")[0].rstrip(".")
    name = _to_ascii(name)
    if not name or "." not in name or _is_ip_address(name):
        return None
    found = _suffixes()(name)
    # publicsuffix.org/list: "If no rules match, the prevailing rule is *": an unknown last label is a suffix.
    domain = found.top_domain_under_public_suffix or ("" if found.suffix else ".".join(name.split(".")[-2:]))
    return domain if domain and not is_free_mail(domain) else None


def organisation_domain(domain: str) -> str:
    """`mail.example.co.uk` → `example.co.uk`: the part an organisation has registered; else the domain itself."""
    found = _suffixes()(domain)
    return found.top_domain_under_public_suffix or (domain if found.suffix else ".".join(domain.split(".")[-2:]))


@lru_cache(maxsize=1)
def _suffixes() -> TLDExtract:
    """The bundled public suffix list: nothing is fetched, nothing is written."""
    from tldextract import TLDExtract  # noqa: PLC0415  # a tenth of a second: it brings a client for HTTP along

    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def _to_ascii(host: str) -> str:
    """IDNA where it can be; the empty text for what is no host name."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _email(text: str) -> str:
    """Syntax of RFC 5321 and 6531; local part and domain in lower case, the domain in ASCII."""
    plain = _PLAIN_EMAIL.fullmatch(text.lower()) if text.isascii() else None
    if plain and len(text) <= _MOST_EMAIL and len(plain.group(1)) <= _MOST_LOCAL and _is_plain_domain(plain.group(2)):
        return plain.group()
    return _odd_email(text)


@lru_cache(maxsize=8192)
def _is_plain_domain(domain: str) -> bool:
    """Surely a domain on the internet, so that nearly every address needs no parser: letters, digits and hyphens."""
    labels = domain.split(".")
    is_special = any(domain == name or domain.endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES)
    return not is_special and "--" not in domain and all(map(_PLAIN_LABEL.fullmatch, labels))


def _odd_email(text: str) -> str:
    """An address with anything that is not plain: brackets, other letters, quotes; or one that is none."""
    bracketed = _IN_BRACKETS.search(text)
    address = _MAILTO.sub("", bracketed.group(1) if bracketed else text).strip()
    try:
        # test_environment lets the reserved domain `.test` pass, as used on test machines
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(
            f"{_shown(text)} is not an e-mail address: {_sentence(error)} Write it as name@example.com."
        ) from None
    domain = (found.ascii_domain or found.domain).lower()
    if "." not in domain:
        raise ValueError(f"{_shown(text)} is not an e-mail address: '{domain}' is not a domain on the internet.")
    return f"{unicodedata.normalize('NFC', found.local_part.lower())}@{domain}"


def _linkedin(text: str) -> str:
    """The canonical profile URL, the slug decoded and in lower case unless it is a member id."""
    match = _LINKEDIN.search(text)
    slug = unquote(match.group(2)) if match else text.removeprefix("@")
    if "linkedin.com/company/" in text.lower():
        raise ValueError(
            f"{_shown(text)} is the page of a company. Write a person's: https://www.linkedin.com/in/name."
        )
    if not (_SLUG if match else _BARE_SLUG).fullmatch(slug):
        raise ValueError(f"{_shown(text)} is not a LinkedIn profile. Write it as https://www.linkedin.com/in/name.")
    section = "sales/lead" if match and match.group(1).lower() == "sales/lead" else "in"
    slug = unicodedata.normalize("NFC", slug).rstrip(".")
    return f"https://www.linkedin.com/{section}/{slug if _MEMBER_ID.match(slug) else slug.lower()}"


def _phone(text: str, country: str | None) -> str:
    """E.164. Without a country code it needs a country, unless the digits alone are a valid international number."""
    written = _PHONE_PREFIX.sub("", text).strip()
    number = _parsed(written, country) if country or written.startswith(("+", "00")) else None
    if number is None and not written.startswith(("+", "0")):
        international = _parsed("+" + written, None)
        number = international if international and phonenumbers.is_valid_number(international) else None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError(f"{_shown(text)} is not a phone number. Write it with its country code, as +905321234567.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _parsed(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    international = "+" + text[2:] if text.startswith("00") else text
    try:
        return phonenumbers.parse(international, country.upper() if country else None)
    except phonenumbers.NumberParseException:
        return None


def _x(text: str) -> str:
    url = _X_URL.fullmatch(text)
    match = _X_HANDLE.fullmatch(url.group(1) if url else text)
    if not match:
        raise ValueError(f"{_shown(text)} is not an X handle. Write it as @name, at most 15 letters, digits and '_'.")
    return match.group(1).lower()


def _telegram(text: str) -> str:
    url = _TELEGRAM_URL.fullmatch(text)
    match = _TELEGRAM_HANDLE.fullmatch(url.group(1) if url else text)
    if not match:
        raise ValueError(f"{_shown(text)} is not a Telegram name. Write it as @name, 4 to 32 letters, digits and '_'.")
    return match.group(1).lower()


def _shown(text: str) -> str:
    return f"'{_CONTROL.sub('?', text)[:80]}'"


def _sentence(error: Exception) -> str:
    words = str(error)
    return words[:1].lower() + words[1:].rstrip(".") + "."


_READERS: dict[AddressKind, Callable[[str], str]] = {
    AddressKind.EMAIL: _email,
    AddressKind.LINKEDIN: _linkedin,
    AddressKind.X: _x,
    AddressKind.TELEGRAM: _telegram,
}
_NAMES = {
    AddressKind.EMAIL: "an e-mail address",
    AddressKind.LINKEDIN: "a LinkedIn profile",
    AddressKind.X: "an X handle",
    AddressKind.TELEGRAM: "a Telegram name",
    AddressKind.WHATSAPP: "a WhatsApp number",
    AddressKind.PHONE: "a phone number",
}
