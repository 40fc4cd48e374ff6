"""Whom a reply names instead of its writer: `please write to Jane Roe (jane@example.com)`. In nine languages."""

from __future__ import annotations

import re

from outreach.domain.reply import NamedPerson
from outreach.mail.addresses import emails_in, phone_number
from outreach.mail.reply_people_words import IS_THE_ONE, TITLES, TO_SOMEBODY

_MAX_TEXT = 4000
_PARTICLES = r"(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|ten|ter|zu|bin|al|el)"
_WORD = r"[^\W\d_a-zà-öø-ÿşğıçąęłńóśźż][^\W\d_]*(?:['’.-][^\W\d_]+)*\.?"
_NAME = re.compile(rf"({_WORD}(?:\s+(?:{_PARTICLES}\s+)?{_WORD}){{0,3}})")
_BEFORE_ADDRESS = re.compile(rf"({_WORD}(?:[ \t]+(?:{_PARTICLES}[ \t]+)?{_WORD}){{1,3}})[ \t]*[,:;(<\[\"'–—-]*[ \t]*$")
_NAME_FIRST = re.compile(_NAME.pattern + IS_THE_ONE)
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d ()./-]{7,18}\d(?![\w.])")
_NO_NAMES = frozenset(
    [
        "i",
        "you",
        "he",
        "she",
        "we",
        "they",
        "my",
        "our",
        "your",
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "please",
        "thanks",
        "thank",
        "regards",
        "best",
        "kind",
        "hi",
        "hello",
        "dear",
        "if",
        "ich",
        "sie",
        "er",
        "wir",
        "mein",
        "meine",
        "unser",
        "bitte",
        "danke",
        "je",
        "vous",
        "il",
        "elle",
        "nous",
        "mon",
        "ma",
        "merci",
        "bonjour",
        "el",
        "la",
        "los",
        "mi",
        "gracias",
        "hola",
        "yo",
        "o",
        "a",
        "os",
        "meu",
        "minha",
        "obrigado",
        "obrigada",
        "io",
        "lei",
        "lui",
        "il",
        "mio",
        "mia",
        "grazie",
        "ik",
        "u",
        "mijn",
        "onze",
        "bedankt",
        "ja",
        "pan",
        "pani",
        "dziękuję",
        "proszę",
        "ben",
        "siz",
        "benim",
        "bizim",
        "lütfen",
        "teşekkürler",
        "him",
        "her",
        "them",
        "hr",
        "it",
        "ceo",
        "cto",
        "cfo",
        "coo",
        "vp",
        "sales",
        "marketing",
        "finance",
        "procurement",
        "purchasing",
        "legal",
        "einkauf",
        "vertrieb",
        "buchhaltung",
        "team",
        "support",
        "head",
        "director",
        "manager",
        "linkedin",
        "on",
        "at",
        "in",
        "for",
        "from",
        "this",
        "that",
        "mit",
        "von",
        "an",
        "zu",
        "zum",
        "zur",
        "am",
        "im",
        "in",
        "re",
        "e-mail",
        "email",
        "mail",
        "tel",
        "mobile",
        "phone",
    ]
)


def named_person(text: str, *, writer: str) -> NamedPerson | None:
    """The first other person with an address, else one whom the words in front name; None for nobody."""
    text = text[:_MAX_TEXT]
    for address in emails_in(text):
        if address != writer and not _is_robot(address):
            return NamedPerson(name=_name_at(text, address), email=address, phone=_phone_near(text))
    name = _name_after_words(text)
    return NamedPerson(name=name, phone=_phone_near(text)) if name else None


def _is_robot(address: str) -> bool:
    return address.partition("@")[0].replace("-", "") in ("noreply", "donotreply", "unsubscribe", "abuse", "privacy")


def _name_at(text: str, address: str) -> str:
    """The name in front of the address, else one the words name, else one made of `first.last@`."""
    at = text.lower().find(address)
    before = _BEFORE_ADDRESS.search(text[max(0, at - 120) : at].replace("mailto:", ""))
    return _cleaned(before.group(1) if before else "") or _name_after_words(text) or _of_local_part(address)


def _of_local_part(address: str) -> str:
    parts = re.split(r"[._]", address.partition("@")[0])
    is_name = len(parts) == 2 and all(part.isalpha() and len(part) > 1 for part in parts)
    return " ".join(part.capitalize() for part in parts) if is_name else ""


def _name_after_words(text: str) -> str:
    flat = " ".join(text.split())
    for match in TO_SOMEBODY.finditer(flat):
        rest = TITLES.sub("", flat[match.end() : match.end() + 120].lstrip(" ,:"))
        named = _NAME.match(rest)
        name = _cleaned(named.group(1)) if named else ""
        if name:
            return name
    return next((name for match in _NAME_FIRST.finditer(flat) if (name := _cleaned(match.group(1)))), "")


def _cleaned(name: str) -> str:
    words = TITLES.sub("", name.strip(" .,;:")).split()
    while words and words[0].lower().strip(".,") in _NO_NAMES:
        words = words[1:]
    cut = next((at for at, word in enumerate(words) if word.lower().strip(".,") in _NO_NAMES), len(words))
    return " ".join(words[:cut]).strip(" .,;:")[:120]


def _phone_near(text: str) -> str:
    match = _PHONE.search(text)
    number = phone_number(match.group()) if match else ""
    return number if len(number) >= 9 else ""
