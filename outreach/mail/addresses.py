"""Addresses of people as providers write them, brought to the one form in which leads are found again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

from outreach.mail.identifiers import unique

People = tuple[tuple[str, str], ...]
"""(address kind, normalised value); in place of an address it may be the provider's own id of the person."""

CHANNELS = ("email", "linkedin", "x", "whatsapp", "sms", "telegram", "other")

_MAX_VALUE = 1024
_MAX_STORED = 512
_EMAIL = re.compile(r"[^\s<>()\[\]\",;:@\\：；，、（）「」]{1,128}@[^\s<>()\[\]\",;:@\\：；，、（）「」]{1,253}")
_QUOTED_EMAIL = re.compile(r'"[^"@\s]{1,128}"@[^\s<>()\[\]",;:@\\]{1,253}')
_LINKEDIN = re.compile(r"linkedin\.com/(in|pub|sales/lead|company)/([^/?#\s,]{1,200})", re.IGNORECASE)
_PROFILE_HOST = re.compile(r"^(?:https?://)?(?:www\.|mobile\.)?(?:x\.com|twitter\.com|t\.me)/", re.IGNORECASE)
_HANDLE = re.compile(r"^@?([A-Za-z0-9_.]{1,64})$")
_SLUG = re.compile(r"^[^\s/?#@,:]{1,200}$")
_PHONE = re.compile(r"^(?:whatsapp:|tel:|sms:)?\s*(\+?[\d\s().\-/]{6,30})$", re.IGNORECASE)


def email_of(text: str) -> str:
    """The first e-mail address in a text such as `Ada <Ada@Example.com>`, in lower case; empty when there is none."""
    text = text[:_MAX_VALUE]
    found = [one for piece in text.split("<")[1:] for one in emails_in(piece.partition(">")[0])] or emails_in(text)
    return found[0] if found else ""


def emails_in(text: str) -> tuple[str, ...]:
    """Every e-mail address in a header value, in lower case, each once, in its order."""
    return unique(address for address in _found(text) if _is_plausible(address))


def people_of(channel: str, value: str) -> People:
    """Whom a sender's value names on a channel: address, profile URL, E.164 number, handle or provider id."""
    value = value.strip()[:_MAX_VALUE]
    if channel in ("x", "telegram"):
        return _as_handle(channel, value)
    return _READERS.get(channel, _by_its_looks)(value)


def anyone_of(value: str) -> People:
    """Everybody a value could name on any channel: what the raw match looks for."""
    found = [one for channel in CHANNELS for one in people_of(channel, value)]
    if _SLUG.match(value):
        found += people_of("linkedin", f"https://www.linkedin.com/in/{value}")
    return tuple(dict.fromkeys(found))


def linkedin_url(value: str) -> str:
    """`https://www.linkedin.com/in/<slug>`, the slug in lower case unless it is a member id; empty for no profile."""
    match = _LINKEDIN.search(value[:_MAX_VALUE])
    if not match:
        return ""
    slug = unicodedata.normalize("NFC", unquote(match.group(2))).strip().rstrip(".")
    section = "in" if match.group(1).lower() == "pub" else match.group(1).lower()
    return f"https://www.linkedin.com/{section}/{slug if _is_member_id(slug) else slug.lower()}"[:_MAX_STORED]


def phone_number(value: str) -> str:
    """E.164 where the number says its country (`+`, `00`, or no leading zero); else its digits; empty for no number."""
    match = _PHONE.match(value.strip()[:64].removesuffix("@s.whatsapp.net").removesuffix("@c.us"))
    digits = re.sub(r"[^\d+]", "", match.group(1)) if match else ""
    if digits.startswith("00"):
        return "+" + digits[2:]
    if digits and not digits.startswith(("+", "0")) and len(digits) >= 8:
        return "+" + digits
    return digits


def _found(text: str) -> list[str]:
    plain = _EMAIL.findall(text) if "@" in text else []
    quoted = _QUOTED_EMAIL.findall(text) if '"@' in text else []
    return [_stored(address.strip("'.").lower()) for address in (*plain, *quoted)]


def _stored(address: str) -> str:
    """Composed characters in the local part, and the domain in ASCII, as leads are stored."""
    if address.isascii():
        return address
    local, _, domain = unicodedata.normalize("NFC", address).rpartition("@")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return f"{local}@{domain}"


def _is_plausible(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return bool(local) and bool(domain) and not domain.startswith((".", "-"))


def _is_member_id(slug: str) -> bool:
    return slug.startswith(("ACoAA", "ACwAA", "AEMAA", "ADoAA"))


def _as_email(value: str) -> People:
    address = email_of(value)
    return (("email", address[:_MAX_STORED]),) if address else ()


def _as_linkedin(value: str) -> People:
    url = linkedin_url(value)
    if url:
        slug = url.rpartition("/")[2]
        return (("linkedin", url), ("linkedin", slug)) if _is_member_id(slug) else (("linkedin", url),)
    return (("linkedin", value[:255]),) if value else ()


def _as_handle(kind: str, value: str) -> People:
    match = _HANDLE.match(_PROFILE_HOST.sub("", value).rstrip("/"))
    if match:
        return tuple(dict.fromkeys(((kind, match.group(1).lower()), (kind, value[:255]))))
    return ((kind, value[:255]),) if value else ()


def _as_phone(value: str) -> People:
    number = phone_number(value)
    return (("phone", number),) if number else ()


def _as_whatsapp(value: str) -> People:
    number = phone_number(value)
    return (("whatsapp", number), ("phone", number)) if number else _as_handle("whatsapp", value)


def _by_its_looks(value: str) -> People:
    found = _as_email(value) + _as_phone(value) + (_as_linkedin(value) if "linkedin.com/" in value.lower() else ())
    return found or ((("other", value[:255]),) if value else ())


_READERS: dict[str, Callable[[str], People]] = {
    "email": _as_email,
    "linkedin": _as_linkedin,
    "whatsapp": _as_whatsapp,
    "sms": _as_phone,
}
