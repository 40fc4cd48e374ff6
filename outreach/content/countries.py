"""Countries as people write them, brought to ISO 3166 codes."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.resources import files

_OWN_NAMES = {
    "AE": "uae, bae, birlesik arap emirlikleri, vereinigte arabische emirate, emirats arabes unis",
    "AT": "osterreich, avusturya, autriche",
    "AU": "australien, avustralya, australie",
    "AZ": "azerbaycan, aserbaidschan, azerbaidjan, azerbaiyan",
    "BE": "belgien, belcika, belgique, belgie, belgica",
    "BG": "bulgarien, bulgaristan, bulgarie",
    "BR": "brasil, brasilien, brezilya, bresil",
    "CA": "kanada",
    "CH": "schweiz, isvicre, suisse, svizzera, suiza",
    "CN": "cin, chine, people's republic of china",
    "CY": "kibris, zypern, chypre, chipre",
    "CZ": "czechia, tschechien, cekya, tchequie, chequia",
    "DE": "deutschland, almanya, allemagne, alemania",
    "DK": "danemark, danimarka, danmark, dinamarca",
    "EE": "estland, estonya, estonie",
    "EG": "agypten, misir, egypte, egipto",
    "ES": "espana, spanien, ispanya, espagne",
    "FI": "finnland, finlandiya, finlande, suomi, finlandia",
    "FR": "frankreich, fransa, francia",
    "GB": "united kingdom, uk, great britain, england, scotland, wales, grossbritannien, vereinigtes konigreich,"
    " ingiltere, birlesik krallik, royaume-uni, angleterre, reino unido, inglaterra",
    "GR": "griechenland, yunanistan, grece, grecia, hellas",
    "HR": "kroatien, hirvatistan, croatie, hrvatska",
    "HU": "ungarn, macaristan, hongrie, hungria",
    "IE": "irland, irlanda, irlande, republic of ireland",
    "IL": "israil",
    "IN": "indien, hindistan, inde",
    "IT": "italien, italya, italie, italia",
    "JP": "japonya, japon",
    "KR": "south korea, sudkorea, guney kore, coree du sud, republic of korea",
    "LI": "furstentum liechtenstein",
    "LT": "litauen, litvanya, lituanie",
    "LU": "luxemburg, luksemburg",
    "LV": "lettland, letonya, lettonie",
    "MX": "mexiko, meksika, mexique",
    "NL": "the netherlands, holland, niederlande, hollanda, pays-bas, nederland, paises bajos",
    "NO": "norwegen, norvec, norvege, norge",
    "NZ": "neuseeland, yeni zelanda, nouvelle-zelande",
    "PL": "polen, polonya, pologne, polska, polonia",
    "PT": "portekiz",
    "RO": "rumanien, romanya, roumanie, rumania",
    "RS": "serbien, sirbistan, serbie",
    "RU": "russland, rusya, russie, russian federation, rusia",
    "SA": "ksa, saudi-arabien, suudi arabistan, arabie saoudite",
    "SE": "schweden, isvec, suede, sverige, suecia",
    "SG": "singapur, singapour",
    "SI": "slowenien, slovenya, slovenie",
    "SK": "slowakei, slovakya, slovaquie",
    "TR": "turkiye, turkei, turquie, turquia, turkiye cumhuriyeti, republic of turkey",
    "UA": "ukrayna",
    "US": "usa, u.s., u.s.a., united states of america, america, abd, amerika, amerika birlesik devletleri, "
    "vereinigte staaten, etats-unis, estados unidos, ee.uu.",
    "ZA": "sudafrika, guney afrika, afrique du sud",
}
_LETTERS = str.maketrans({"ı": "i", "İ": "i", "ß": "ss", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "æ": "ae", "Æ": "ae"})


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """`TR` for `tr`, `Turkey`, `Türkiye` or `TÜRKİYE`; None if it is no country we know."""
    word = text.strip()
    if word.upper() in _codes():
        return word.upper()
    return _by_name().get(plain_letters(word))


def plain_letters(text: str) -> str:
    """Lower case without accents: `Şirket Adı` becomes `sirket adi`; other scripts stay."""
    folded = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in folded if not unicodedata.combining(letter)).casefold().strip()


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Code → English name, from `iso3166.tab` of the time zone database."""
    table = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[0]: row[1] for row in rows}


@lru_cache(maxsize=1)
def _by_name() -> dict[str, str]:
    names = {plain_letters(name): code for code, name in _codes().items()}
    for code, own in _OWN_NAMES.items():
        names.update((name.strip(), code) for name in own.split(","))
    return names
