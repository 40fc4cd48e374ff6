"""What every e-mail ends with: the signature, who sends it from where, and how to stop it, in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from markupsafe import escape

from outreach.content.operations import clean
from outreach.content.templates import Rendered

_OPT_OUT = {
    "en": ("If you would rather not hear from us, unsubscribe here: {}", "If you would rather not hear from us, {}.",
           "unsubscribe here"),
    "tr": ("Bizden e-posta almak istemiyorsanız buradan listeden çıkabilirsiniz: {}",
           "Bizden e-posta almak istemiyorsanız {}.", "buradan listeden çıkabilirsiniz"),
    "de": ("Wenn Sie nichts mehr von uns hören möchten, melden Sie sich hier ab: {}",
           "Wenn Sie nichts mehr von uns hören möchten, {}.", "melden Sie sich hier ab"),
    "fr": ("Si vous ne souhaitez plus recevoir nos messages, désinscrivez-vous ici : {}",
           "Si vous ne souhaitez plus recevoir nos messages, {}.", "désinscrivez-vous ici"),
    "es": ("Si prefiere no recibir más mensajes nuestros, dese de baja aquí: {}",
           "Si prefiere no recibir más mensajes nuestros, {}.", "dese de baja aquí"),
    "pt": ("Se preferir não receber mais mensagens nossas, cancele a inscrição aqui: {}",
           "Se preferir não receber mais mensagens nossas, {}.", "cancele a inscrição aqui"),
    "it": ("Se preferisce non ricevere più i nostri messaggi, annulli l'iscrizione qui: {}",
           "Se preferisce non ricevere più i nostri messaggi, {}.", "annulli l'iscrizione qui"),
    "nl": ("Als u liever geen berichten meer van ons ontvangt, meld u hier af: {}",
           "Als u liever geen berichten meer van ons ontvangt, {}.", "meld u hier af"),
    "pl": ("Jeśli nie chcą Państwo otrzymywać od nas wiadomości, można wypisać się tutaj: {}",
           "Jeśli nie chcą Państwo otrzymywać od nas wiadomości, {}.", "można wypisać się tutaj"),
}  # fmt: skip
"""By language: the sentence with the address, the sentence around the linked words, and those words."""

LANGUAGES = frozenset(_OPT_OUT)
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden">{}</div>\n'


@dataclass(frozen=True, slots=True)
class _Frame:
    """The parts of every message of one organisation in one language, ready but for the message and its address."""

    text: tuple[str, str]  # around the address
    before: str
    after: tuple[str, str]  # around the address


def with_signature(rendered: Rendered, signature: str) -> Rendered:
    """Append the sender's signature, unless the message holds it already or there is none."""
    lines = clean(signature).strip()
    if not lines or lines in rendered.text:
        return rendered
    html = str(escape(lines)).replace("\n", "<br>\n")
    return replace(rendered, text=f"{rendered.text}\n\n{lines}", html=f"{rendered.html}<p>{html}</p>\n")


def with_footer(
    rendered: Rendered, *, organisation_name: str, postal_address: str, unsubscribe_url: str, language: str | None
) -> Rendered:
    """Append who writes and how to opt out, and make the HTML part a whole page with its preheader.

    `language` is the template's; without one, or in a language we have no words for, the sentence is English.
    `unsubscribe_url` is our own: https (or http on loopback). The text part ends with a line end.
    """
    frame = _frame(organisation_name, postal_address, language or "en")
    address = str(escape(unsubscribe_url))
    hidden = _HIDDEN.format(escape(rendered.preheader)) if rendered.preheader else ""
    return Rendered(
        rendered.subject,
        unsubscribe_url.join((f"{rendered.text}\n\n{frame.text[0]}", frame.text[1])),
        f"{frame.before}{hidden}{rendered.html}{frame.after[0]}{address}{frame.after[1]}",
        rendered.preheader,
        rendered.values,
        rendered.wording,
    )


@lru_cache(maxsize=256)
def _frame(organisation_name: str, postal_address: str, language: str) -> _Frame:
    code = language if _LANGUAGE.fullmatch(language) else "en"
    primary = code.partition("-")[0].lower()
    plain, around, words = _OPT_OUT.get(primary, _OPT_OUT["en"])
    sender = ", ".join(part for part in map(_one_line, (organisation_name, postal_address)) if part)
    sentence = around.split("{}")
    direction = ' dir="rtl"' if primary in _RIGHT_TO_LEFT else ""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    small = '<p style="font-size:12px;color:#666">'
    return _Frame(
        text=(f"--\n{sender}\n{plain.split('{}')[0]}", f"{plain.split('{}')[1]}\n"),
        before=f'<!doctype html>\n<html lang="{code}"{direction}>\n<head>{head}</head>\n<body>\n',
        after=(
            f'{small}{escape(sender)}<br>\n{escape(sentence[0])}<a href="',
            f'">{escape(words)}</a>{escape(sentence[1])}</p>\n</body>\n</html>\n',
        ),
    )


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
