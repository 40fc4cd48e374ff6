"""Which column of a file holds what: headers as people and tools write them, in several languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from outreach.content.countries import plain_letters
from outreach.content.names import COMPANY, LEAD

ADDRESS_FIELDS = ("email", "linkedin", "x", "telegram", "whatsapp", "phone")
LEFT_OUT = ""
ERROR_HEADER = "outreach_error"
LINE_HEADER = "outreach_line"

SAYS_NEVER = ("opted_out", "complained", "bounced")
"""Columns of yes and no that may stand several times in a list: one yes is enough."""

_REPEATABLE = (*ADDRESS_FIELDS, *SAYS_NEVER, LEFT_OUT)
_MOST_SLUG = 64
_KNOWN = {
    "email": "email, e-mail, mail, email address, e-mail address, work email, business email, primary email,"
    " contact email, person email, e-posta, eposta, e-posta adresi, eposta adresi, posta, mail adresi,"
    " kurumsal e-posta, is e-postasi, e-mail-adresse, emailadresse, mailadresse, geschaftliche e-mail,"
    " adresse e-mail, adresse email, adresse mail, courriel, mel, correo, correo electronico,"
    " direccion de correo, email corporativo",
    "first_name": "first name, first, firstname, given name, givenname, forename, on ad, vorname, rufname,"
    " prenom, primer nombre, nombre de pila",
    "last_name": "last name, last, lastname, surname, family name, familyname, soyad, soyadi, soyisim, soy isim,"
    " soyismi, nachname, familienname, zuname, nom de famille, apellido, apellidos",
    "name": "full name, fullname, contact, contact name, contact person, person, lead, lead name, ad soyad,"
    " adi soyadi, ad soyadi, adsoyad, isim soyisim, yetkili, yetkili kisi, ilgili kisi, vollstandiger name,"
    " vor- und nachname, ansprechpartner, kontakt, kontaktperson, nom complet, prenom nom, prenom et nom,"
    " contacto, nombre completo, nombre y apellidos, nombre y apellido",
    "company": "company, company name, organization, organisation, organization name, account, account name,"
    " employer, firm, business, business name, sirket, sirket adi, sirket ismi, firma, firma adi, kurum, kurulus,"
    " is yeri, isyeri, unternehmen, unternehmensname, firmenname, entreprise, societe, nom de l'entreprise,"
    " nom de la societe, raison sociale, empresa, compania, nombre de la empresa, organizacion",
    "domain": "domain, company domain, website, company website, web, web site, homepage, site, company url,"
    " alan adi, web sitesi, internet sitesi, webseite, internetseite, site web, site internet, sitio web,"
    " pagina web, dominio",
    "title": "title, job title, jobtitle, job, position, role, designation, unvan, unvani, gorev, gorevi,"
    " pozisyon, titel, funktion, stelle, berufsbezeichnung, rolle, poste, fonction, titre, cargo, puesto, titulo",
    "phone": "phone, phone number, telephone, telephone number, tel, mobile, mobile phone, mobile number, cell,"
    " cell phone, work phone, direct phone, direct dial, business phone, contact number, telefon,"
    " telefon numarasi, telefon no, tel no, cep, cep telefonu, cep tel, gsm, telefonnummer, handy, handynummer,"
    " mobil, mobiltelefon, rufnummer, numero de telephone, telephone portable, portable, telephone mobile,"
    " telefono, numero de telefono, movil, celular",
    "whatsapp": "whatsapp, whatsapp number, whatsapp no, whatsapp numarasi, whatsapp-nummer",
    "linkedin": "linkedin, linkedin url, linkedin profile, linkedin profile url, linkedin link,"
    " person linkedin url, person linkedin, li url, linkedin profili, linkedin adresi, linkedin-profil,"
    " profil linkedin, url linkedin, perfil de linkedin, perfil linkedin",
    "x": "x, x handle, x url, x username, x profile, twitter, twitter handle, twitter url, twitter username,"
    " twitter profile, twitter hesabi",
    "telegram": "telegram, telegram handle, telegram username, telegram url",
    "country": "country, country code, nation, ulke, land, pays, pais",
    "timezone": "timezone, time zone, tz, saat dilimi, zeitzone, fuseau horaire, zona horaria, huso horario",
    "language": "language, lang, locale, preferred language, dil, sprache, langue, idioma, lengua",
    "source": "source, lead source, origin, kaynak, kaynagi, quelle, herkunft, origine, provenance, fuente, origen",
    "tags": "tags, tag, labels, label, etiketler, etiket, schlagworte, etiquettes, etiquetas",
    "score": "score, lead score, puan, skor, punkte, punktzahl, note de score, puntuacion",
    "owner": "owner, lead owner, contact owner, account owner, assigned to, sahip, sahibi, sorumlu, besitzer,"
    " verantwortlich, zustandig, proprietaire, responsable, propietario",
    "opted_out": "opted out, opt out, email opt out, email opted out, unsubscribed, is unsubscribed,"
    " unsubscribed from all email, do not contact, donotcontact, dnc, do not email, blacklisted, blocklisted,"
    " abgemeldet, desabonne, listeden cikti",
    "bounced": "bounced, email bounced, hard bounced, hard bounce",
    "complained": "complained, spam complaint, spam report, marked as spam",
    "legal_basis": "legal basis, lawful basis, consent, gdpr consent, rechtsgrundlage, base legale, hukuki dayanak",
    "consent_source": "consent source, source of consent, opt-in source, optin source",
    "consent_on": "consent date, date of consent, consent on, opt-in date, optin date, opted in at, opted in on",
    "stage": "stage, lead stage, pipeline stage, asama, phase, etape, etapa",
}
FIELDS = frozenset({*_KNOWN, "state_elsewhere"})
"""What a column may hold besides `fields.<name>` and `company.fields.<name>`.

`opted_out`, `complained` and `bounced` are yes or no (any other text means yes); `state_elsewhere` is another
program's word for it.
"""
_OWN = re.compile(r"(?:company\.)?fields\.[\w-]{1,80}")

_FIRST_OR_FULL = frozenset(
    {"ad", "adi", "isim", "ismi", "nombre"}
)  # the first name only if the last has its own column
_LAST_OR_FULL = frozenset({"name", "nom"})  # the last name only if the first has its own column
_COMPANY_FIELD = re.compile(r"company[_ .:]+(?:fields\.)?(.+)", re.IGNORECASE)
_LEAD_FIELD = re.compile(r"(?:lead\.)?fields\.(.+)", re.IGNORECASE)


_NOTHING_GIVEN: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Column:
    """`field` is a lead's field, `fields.<name>`, `company.fields.<name>`, or empty: the column is left out."""

    header: str
    field: str


def is_field(text: str) -> bool:
    """May a column be said to hold this? Empty: nothing."""
    return text in FIELDS or not text or bool(_OWN.fullmatch(text))


def guess_columns(headers: Sequence[str], given: Mapping[str, str] = _NOTHING_GIVEN) -> tuple[Column, ...]:
    """What each column holds; `given` (slug of a header → field) is stronger than any guess.

    Raises ValueError when none holds an address.

    Columns of addresses may repeat: each is one more address. Of other fields the first column counts, and a further
    one becomes a field of the team's own, as does every column nobody knows.
    """
    known = [_known_field(header) for header in headers]
    known = [
        given.get(slug_of(header), guessed)
        for header, guessed in zip(headers, _with_names(headers, known), strict=True)
    ]
    columns: list[Column] = []
    taken: set[str] = set()
    for number, (header, field) in enumerate(zip(headers, known, strict=True), start=1):
        chosen = field if field in _REPEATABLE or field not in taken else None
        chosen = chosen if chosen is not None else _own_field(header, number, taken)
        taken.add(chosen)
        columns.append(Column(header, chosen))
    if not taken.intersection(ADDRESS_FIELDS):
        raise ValueError(f"missing column: none holds an address. Found: {_listed(headers)}.")
    return tuple(columns)


def slug_of(header: str) -> str:
    """`Pain Point?` becomes `pain_point`."""
    return re.sub(r"[\W_]+", "_", plain_letters(header)).strip("_")[:_MOST_SLUG].strip("_")


def _aliases() -> dict[str, str]:
    own = {field: field for field in _KNOWN}
    return own | {slug_of(alias): field for field, aliases in _KNOWN.items() for alias in aliases.split(",")}


_FIELD_BY_SLUG = _aliases()


def _known_field(header: str) -> str | None:
    """The field of a header that says it alone; None if it does not."""
    if header.strip() in ("", ERROR_HEADER, LINE_HEADER):
        return LEFT_OUT
    return _FIELD_BY_SLUG.get(slug_of(header))


def _with_names(headers: Sequence[str], known: list[str | None]) -> list[str | None]:
    """`Name` beside `Vorname` is the last name; `Ad` beside `Soyad` the first; alone they are the whole name."""
    slugs = [slug_of(header) for header in headers]
    has_first = "first_name" in known or bool(_FIRST_OR_FULL.intersection(slugs))
    has_last = "last_name" in known or ("nom" in slugs and "first_name" in known)
    for index, slug in enumerate(slugs):
        if slug in _FIRST_OR_FULL:
            known[index] = "first_name" if has_last else "name"
        elif slug in _LAST_OR_FULL:
            known[index] = "last_name" if has_first and "last_name" not in known else "name"
    return known


def _own_field(header: str, number: int, taken: set[str]) -> str:
    """A name for a column of the team's own; never one that a lead or a company has anyway."""
    holder, words, reserved = _holder_of(header)
    slug = slug_of(words) or f"column_{number}"
    if slug in reserved or slug[0].isdigit():
        slug = f"own_{slug}"
    name = f"{holder}.{slug}"
    return f"{name}_{number}" if name in taken else name


def _holder_of(header: str) -> tuple[str, str, frozenset[str]]:
    of_company = _COMPANY_FIELD.fullmatch(header.strip())
    if of_company:
        return "company.fields", of_company.group(1), COMPANY
    of_lead = _LEAD_FIELD.fullmatch(header.strip())
    return "fields", of_lead.group(1) if of_lead else header, LEAD


def _listed(headers: Sequence[str]) -> str:
    shown = [f"'{header.strip()[:40]}'" for header in headers[:20] if header.strip()]
    return ", ".join(shown) + (", …" if len(headers) > 20 else "") if shown else "no names at all"
