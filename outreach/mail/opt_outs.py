"""Whether somebody asks, in words, for no more messages. Asked of new text alone: quotes are cut before."""

from __future__ import annotations

import re
from functools import lru_cache

from outreach.mail.auto_words import REPLY_PREFIX
from outreach.mail.opt_out_phrases import BARE, CLEAR
from outreach.mail.opt_out_scripts import REQUESTS_IN_OTHER_SCRIPTS
from outreach.mail.opt_out_words import (
    NOT_A_REQUEST,
    POLITE,
    REQUESTS,
    UNSUBSCRIBE_SUBJECT,
)
from outreach.mail.words import folded, pattern

_MAX_TEXT = 4000
_MAX_SENTENCES = 80
_SENTENCE = re.compile(r"(?<=[.!?؟。！？;])\s+|\n\s*\n|\n(?=\W{0,3}[A-ZÄÖÜÉÀŚŻŁİĞÇŞА-Я])")
_TRIM = " \t\n\r.,!?;:*_-–—\"'“”‘’«»()[]<>|#~`…。！？、，\u061f\u060c\u200b"
_BEYOND_LATIN = "\u0370"
_FEW_WORDS = 24
_STOPS = frozenset({"stop", "stop it", "stop this", "please stop", "remove", "basta", "schluss", "stopp"})
_MINE = pattern(
    r"(?:my|personal) (?:e-?mail )?(?:address|data|details)\b[^?.!]{0,80}[?.!]\s+(?:please )?(?:remove|delete|erase) "
    r"(?:it|this|them|mine)\b"
)
"""What is to be removed stands in one sentence, and that it is to be removed in the next."""
_GREETING = re.compile(
    r"^(?:hello|hi|hey|dear|good (?:morning|day)|hallo|guten|sehr geehrte|liebe|bonjour|madame|monsieur|hola|buen"
    r"|estimad|olá|prezad|car[oa]\b|gentile|salve|beste|geachte|dzień|szanown|witam|merhaba|sayın|hej\b|hei\b|dobrý"
    r"|здравствуйте|您好).{0,40}[,!:.]$",
    re.IGNORECASE,
)
_INNER = re.compile(r"[,.;:!?]+")
_QUOTE_LIKE = re.compile(
    r"^\W{0,4}(?:>|-{4,}|_{4,}|={4,}|\S.{0,300}:\s*$|from:|von:|de :|\S{2,20}: .{0,200}@)", re.IGNORECASE
)


def is_opt_out(text: str, *, subject: str = "") -> bool:
    """Whether a mail's new text, or a subject that is nothing else, asks for no more messages."""
    text = text[:_MAX_TEXT]
    if _by_subject(REPLY_PREFIX.sub("", subject), text, is_reply=bool(REPLY_PREFIX.match(subject))):
        return True
    sentences = _sentences(text)
    return _as_whole(text) or any(_asks(sentence) for sentence in sentences) or _in_few_words(text, sentences)


def is_whole_opt_out(text: str) -> bool:
    """Whether a mail's new text is nothing but a word of refusal."""
    return _as_whole(text[:_MAX_TEXT])


def is_chat_opt_out(text: str) -> bool:
    """The same for a text or chat message: STOP and its sisters as the whole message, or a sentence that asks."""
    text = text[:_MAX_TEXT]
    return _core(text) in CLEAR | BARE | _CHAT or any(_asks(sentence) for sentence in _sentences(text))


_CHAT = frozenset({"arret", "arrêt", "cancel", "end", "quit", "revoke", "stopall", "unsubscribe", "stop"})


def _by_subject(subject: str, text: str, *, is_reply: bool) -> bool:
    if not UNSUBSCRIBE_SUBJECT.match(folded(subject[:200])):
        return False
    words = text.split()
    return (not is_reply and len(words) <= 60) or not words or _core(text) in CLEAR | BARE


def _in_few_words(text: str, sentences: list[str]) -> bool:
    """`I never signed up for this. Unsubscribe.`: a word of refusal as a sentence of its own, where little else is."""
    words = len(text.split())
    if words > _FEW_WORDS:
        return False
    cores = [_core(sentence) for sentence in sentences]
    ends_so = bool(cores) and cores[-1] in _STOPS and words <= _FEW_WORDS // 2
    return ends_so or any(core in CLEAR for core in cores) or bool(_MINE.search(folded(text)))


def _as_whole(text: str) -> bool:
    """The whole reply is a word of refusal; or its first line is, and what follows is a name or a quote not cut."""
    lines = [line.strip() for line in text.split("\n")]
    lines = lines[next((at for at, line in enumerate(lines) if _core(line) and not _GREETING.match(line)), 0) :]
    first = _core(lines[0]) if lines else ""
    if _core(text) in CLEAR | BARE or first in CLEAR:
        return True
    sentence = _core(re.split(r"[.!?,\n]", text.strip(), maxsplit=1)[0])
    if sentence in CLEAR and len(text.split()) <= 60:
        return True
    return first in BARE and _is_signature_or_quote(lines[1:])


def _is_signature_or_quote(lines: list[str]) -> bool:
    rest = [line for line in lines if line]
    if not rest:
        return True
    if _QUOTE_LIKE.match(rest[0]) and (not lines[0] or len(rest) > 1):
        return True
    return not lines[0] and len(rest) <= 8 and all(len(line.split()) <= 7 and "?" not in line for line in rest)


def _core(text: str) -> str:
    """Lower case, without politeness around it, punctuation and doubled spaces; empty for a long text."""
    if len(text) > 400:
        return ""
    core = " ".join(_INNER.sub(" ", folded(text)).split()).strip(_TRIM)
    for _ in range(4):
        shorter = POLITE.sub("", core).strip(_TRIM)
        shorter = _POLITE_END.sub("", shorter).strip(_TRIM)
        if shorter == core or not shorter:
            break
        core = shorter
    return " ".join(core.split())


_POLITE_END = pattern(
    r"[\s,.!:;-]+(?:please|pls|plz|thanks|thank you|thx|now|asap|immediately|bitte|danke|merci|svp"
    r"|s'il vous plaît|por favor"
    r"|gracias|obrigad[oa]|per favore|grazie|aub|alstublieft|bedankt|dank u|proszę|dziękuję|lütfen|teşekkürler"
    r"|tack|tak|takk"
    r"|kiitos|пожалуйста|спасибо|من فضلك|شكرا|谢谢|many thanks|kind regards|regards|best|cheers|sofort"
    r"|vielen dank|cordialement"
    r"|saludos|teşekkür ederim|sağolun|saygılarımla|met vriendelijke groet|mfg|again|all)$"
)


def _sentences(text: str) -> list[str]:
    found = [" ".join(piece.split()) for piece in _SENTENCE.split(text)[:_MAX_SENTENCES]]
    return [sentence for sentence in found if 2 < len(sentence) <= 600]


@lru_cache(maxsize=4096)
def _asks(sentence: str) -> bool:
    """Footers and phrases come again and again: a list of them is asked once."""
    sentence = folded(sentence)
    if not sentence or len(sentence.split()) > 60:
        return False
    requests = REQUESTS if max(sentence) < _BEYOND_LATIN else REQUESTS + REQUESTS_IN_OTHER_SCRIPTS
    return any(request.search(sentence) for request in requests) and not NOT_A_REQUEST.search(sentence)
