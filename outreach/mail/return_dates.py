"""The day somebody is back, from an out-of-office note, in the languages of `date_words`. Relative to the mail's "
"date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from outreach.mail.date_words import BACK, FROM, MONTHS, NEXT_WEEK, TODAY, TOMORROW, UNTIL, UNTIL_AFTER, WEEKDAYS
from outreach.mail.words import folded

_MAX_TEXT = 4000
_MAX_AHEAD = timedelta(days=550)
_MONTH = "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True))
_DAY = "|".join(sorted((re.escape(name) for name in WEEKDAYS), key=len, reverse=True))
_ALONE = (
    rf"(?![\d:/-]|\.\d|,\d| ?(?:h|uhr|kişi|%)|\.? ?(?:of |de |del |di )?(?:{_MONTH})\b"
    r"|\W{1,3}\d|(?: e| y| et| und) \d)"
)
"""What follows a number that is a day of the month by itself: no month, hour, or further number."""
_DATES = re.compile(
    (
        r"(?<![\d.])(?:"
        r"(?P<iso>20\d\d[-/.]\d{1,2}[-/.]\d{1,2})"
        r"|(?P<cjk>(?:20\d\d年)?\d{1,2}月\d{1,2}日)"
        r"|(?P<numbers>\d{1,2}[./-]\d{1,2}(?:[./-](?:20)?\d\d|(?=\.?[^\d:]|\.?$)))(?!\d|\s?(?:" + _MONTH + r")\b)"
        rf"|(?P<day_first>\d{{1,2}})(?:st|nd|rd|th|er|º|°|ª|\.|-?go|e|de|\.º)?[\s\-/]{{0,3}}(?:of |de |d'|d’"
        rf"|del )?(?P<month_after>{_MONTH})\b\.?"
        rf"(?:(?:,? | de | del |[-/.']){{1,2}}(?P<year_after>(?:20)?\d\d)(?![\d:.h%]))?"
        rf"|(?P<month_first>{_MONTH})\b\.?[\s\-]{{1,2}}(?:the )?(?:\d{{1,2}}(?:st|nd|rd"
        rf"|th)? ?[-–—] ?)?(?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:,? (?P<year_last>20\d\d))?"
        rf"|(?:{_DAY}),? (?:the |den |dia |el |le |il )?(?P<nth_of_weekday>\d{{1,2}}){_ALONE}"
        rf"|(?P<weekday>{_DAY})\b"
        rf"|(?:\b(?:the|am|el|dia|le|il|dnia|op de|ayin) )(?P<nth>\d{{1,2}})(?:st|nd|rd|th|er)?{_ALONE}"
        r")"
    ),
)


@dataclass(frozen=True, slots=True)
class _Found:
    day: date
    start: int
    end: int
    is_exact: bool  # a date, not only a weekday


def return_date(text: str, *, sent_on: date) -> date | None:
    """The day of return a note names, or the last day it says one is away; None when it names no day to come."""
    text = _folded(text[:_MAX_TEXT])
    found = [one for one in _found(text, sent_on) if sent_on <= one.day <= sent_on + _MAX_AHEAD]
    found = [one for one in found if not (one.is_exact is False and _belongs_to_a_date(one, found, text))]
    back = [one for one in found if _is_back(text, one)]
    until = [one for one in found if _is_until(text, one)]
    last = max(until, key=lambda one: (one.is_exact, one.day)) if until else None
    if back:
        best = max(back, key=lambda one: (one.is_exact, -one.start))
        return last.day if last and last.is_exact and last.day > best.day else best.day
    if last:
        return last.day
    exact = [one for one in found if one.is_exact and not FROM.search(text[max(0, one.start - 40) : one.start])]
    return max(one.day for one in exact) if exact else _by_word(text, sent_on)


def _folded(text: str) -> str:
    return " ".join(folded(text).split())


def _found(text: str, sent_on: date) -> list[_Found]:
    prefers_month_first = _is_american(text)
    found = []
    for count, match in enumerate(_DATES.finditer(text)):
        day = _day_of(match, sent_on, prefers_month_first)
        if day is not None:
            found.append(_Found(day, match.start(), match.end(), not match.group("weekday")))
        if count >= 40:
            break
    return found


def _is_american(text: str) -> bool:
    """Whether 3/4 may be March 4: English, and no sign of a day-first country."""
    return bool(re.search(r"\b(?:the|will|out of|office|until|return|back)\b", text))


def _day_of(match: re.Match[str], sent_on: date, month_first: bool) -> date | None:
    groups = match.groupdict()
    if groups["iso"]:
        year, month, day = (int(part) for part in re.split(r"[-/.]", groups["iso"]))
        return _date(year, month, day)
    if groups["cjk"]:
        numbers = [int(part) for part in re.findall(r"\d+", groups["cjk"])]
        return _near(numbers[-2], numbers[-1], numbers[0] if len(numbers) == 3 else 0, sent_on)
    if groups["numbers"]:
        return _from_numbers(groups["numbers"], sent_on, month_first)
    if groups["day_first"]:
        month, year = MONTHS[groups["month_after"].lower()], _year(groups["year_after"])
        return _near(month, int(groups["day_first"]), year, sent_on)
    if groups["month_first"]:
        month, year = MONTHS[groups["month_first"].lower()], _year(groups["year_last"])
        return _near(month, int(groups["day_after"]), year, sent_on)
    if groups["weekday"]:
        return _next_weekday(WEEKDAYS[groups["weekday"].lower()], sent_on)
    return _next_nth(int(groups["nth"] or groups["nth_of_weekday"]), sent_on)


def _from_numbers(text: str, sent_on: date, month_first: bool) -> date | None:
    parts = [int(part) for part in re.split(r"[./-]", text) if part]
    if len(parts) < 2:
        return None
    first, second, year = parts[0], parts[1], _year(str(parts[2])) if len(parts) > 2 else 0
    by_day = _near(second, first, year, sent_on)
    by_month = _near(first, second, year, sent_on)
    if not month_first or "." in text:
        return by_day or by_month
    candidates = [one for one in (by_month, by_day) if one is not None and one >= sent_on]
    if year and candidates:
        return candidates[0]
    return min(candidates) if candidates else by_month or by_day


def _year(text: str | None) -> int:
    value = int(text) if text and text.isdigit() else 0
    return value + 2000 if 0 < value < 100 else value


def _near(month: int, day: int, year: int, sent_on: date) -> date | None:
    """The date; without a year the one that is next, or was less than a month ago."""
    if year:
        return _date(year, month, day)
    this = _date(sent_on.year, month, day)
    if this is not None and this < sent_on - timedelta(days=30):
        return _date(sent_on.year + 1, month, day)
    return this or _date(sent_on.year + 1, month, day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _next_weekday(weekday: int, sent_on: date) -> date:
    return sent_on + timedelta(days=(weekday - sent_on.weekday() - 1) % 7 + 1)


def _next_nth(day: int, sent_on: date) -> date | None:
    this = _date(sent_on.year, sent_on.month, day)
    if this is not None and this >= sent_on:
        return this
    following = sent_on.replace(day=1) + timedelta(days=32)
    return _date(following.year, following.month, day)


def _belongs_to_a_date(one: _Found, found: list[_Found], text: str) -> bool:
    """`Monday` in `Monday, 5 January` or `5 Ocak Pazartesi` adds nothing to the date beside it."""
    others = [other for other in found if other.is_exact]
    return any(
        0 <= other.start - one.end <= 16 and not _breaks(text[one.end : other.start]) for other in others
    ) or any(0 <= one.start - other.end <= 4 for other in others)


def _breaks(between: str) -> bool:
    return any(character.isalpha() for character in between.replace("the", "").replace("den", "").replace("le", ""))


def _is_back(text: str, one: _Found) -> bool:
    before = text[max(0, one.start - 60) : one.start]
    sentence = re.split(r"[.!?;] ", before)[-1]
    if UNTIL.search(before[-30:]) and not BACK.search(sentence[-22:]):
        return False
    after = re.split(r"[.!?;,] ", text[one.end : one.end + 50])[0]
    begins = FROM.search(before[-30:])
    if begins and _ANSWERS.search(sentence):
        return True
    if begins and not (BACK.search(begins.group()) or _BACK_FROM.search(sentence) or _BACK_AFTER.search(after)):
        return False
    if BACK.search(sentence):
        return True
    return not UNTIL_AFTER.match(after) and bool(_BACK_AFTER.search(after))


_BACK_FROM = re.compile(r"\b(?:ab|back|available|wieder|od)\b")
_ANSWERS = re.compile(
    r"\b(?:répondr\w+|traiter\w+|antworte\w*|beantworte\w*|melde|reply|respond|answer|responder\w+|contest\w+"
    r"|risponder\w+|rispondo|reageer|beantwoord|odpowiem|odpiszę|yanıtla\w+)\b"
)
"""Answering from a day on is being there again."""
_BACK_AFTER = re.compile(
    (
        r"\b(?:wieder|zurück|dön\w*|iş ?baş\w*|ofiste\w*|tekrar|weer|terug|de retour|tillbaka|tilbage)\b|戻|返回"
        r"|回来|복귀|돌아"
    ),
)


def _is_until(text: str, one: _Found) -> bool:
    return bool(UNTIL.search(text[max(0, one.start - 40) : one.start])) or bool(
        UNTIL_AFTER.match(text[one.end : one.end + 30])
    )


def _by_word(text: str, sent_on: date) -> date | None:
    if TOMORROW.search(text) and BACK.search(text):
        return sent_on + timedelta(days=1)
    if NEXT_WEEK.search(text):
        return sent_on + timedelta(days=7 - sent_on.weekday())
    return sent_on + timedelta(days=1) if TODAY.search(text) else None
