"""The day somebody asks to be written to again: a date, a month, a quarter, a season, a span. In nine languages."""

from __future__ import annotations

import re
from datetime import date, timedelta

from outreach.mail.date_words import MONTHS
from outreach.mail.return_dates import return_date
from outreach.mail.words import folded, pattern

_MAX_TEXT = 2000
_UNITS = {
    "day": r"days?|tage?n?|jours?|d[ií]as?|dias?|giorn[oi]|dag(?:en)?|dni|dzień|gün",
    "week": r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|we(?:ek|ken)|tygod\w+|hafta",
    "month": r"months?|monate?n?|mois|mes(?:es)?|m[eê]s(?:es)?|mes[ei]|maand(?:en)?|miesi\w+|ay",
    "quarter": r"quarters?|quartale?|trimestres?|trimestr[ei]|kwarta\w+|çeyrek",
    "year": r"years?|jahre?n?|ans?|années?|años?|anos?|ann[oi]|jaar|jaren|rok\w?|lata|yıl|sene",
}
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "a an one ein einem einer eine un une uno una um uma een jeden jedną bir couple",
            "two zwei deux dos dois duas due twee dwa dwie iki few",
            "three drei trois tres três tre drie trzy üç several",
            "four vier quatre cuatro quatro quattro cztery dört",
            "five fünf cinq cinco cinque vijf pięć beş",
            "six sechs seis sei zes sześć altı",
        ),
        1,
    )
    for word in folded(words).split()
}
_SPAN = pattern(
    rf"\b(\d{{1,3}}|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))})(?: or \w+)?(?: of)? (?:more |other "
    rf"|weiteren? )?(?:(?P<day>{_UNITS['day']})|(?P<week>{_UNITS['week']})|(?P<month>{_UNITS['month']})"
    rf"|(?P<quarter>{_UNITS['quarter']})|(?P<year>{_UNITS['year']}))\b"
)
_QUARTER = pattern(
    r"\b(?:q|t|ç)\s?([1-4])\b(?:[ /'-]{0,3}(?:of |del? |von )?((?:20)?\d\d)\b)?",
    r"\b([1-4])(?:st|nd|rd|th|\.|er|º|o|e|è|ème)?\s?(?:quarter|quartal|trimestre|kwarta\w+|kwartaal|çeyre\w+)\b",
)
_ORDINALS = pattern(
    r"\b(?:(?P<first>first|ersten?|premier|primer|primeiro|primo|eerste|pierwszy\w*|ilk|birinci)"
    r"|(?P<second>second|zweiten?|deuxième|segundo|secondo|tweede|drugi\w*|ikinci)"
    r"|(?P<third>third|dritten?|troisième|tercer|terceiro|terzo|derde|trzeci\w*|üçüncü)"
    r"|(?P<fourth>fourth|vierten?|quatrième|cuarto|quarto|vierde|czwart\w*|dördüncü))"
    r" (?:quarter|quartal|trimestre|kwarta\w+|kwartaal|çeyre\w+)\b"
)
_SEASONS = (
    (3, pattern(r"\b(?:spring|frühjahr|frühling|printemps|primavera|voorjaar|lente|wiosn\w+|bahar(?:da)?)\b")),
    (6, pattern(r"\b(?:in (?:the )?summer|im sommer|cet été|en verano|no verão|in estate|in de zomer|latem|yazın)\b")),
    (
        9,
        pattern(
            r"\b(?:autumn|(?:the|this|next|in) fall|herbst|automne|otoño|outono|autunno|najaar|herfst|jesieni\w*"
            r"|sonbahar\w*|after (?:the )?(?:summer|holidays)|nach (?:dem sommer|den sommerferien|der sommerpause)"
            r"|après l'été|rentrée|después del verano|depois do verão|dopo l'estate|na de zomer|po wakacjach"
            r"|yazdan sonra|yaz sonrası)\b"
        ),
    ),
    (12, pattern(r"\b(?:in (?:the )?winter|im winter|cet hiver|en invierno|in inverno|in de winter|zimą|kışın)\b")),
)
_NEXT = pattern(
    r"\b(?:next|nächste[nsr]?|kommende[nsr]?|prochaine?|próxim[oa]|pr[oó]ximo|prossim[oa]|volgende?|komende"
    r"|przyszł\w+|następn\w+|gelecek|önümüzdeki|(?P<after>que viene|que vem|prochaine?|prochain)) "
    rf"(?:fiscal |calendar |business |budget )?(?:(?P<week>{_UNITS['week']})|(?P<month>{_UNITS['month']})"
    rf"|(?P<quarter>{_UNITS['quarter']})|(?P<year>{_UNITS['year']}))\b"
)
_NEXT_AFTER = pattern(
    rf"\b(?:(?P<week>{_UNITS['week']})|(?P<month>{_UNITS['month']})|(?P<quarter>{_UNITS['quarter']})"
    rf"|(?P<year>{_UNITS['year']})) (?:prochaine?|que viene|que vem|pr[oó]xim[oa]|prossim[oa])\b"
)
_NEW_YEAR = pattern(
    r"\b(?:new year|neue[ns]? jahr|neujahr|jahreswechsel|jahresanfang|nouvel an|nouvelle année|début d'année"
    r"|año nuevo|ano novo|anno nuovo|nieuwe? jaar|nowy\w* rok\w*|yeni yıl|yılbaşı|end of (?:the )?year|year[- ]end"
    r"|ende des jahres|jahresende|fin d'année|fin de año|fim do ano|fine (?:dell')?anno|eind van het jaar"
    r"|końc\w+ roku|yıl sonu)\w*\b"
)
_MONTH = pattern(
    r"\b(?:in|until|till|by|during|from|around|early|mid|late|end of|beginning of|after|before|im|ab|bis|anfang"
    r"|mitte|ende|en|à partir de|début|fin|mi-|courant|vers|desde|hasta|a partir de|para|principios de|finales de"
    r"|em|até|no fim de|in|da|entro|a|fino a|tot|vanaf|begin|eind|w|od|do|na początku|pod koniec)[ -]"
    rf"({'|'.join(sorted((re.escape(name) for name in MONTHS if len(name) > 2), key=len, reverse=True))})\b"
    r"(?:,? (20\d\d))?",
)
_MONTH_AFTER = pattern(
    rf"\b({'|'.join(sorted((re.escape(name) for name in MONTHS if len(name) > 3), key=len, reverse=True))})"
    r"(?:'?(?:de|da|te|ta|a|e|ya|ye)\b| ay\w*| sonu| başı)"
)


def later_date(text: str, *, sent_on: date) -> date | None:
    """The first day that may be meant, in the future; None when no time is named."""
    flat = " ".join(folded(text[:_MAX_TEXT]).split())
    found = (
        _by_span(flat, sent_on)
        or _by_quarter(flat, sent_on)
        or _by_next(flat, sent_on)
        or _exact(text, sent_on)
        or _by_month(flat, sent_on)
        or _by_season(flat, sent_on)
    )
    return found if found is not None and found > sent_on else None


def _exact(text: str, sent_on: date) -> date | None:
    """A date with its day; a month alone would be read as one too, so a digit must stand in the text."""
    return return_date(text, sent_on=sent_on) if any(character.isdigit() for character in text) else None


def _by_span(flat: str, sent_on: date) -> date | None:
    match = _SPAN.search(flat)
    if match is None:
        return None
    number = int(match.group(1)) if match.group(1).isdigit() else _NUMBERS[match.group(1)]
    unit = next(unit for unit in _DAYS if match.group(unit))
    days = number * _DAYS[unit]
    return sent_on + timedelta(days=days) if 0 < days <= 3 * 365 else None


def _by_quarter(flat: str, sent_on: date) -> date | None:
    match, ordinal = _QUARTER.search(flat), _ORDINALS.search(flat)
    if match:
        number = int(match.group(1) or match.group(3))
        year = int(match.group(2) or 0)
        return _next_first(3 * number - 2, sent_on, year + 2000 if 0 < year < 100 else year)
    if ordinal:
        number = next(n for n, name in enumerate(("first", "second", "third", "fourth"), 1) if ordinal.group(name))
        return _next_first(3 * number - 2, sent_on)
    return None


def _by_next(flat: str, sent_on: date) -> date | None:
    match = _NEXT.search(flat) or _NEXT_AFTER.search(flat)
    if match is None:
        return _next_first(1, sent_on) + timedelta(days=6) if _NEW_YEAR.search(flat) else None
    if match.group("week"):
        return sent_on + timedelta(days=7 - sent_on.weekday())
    if match.group("month"):
        return _next_first(sent_on.month % 12 + 1, sent_on)
    if match.group("quarter"):
        return _next_first(((sent_on.month - 1) // 3 * 3 + 3) % 12 + 1, sent_on)
    return _next_first(1, sent_on) + timedelta(days=6)


def _by_month(flat: str, sent_on: date) -> date | None:
    match = _MONTH.search(flat) or _MONTH_AFTER.search(flat)
    if match is None:
        return None
    year = match.group(2) if match.re is _MONTH else None
    return _next_first(MONTHS[match.group(1)], sent_on, int(year) if year else 0)


def _by_season(flat: str, sent_on: date) -> date | None:
    return next((_next_first(month, sent_on) for month, words in _SEASONS if words.search(flat)), None)


def _next_first(month: int, sent_on: date, year: int = 0) -> date:
    """The first of that month: of the year named, else the next one to come."""
    if year:
        return date(min(max(year, 2000), 2200), month, 1)
    this = date(sent_on.year, month, 1)
    return this if this > sent_on else date(sent_on.year + 1, month, 1)
