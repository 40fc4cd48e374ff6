"""Notes of absence that are short, terse or joking, and carry no mark: told when several such phrases are all there is.

A note says that one is away and, in the same breath, until when, who helps instead, or that mail must wait. It asks
nothing and arranges nothing. Where both readings are open, a person wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from outreach.mail import absence_words, auto_words
from outreach.mail.person_words import BUSINESS, OF_ANOTHER, OF_YOURS, PERSON
from outreach.mail.receipt_words import TICKET
from outreach.mail.words import folded

_MAX_TEXT = 1200
_FEW, _SOME = 5, 4
_PIECE = re.compile(
    r"[\n!?;,()。，！？…–—]+|\.{2,}|(?<=[^\W\d_]{2})\.(?:\s+|$)|(?<=\d)\.\s+(?=\w{5})| - "
    r"|\s(?:and|but|so|und|aber|et|y|e|pero|mas|maar|oraz|ale|ve|ama|sowie)\s"
)
_AND_OF_ONE_LANGUAGE: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"\b(?:ik|ben|het|niet|mijn)\b"), re.compile(r"\sen\s")),
    (re.compile(r"\b(?:jestem|nie|jest|urlop\w*|proszę)\b"), re.compile(r"\si\s")),
    (re.compile(r"\b(?:sono|il|di|non)\b"), re.compile(r"\sma\s")),
    (re.compile(r"\b(?:je|nous|vous)\b"), re.compile(r"\smais\s")),
)
"""Words that join sentences in one language and mean something else in another."""
_ADDRESS = re.compile(r"\S{1,100}@\S{1,100}|https?://\S{1,300}|\+?\d[\d ()/.-]{5,20}\d")
_WORD = re.compile(r"[^\W\d_]{2,}")
_OF_A_DATE = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|jan|feb|fev|fév|mar|mär|apr|abr|avr|may|mai|maj|mei|jun|jui|giu|jul|lug|aug|ago|aoû"
    r"|sep|set|oct|okt|out|ott|nov|dec|dez|dic|dés|déc|ene|gen|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru|oca|şub|nis|haz"
    r"|tem|ağu|eyl|eki|kas|ara|die|mit|don|fre|sam|son|lun|mer|jeu|ven|dim|mié|jue|vie|sáb|seg|ter|qua|qui|sex|gio|dom"
    r"|maa|din|woe|vri|zat|zon|pon|wto|śro|czw|pią|sob|nie|paz|sal|çar|per|cum)\w{0,9}$|(?:de|del|des|den|der|dem|du|al"
    r"|am|at|to|la|le|el|il|van|do|od|bis|the|and|until|back)$"
)
_QUESTION = re.compile(r"(?<!urgent)(?<!dringend)(?<!urgente)(?<!spoed)(?<!pilne)(?<!acil)\s?[?？]")
_KINDS: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "away": (auto_words.AWAY, absence_words.STATE),
    "left": (auto_words.LEFT, absence_words.LEFT_SELF),
    "hours": (absence_words.HOURS,),
    "period": (absence_words.PERIOD, auto_words.RETURN),
    "slow": (absence_words.SLOW,),
    "all matters": (absence_words.ALL_MATTERS,),
    "deputy": (absence_words.DEPUTY, auto_words.CONTACT),
    "courtesy": (absence_words.WISH, auto_words.THANKS, auto_words.SOON, TICKET),
}
_STATES = frozenset({"away", "hours"})
_REST = frozenset({"period", "slow", "deputy"})


def speaks_as_a_person(text: str) -> bool:
    """Whether something in it is asked, agreed or arranged, or told of the past, of others, or of our own note."""
    flat = _flat(text)
    return any(words.search(flat) for words in (PERSON, BUSINESS, OF_ANOTHER, OF_YOURS, _QUESTION))


def speaks_of_our_note(text: str) -> bool:
    return bool(OF_YOURS.search(_flat(text)))


def note_kinds(text: str) -> frozenset[str]:
    """Of which kinds the phrases of a short note are; empty when it is none, or may be a person's."""
    if len(text) > _MAX_TEXT or speaks_as_a_person(text):
        return frozenset()
    pieces = _pieces(text)
    kinds = frozenset(kind for piece in pieces for kind in _kinds_of(piece))
    return kinds if _says_enough(kinds) and _strange(pieces) * _FEW <= len(pieces) else frozenset()


def says_other_things(text: str) -> bool:
    """Whether a good part of it is about nothing that notes are about."""
    pieces = _pieces(text)
    return _strange(pieces) * _SOME > len(pieces)


def _strange(pieces: list[str]) -> int:
    return sum(1 for piece in pieces if not _kinds_of(piece) and _says_something(piece))


def _says_enough(kinds: frozenset[str]) -> bool:
    """Being away and what follows from it; or having left, and where all mail goes."""
    return bool(kinds & _STATES and kinds & _REST) or {"left", "all matters"} <= kinds


def _pieces(text: str) -> list[str]:
    """The clauses of a text, folded, without addresses and numbers to ring."""
    flat = _ADDRESS.sub(" ", _with_lines(text)).replace("tot en met", "t/m")
    for language, joint in _AND_OF_ONE_LANGUAGE:
        if language.search(flat):
            flat = joint.sub("\n", flat)
    return [piece.strip() for piece in _PIECE.split(flat) if len(piece.strip()) > 3]


def _says_something(piece: str) -> bool:
    return sum(1 for word in _WORD.findall(piece) if not _OF_A_DATE.match(word)) > 1


def _kinds_of(piece: str) -> frozenset[str]:
    return frozenset(kind for kind, words in _KINDS.items() if any(one.search(piece) for one in words))


def _flat(text: str) -> str:
    return " ".join(folded(text[: _MAX_TEXT * 2]).split())


def _with_lines(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in folded(text).splitlines())
