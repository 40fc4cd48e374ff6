"""From a row of a file to a lead: cells cleaned, addresses in their one form, everything else as far as it is clear.

A row is refused for an e-mail address that is none, for having no address at all, for a zone or stage that does not
exist. What is merely unclear (a phone number without its country, a country we do not know) is left out with a remark
and kept as it was written in a field of its own, so that nothing is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import available_timezones

from outreach.content.addresses import company_domain, normalise, registrable_domain
from outreach.content.calendars import is_zone
from outreach.content.countries import country_code, plain_letters
from outreach.content.lead_columns import ADDRESS_FIELDS, LEFT_OUT, SAYS_NEVER, Column
from outreach.content.lead_files import as_written
from outreach.content.own_fields import FieldType, type_of
from outreach.content.own_fields import read as read_value
from outreach.content.suggestions import did_you_mean
from outreach.domain.lead import Address, AddressKind, Company, LeadDraft
from outreach.domain.suppression import SuppressionReason

MAX_ADDRESSES = 20
"""Addresses of one lead in one row."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_NOTHING = frozenset({"", "-", "--", "—", "n/a", "#n/a", "#ref!", "#value!"})
_LONGEST_NOTHING = max(map(len, _NOTHING))
_ADDRESS_FIELDS = frozenset(ADDRESS_FIELDS)
_NO_ADDRESS = _NOTHING | {"none", "null", "nan", "na", "unknown", "yok", "keine", "?"}
_LIST = re.compile(r"[;,\s]+")
_NUMBERS = re.compile(r"[;,\n]|(?<=\d)\s*/\s*(?=[+0])")
_KINDS = tuple(AddressKind)
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE)
_LANGUAGES = {
    "english": "en", "ingilizce": "en", "englisch": "en", "anglais": "en", "ingles": "en",
    "turkish": "tr", "turkce": "tr", "turkisch": "tr", "turc": "tr", "turco": "tr",
    "german": "de", "deutsch": "de", "almanca": "de", "allemand": "de", "aleman": "de",
    "french": "fr", "francais": "fr", "fransizca": "fr", "franzosisch": "fr", "frances": "fr",
    "spanish": "es", "espanol": "es", "ispanyolca": "es", "spanisch": "es", "espagnol": "es",
    "portuguese": "pt", "italian": "it", "italiano": "it", "dutch": "nl", "nederlands": "nl", "polish": "pl",
}  # fmt: skip
_SHARED_SITES = frozenset(
    {"linkedin.com", "facebook.com", "fb.com", "instagram.com", "twitter.com", "x.com", "youtube.com"}
)
_SCORE = re.compile(r"[+-]?\d{1,6}")
_NO = frozenset(
    {"no", "n", "false", "0", "none", "null", "never", "hayir", "nein", "non", "falsch", "faux", "subscribed"}
)
_OPTED_OUT_WORDS = ("unsubscrib", "opted out", "opted-out", "optedout", "do not contact", "donotcontact", "blacklist")
_COMPLAINED_WORDS = ("complain", "spam report", "marked as spam")
_KEPT = ("state_elsewhere", "legal_basis", "consent_source", "consent_on")
"""Columns that are kept as fields of the same name."""
_OF_LEAD, _OF_COMPANY = "fields.", "company.fields."
_ABOUT_CONTACT = (*SAYS_NEVER, "state_elsewhere")
_LONGEST = {
    "title": 500,
    "owner": 128,
    "source": 500,
    "stage": 128,
    "first_name": 200,
    "last_name": 200,
    "company": 500,
}

_SHORT = min(_LONGEST.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for every row of a file."""

    columns: tuple[Column, ...]
    default_source: str
    source: str | None = None  # given by hand: stronger than a column
    default_country: str | None = None  # where phone numbers without a country code are taken from
    stages: Collection[str] = ()  # of the pipeline that new leads enter; none: any stage
    field_types: Mapping[str, FieldType] = field(default_factory=dict)  # of the team's own


@dataclass(frozen=True, slots=True)
class Understood:
    """A lead, and the fields that were left out because they were not clear."""

    draft: LeadDraft
    remarks: tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """One row while it is read."""

    terms: Terms
    values: dict[str, str] = field(default_factory=dict)  # field → its first cell that says something
    own: dict[str, str] = field(default_factory=dict)  # the team's own of the lead, by their own names
    own_of_company: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)  # kind → cells
    unclear: dict[str, str] = field(default_factory=dict)  # field → as it was written
    problems: list[str] = field(default_factory=list)

    def text(self, name: str) -> str:
        """A value on one line, cut at the length its column holds."""
        value = self.values.get(name)
        if not value:
            return ""
        if len(value) <= _SHORT and "  " not in value and value.isprintable():
            return value  # nearly every one: cells come without white space around them
        return " ".join(value.split())[: _LONGEST.get(name, 500)].rstrip()

    def holder(self, name: str) -> tuple[dict[str, str], str]:
        """Where a column's value belongs, and under which name."""
        if name.startswith(_OF_COMPANY):
            return self.own_of_company, name.removeprefix(_OF_COMPANY)
        return (self.own, name.removeprefix(_OF_LEAD)) if name.startswith(_OF_LEAD) else (self.values, name)


def understand(cells: Sequence[str], terms: Terms) -> Understood:
    """The lead a row is about. Raises ValueError with everything that is wrong with it."""
    reading = _collect(cells, terms)
    country = _clear(reading, "country", country_code) or ""
    addresses = _addresses(reading, country or terms.default_country)
    first_name, last_name = _names(reading)
    company = _company(reading, addresses)
    language, zone, stage = _clear(reading, "language", _language) or "", _zone(reading), _stage(reading)
    score = int(_clear(reading, "score", _score) or 0)
    if reading.problems:
        raise ValueError(" ".join(reading.problems))
    draft = LeadDraft(
        addresses=addresses,
        source=_source(reading),
        company=company,
        first_name=first_name,
        last_name=last_name,
        title=reading.text("title"),
        language=language,
        timezone=zone,
        country=country,
        owner=reading.text("owner"),
        stage=stage,
        score=score,
        tags=_tags(reading),
        fields=_own_fields(reading, company),
        never=_never(reading),
    )
    return Understood(draft, tuple(reading.unclear))


def _collect(cells: Sequence[str], terms: Terms) -> _Reading:
    reading = _Reading(terms)
    for column, cell in zip(terms.columns, cells, strict=False):
        name = column.field
        value = _cleaned(cell) if cell and name != LEFT_OUT else ""
        if not value:
            continue
        if name in _ADDRESS_FIELDS:
            reading.addresses.setdefault(name, []).append(value)
        elif "." in name:
            values, own_name = reading.holder(name)
            values.setdefault(own_name, value)
        elif name not in reading.values or (name in SAYS_NEVER and not _says_yes(reading.values[name])):
            reading.values[name] = value
    return reading


def _cleaned(cell: str) -> str:
    """The cell without control characters, white space around it and the mark before a formula; empty for nothing."""
    is_plain = cell.isprintable() and cell[0] != "'"  # nearly every cell
    value = cell.strip() if is_plain else _CONTROL.sub("", as_written(cell)).strip()
    return "" if len(value) <= _LONGEST_NOTHING and value.lower() in _NOTHING else value


def _clear(reading: _Reading, name: str, read: Callable[[str], str | None]) -> str | None:
    """The value as `read` understands it; one it does not is noted as unclear."""
    if name not in reading.values:
        return None
    written = reading.text(name)
    if not written or written.lower() in _NO_ADDRESS:
        return None
    value = read(written)
    if value is None:
        reading.unclear[name] = written
    return value


def _addresses(reading: _Reading, country: str | None) -> tuple[Address, ...]:
    """Every address, each once, e-mail first. A row without any is refused, and one with an e-mail that is none."""
    found: dict[Address, None] = {}
    for kind in _KINDS if reading.addresses else ():
        for cell in reading.addresses.get(kind, ()):
            for written in _each_of(kind, cell):
                _add_address(reading, found, kind, written, country)
    if not found and not reading.problems:
        reading.problems.append(_no_address(reading))
    if len(found) > MAX_ADDRESSES:
        reading.problems.append(f"The row holds {len(found)} addresses; a lead has at most {MAX_ADDRESSES}.")
    return tuple(found)


def _each_of(kind: AddressKind, cell: str) -> list[str]:
    """Several addresses in one cell: `a@example.com; b@example.com`, two profiles, two numbers."""
    if kind is AddressKind.EMAIL:
        return [cell] if cell.count("@") < 2 else [part for part in _LIST.split(cell) if "@" in part]
    if kind is AddressKind.PHONE or kind is AddressKind.WHATSAPP:
        return [part.strip() for part in _NUMBERS.split(cell) if part.strip()]
    return cell.split() if cell.lower().count("linkedin.com/in/") > 1 else [cell]


def _add_address(
    reading: _Reading, found: dict[Address, None], kind: AddressKind, written: str, country: str | None
) -> None:
    if written.lower() in _NO_ADDRESS:
        return
    try:
        found.setdefault(Address(kind, normalise(kind, written, country=country)))
    except ValueError as error:
        if kind is AddressKind.EMAIL:
            reading.problems.append(_capital(str(error)))
        else:
            reading.unclear.setdefault(kind, written)


def _no_address(reading: _Reading) -> str:
    unclear = [kind for kind in AddressKind if kind in reading.unclear]
    if not unclear:
        return "The row holds no address. Write an e-mail address, a LinkedIn profile or a phone number."
    kind = unclear[0]
    try:
        normalise(kind, reading.unclear[kind])
    except ValueError as error:
        return _capital(str(error))
    return f"The {kind} address is not clear."


def _names(reading: _Reading) -> tuple[str, str]:
    """First and last name; a whole name gives what its own columns do not."""
    first, last = reading.text("first_name"), reading.text("last_name")
    if "name" not in reading.values or (first and last):
        return first, last
    whole = reading.text("name")
    if "," in whole:
        last_part, _, first_part = (part.strip() for part in whole.partition(","))
    else:
        first_part, _, last_part = whole.rpartition(" ")
        first_part, last_part = (first_part, last_part) if first_part else (last_part, "")
    return first or first_part, last or last_part


def _source(reading: _Reading) -> str:
    return reading.terms.source or reading.text("source") or reading.terms.default_source


def _company(reading: _Reading, addresses: Collection[Address]) -> Company:
    """By its website where one is given, else by the domain of an e-mail address."""
    domain = _site(reading) if "domain" in reading.values else None
    if domain is None:
        mail = (company_domain(address.value) for address in addresses if address.kind is AddressKind.EMAIL)
        domain = next((found for found in mail if found), None)
    company = Company(name=reading.text("company"), domain=domain)
    fields = _typed(reading, reading.own_of_company, "company.") if company and reading.own_of_company else {}
    return replace(company, fields=fields) if fields else company


def _site(reading: _Reading) -> str | None:
    """The domain of a company's website; one that many companies share is none."""
    written = reading.text("domain")
    site = registrable_domain(written) if written else None
    if written and (site is None or site in _SHARED_SITES):
        reading.unclear["domain"] = written
        return None
    return site


def _language(written: str) -> str | None:
    known = _LANGUAGES.get(plain_letters(written))
    if known or not _LANGUAGE.fullmatch(written) or (len(written) > 3 and "-" not in written and "_" not in written):
        return known
    main, *parts = written.replace("_", "-").split("-")
    return "-".join([main.lower(), *(part.upper() if len(part) == 2 else part.title() for part in parts)])[:35]


def _score(written: str) -> str | None:
    return written if _SCORE.fullmatch(written) else None


def _zone(reading: _Reading) -> str:
    written = reading.text("timezone")
    if not written or written.lower() in _NO_ADDRESS:
        return ""
    if is_zone(written):
        return written
    hint = did_you_mean(written, available_timezones()) or "Write an IANA name, such as 'Europe/Istanbul'."
    reading.problems.append(f"'{written[:80]}' is not a time zone. {hint}")
    return ""


def _stage(reading: _Reading) -> str:
    written, stages = reading.text("stage"), reading.terms.stages
    if not written or not stages:
        return written
    known = {slug: stage for stage in stages for slug in (plain_letters(stage), plain_letters(stage.replace("_", " ")))}
    stage = known.get(plain_letters(written))
    if stage is None:
        reading.problems.append(f"'{written[:80]}' is not a stage of the pipeline. {did_you_mean(written, stages)}")
    return stage or ""


def _tags(reading: _Reading) -> tuple[str, ...]:
    if "tags" not in reading.values:
        return ()
    tags = (" ".join(tag.split())[:64] for tag in re.split(r"[,;|\n]", reading.values["tags"]))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _never(reading: _Reading) -> str:
    """Why nobody may write to them, by what another program says; empty: it says nothing of the kind."""
    if not any(name in reading.values for name in _ABOUT_CONTACT):
        return ""
    state = plain_letters(reading.text("state_elsewhere"))
    if _says_yes(reading.text("opted_out")) or any(word in state for word in _OPTED_OUT_WORDS):
        return SuppressionReason.UNSUBSCRIBED
    if _says_yes(reading.text("complained")) or any(word in state for word in _COMPLAINED_WORDS):
        return SuppressionReason.COMPLAINED
    return SuppressionReason.BOUNCED if _says_yes(reading.text("bounced")) or "bounced" in state else ""


def _says_yes(written: str) -> bool:
    """A yes, or anything that is not a no: a day, a reason. Whoever may have opted out has."""
    return bool(written) and plain_letters(written) not in _NO


def _typed(reading: _Reading, own: dict[str, str], holder: str = "") -> dict[str, str]:
    """The values in the forms of their types; one that is of another type is noted as unclear."""
    found: dict[str, str] = {}
    for name, value in own.items():
        kind = type_of(holder + name, reading.terms.field_types)
        read = value if kind is FieldType.TEXT else read_value(value, kind)
        if read is None:
            reading.unclear[f"{holder}{name}".replace(".", "_")] = value
        else:
            found[name] = read
    return found


def _own_fields(reading: _Reading, company: Company) -> dict[str, str]:
    """The team's own columns, and as it was written what was not clear or is not used."""
    own = dict(reading.own)
    if not company:
        own |= {f"company_{name}": value for name, value in reading.own_of_company.items()}
    own |= {name: reading.text(name) for name in _KEPT if name in reading.values}
    own = _typed(reading, own) if own else own
    own |= {f"{name}_as_written": written for name, written in reading.unclear.items()}
    if reading.terms.source and reading.text("source") not in ("", reading.terms.source):
        own["source_as_written"] = reading.text("source")
    return own


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
