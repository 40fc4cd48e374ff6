"""Which class a reply is of, by rules over words, with the words that told. Asked of new text alone; linear in it.

The rules are asked in the order of what would do most harm if it were overheard. A class is a suggestion: a person
corrects it.
"""

from __future__ import annotations

import re

from outreach.domain.reply import NamedPerson, ReplyClass, ReplyText, Suggestion
from outreach.mail import reply_people_words as people_words
from outreach.mail import reply_words as words
from outreach.mail.later_dates import later_date
from outreach.mail.named_person import named_person
from outreach.mail.opt_outs import is_opt_out
from outreach.mail.words import folded

_MAX_TEXT = 4000
_MOST_EVIDENCE = 4
_LONGEST = 120
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_GREETING = re.compile(
    r"^\W*(?:hi|hello|hey|dear|good (?:morning|afternoon)|hallo|guten tag|liebe[rs]?|sehr geehrte\w*|moin|bonjour"
    r"|salut|cher|chère|hola|buen[oa]s \w+|estimad[oa]|olá|ol[aá]|bom dia|boa tarde|prezad[oa]|ciao|buongiorno"
    r"|salve|gentile|beste|goedemorgen|goedemiddag|geachte|dzień dobry|cześć|witam|szanown\w+|merhaba\w*|selam"
    r"|sayın|iyi günler|günaydın)\b[^.!?\n]{0,40}[,!.]?\s*$"
)
_PLAIN = (
    (ReplyClass.MEETING, words.MEETING),
    (ReplyClass.OBJECTION, words.OBJECTION),
    (ReplyClass.INTERESTED, words.INTERESTED),
    (ReplyClass.QUESTION, words.QUESTION),
)


def suggest_class(reply: ReplyText) -> Suggestion:
    """The class the rules suggest; `unclear` when none of them says anything."""
    text = reply.text[:_MAX_TEXT]
    if is_opt_out(text, subject=reply.subject):
        return Suggestion(reply_class=ReplyClass.OPT_OUT, evidence=(_first_line(text),))
    lines = _sentences(text)
    return (
        _somebody_else(lines, text, reply.writer)
        or _later(lines, text, reply)
        or _no(lines)
        or next((found for name, told in _PLAIN if (found := _plain(name, told, lines))), None)
        or Suggestion(reply_class=ReplyClass.UNCLEAR)
    )


def _sentences(text: str) -> list[str]:
    found = (" ".join(piece.split()) for piece in _SENTENCE.split(text))
    return [one for one in found if one and not _GREETING.match(folded(one))][:60]


def _first_line(text: str) -> str:
    return next((line.strip()[:_LONGEST] for line in text.split("\n") if line.strip()), "")


def _evidence(told: re.Pattern[str], sentences: list[str]) -> tuple[str, ...]:
    """The words as they were written, one piece for each sentence that tells."""
    found = []
    for sentence in sentences:
        flat = folded(sentence)
        match = told.search(flat)
        if match:
            source = sentence if len(flat) == len(sentence) else flat
            found.append(source[match.start() : match.end()].strip(" .,;:!")[:_LONGEST] or source[:_LONGEST])
    return tuple(dict.fromkeys(found))[:_MOST_EVIDENCE]


def _plain(name: ReplyClass, told: re.Pattern[str], sentences: list[str]) -> Suggestion | None:
    evidence = _evidence(told, sentences)
    return Suggestion(reply_class=name, evidence=evidence) if evidence else None


def _somebody_else(sentences: list[str], text: str, writer: str) -> Suggestion | None:
    """A referral names somebody; without a name it is the wrong person at most."""
    wrong, refers = _evidence(people_words.WRONG_PERSON, sentences), _evidence(people_words.REFERRAL, sentences)
    if not wrong and not refers:
        return None
    person = named_person(text, writer=writer)
    if person and (refers or person.email):
        return Suggestion(reply_class=ReplyClass.REFERRAL, evidence=(*wrong, *refers)[:_MOST_EVIDENCE], person=person)
    return Suggestion(reply_class=ReplyClass.WRONG_PERSON, evidence=wrong) if wrong else None


def _later(sentences: list[str], text: str, reply: ReplyText) -> Suggestion | None:
    """Another time: with a day, unless it is one to talk on, or a plain no stands beside it."""
    evidence = _evidence(words.NOT_NOW, sentences)
    if not evidence:
        return None
    told = [sentence for sentence in sentences if words.NOT_NOW.search(folded(sentence))]
    day = later_date(" ".join(told), sent_on=reply.sent_on) or later_date(text, sent_on=reply.sent_on)
    if day is None and _evidence(words.NOT_INTERESTED, [one for one in sentences if one not in told]):
        return None
    if _evidence(words.MEETING, told) and not _evidence(_SURELY_LATER, told):
        return None
    return Suggestion(reply_class=ReplyClass.NOT_NOW, evidence=evidence, until=day)


_SURELY_LATER = re.compile(
    r"\bnot\b|n't|\bnicht|\bkein|\bpas\b|\bno\b|\bnão|\bnon\b|\bniet|\bgeen|\bnie\b|değil|yok|miyor|mıyor|muyor|müyor"
    r"|\blater|\bspäter|plus tard|más adelante|mais tarde|più avanti|później|sonra|\bmonth|\bquarter|\byear|monat"
    r"|quartal|jahr|mois|trimestre|année|mes(?:es)?\b|año|mês|ano\b|mese|anno|maand|kwartaal|jaar|miesi|kwarta|\brok|\bay\b|yıl"
    r"|çeyrek|\bbusy|q[1-4]\b"
)


def _no(sentences: list[str]) -> Suggestion | None:
    """A plain no. With a reason that may be answered in the same breath it is still a no."""
    return _plain(ReplyClass.NOT_INTERESTED, words.NOT_INTERESTED, sentences)


def with_person(text: str, writer: str) -> NamedPerson | None:
    """Whom a note names that says somebody has left, or that another is to be asked."""
    return named_person(text[:_MAX_TEXT], writer=writer)
