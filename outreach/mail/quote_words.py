"""The words mail programs put around what is answered, in the languages they speak."""

from __future__ import annotations

import re

WROTE = re.compile(
    (
        r"\b(?:wrote|writes|written|said|says|schrieb(?:en)?|hat geschrieben|geschrieben|a [eé]crit|[eé]crit"
        r"|[eé]crivait|escribi[oó]|ha escrito|escreveu|escrevia|ha scritto|scrive|scriveva|schreef"
        r"|heeft .{0,80}geschreven"
        r"|geschreven|napisa[łl](?:a|\(a\)|/a)?|pisze|naskroba[łl]|yazd[ıi]|yazm[ıi][sş]|yaz[ıi]yor|skrev"
        r"|kirjoitti|napsal(?:a"
        r"|\(a\))?"
        r"|nap[ií]sal(?:a|\(a\))?|[ií]rta|a scris|написал(?:а|\(а\))?|писал(?:а|\(а\))?|пишет|пише|написав|написа"
        r"|έγραψε|napisao|napisala|đã viết|menulis|schreibt|a répondu)(?!\w)"
        r"|写道|寫道|书写|のメール|書きました|さんは書き|작성|님이 쓴|כתב|כתבה|מאת|كتب|تمت كتابة"
    ),
    re.IGNORECASE,
)
"""The verb in `On 5 May, Ada wrote:`."""

OPENING = re.compile(
    (
        r"^(?:on|am|le|el|em|no dia|il|il giorno|in data|op|w dniu|dnia|dn\.|den|dne|d[nň]a|pe|[iî]n|a|à|no|vào"
        r"|pada|tarih"
        r"|at|the|in message|in article|quoting|citando|zitat von|в|на|στις|u|ma|ke|kl|2\d{3}|\d{1,2}|(?:mon|tues?"
        r"|wed(?:nes)?"
        r"|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|pon|wt|[sś]r|czw|pt|sob|niedz|pzt|sal|[cç]ar|per|cum|cmt|paz|lun"
        r"|mar|mer|jeu"
        r"|ven|sam|dim|mi[eé]|jue|vie|s[aá]b|dom|seg|ter|qua|qui|sex|gio|mo|di|mi|do|fr|sa|so|ma|wo|vr|za|zo|пн|вт"
        r"|ср|чт|пт|сб"
        r"|вс)\b[\s.,]"
    ),
    re.IGNORECASE,
)
"""How such a line begins in the languages that do not begin with the name."""

BEGINS = re.compile(r"(?:On|Am|Le|El|Em|No dia|Il|In data|Op|W dniu|Dnia|Den|Dne|Pe|În)\s")
"""The same, so plainly that a head cannot have begun on a line before it."""

DATED = re.compile(r"\b(?:19|20)\d\d\b|\d{1,2}[:.h]\d{2}\b|\d{1,2}[./-]\d{1,2}|\S@\S|年|\d일")
"""What makes a line with `wrote` the head of a quote and not a sentence of somebody."""

_FROM = (
    "from|von|de|da|van|od|kimden|gönderen|från|fra|lähettäjä|от|від|发件人|寄件者|寄件人|差出人|送信者"
    "|보낸 사람|보낸사람"
    "|từ|gửi từ"
    "|feladó|de la|από|dari|người gửi|expéditeur|remitente|remetente|mittente|afzender|absender|nadawca|من|מאת"
    "|odesílatel"
)
_SENT = (
    "sent|date|gesendet|datum|gesendet am|envoyé|envoyé le|enviado|enviado el|enviada|enviada em|enviado em"
    "|fecha|data"
    "|inviato|data invio|verzonden|verzonden op|wysłano|data wysłania|wysłane|gönderme tarihi|gönderildi"
    "|gönderilme tarihi"
    "|tarih|gönderilen|skickat|sendt|dato|lähetetty|päivämäärä|päiväys|отправлено|дата|надіслано|发送时间|日期"
    "|時間|送信日時|日時"
    "|보낸 날짜|날짜|odesláno|odoslané|elküldve|dátum|trimis|tanggal|ngày|ημερομηνία|στάλθηκε|تاريخ|נשלח|תאריך"
    "|skickad|sendte|đã gửi|ngày gửi"
)
_TO = (
    "to|an|à|a|para|aan|do|kime|alıcı|alıcılar|till|til|vastaanottaja|кому|收件人|收件者|宛先|받는 사람"
    "|받는사람|komu|címzett"
    "|către|pro|destinataire|destinatario|destinatário|ontvanger|empfänger|adresat|προς|kepada|tới|đến|إلى|אל"
)
_COPY = "cc|bcc|kopie|copie|copia|cópia|kopia|bilgi|dw|kopi|kopio|копия|抄送|副本|参照|másolat|copie à|cci|cco|ccn|참조"
_SUBJECT = (
    "subject|betreff|objet|sujet|asunto|assunto|oggetto|onderwerp|temat|konu|ämne|emne|aihe|тема|主题|主旨|件名"
    "|題名|제목"
    "|předmět|predmet|tárgy|subiect|θέμα|perihal|subjek|chủ đề|الموضوع|נושא|topic"
)

_NAMES = {
    kind: frozenset(names.split("|"))
    for kind, names in {"from": _FROM, "sent": _SENT, "to": _TO, "copy": _COPY, "subject": _SUBJECT}.items()
}
_HEADER_LINE = re.compile(r"^[\s*>|]{0,8}([^\s:：*<>][^:：<>\n]{0,24}?)[\s*]{0,3}[:：][\s*]{0,40}(\S.{0,2000})?$")
_INSIDE = re.compile(r"(?:^|\s)\*?([^\W\d_][^\s:：]{1,16}(?: (?:el|em|le|op|am|tarihi))?)\*?\s?[:：]\*?\s")

_RULES = ("--", "__", "==", "##", "——", "- ", "~~")
_SEPARATORS = (
    "original message|original email|original mail|originalmessage|mail original|forwarded message"
    "|forwarded by|forward message|begin forwarded message|ursprüngliche nachricht"
    "|originalnachricht|original-nachricht|weitergeleitete nachricht"
    "|anfang der weitergeleiteten|ursprungliche nachricht|message d'origine|message original|message d’origine"
    "|message initial|message transféré|mensaje original|mensaje reenviado|mensaje original|mensagem original"
    "|mensagem encaminhada|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|origineel bericht"
    "|doorgestuurd bericht|wiadomość oryginalna|oryginalna wiadomość|wiadomość przekazana|przekazana wiadomość"
    "|treść przekazanej|özgün ileti|orijinal mesaj|orjinal mesaj|orijinal ileti|özgün mesaj|iletilen mesaj"
    "|iletilmiş mesaj"
    "|yönlendirilen|ursprungligt meddelande|originalmeddelande|vidarebefordrat|oprindelig meddelelse"
    "|oprindelig besked"
    "|opprinnelig melding|videresendt|alkuperäinen viesti|původní zpráva|původní e-mail|přeposlaná zpráva"
    "|pôvodná správa"
    "|eredeti üzenet|továbbított üzenet|mesajul original|mesaj original|исходное сообщение|оригинальное сообщение"
    "|пересылаемое сообщение|пересланное сообщение|оригінальне повідомлення|原始邮件|原始郵件|转发邮件|原邮件"
    "|元のメッセージ"
    "|転送されたメッセージ|원본 메시지|원본 메일|전달된 메시지|αρχικό μήνυμα|pesan asli|thư gốc|الرسالة الأصلية"
    "|reply message"
    "|reply above this line|type your reply above|écrivez au-dessus de cette ligne|replied message"
    "|original appointment"
    "|antworten sie oberhalb|please reply above"
)
_ABOVE = (
    "reply above this line",
    "your reply above",
    "reply above this",
    "au-dessus de cette ligne",
    "oberhalb dieser zeile",
    "encima de esta línea",
    "acima desta linha",
    "sopra questa riga",
    "boven deze regel",
    "powyżej tej linii",
    "bu satırın üst",
)
_SEPARATOR_WORDS = tuple(_SEPARATORS.split("|"))

_MOBILE = re.compile(
    (
        r"^[\s*_(<\[-]{0,4}(?:sent (?:from|via|by|using|with) (?:my|a|an|the|mail|yahoo|samsung|blackberry|outlook"
        r"|gmail|proton|android"
        r"|iphone|ipad|hey|spark|mobile|mailbox|airmail|front|superhuman|aol|windows|mozilla|newton|telstra|verizon"
        r"|t-mobile|at&t)"
        r"|get outlook for|envoyé (?:de|depuis|à partir de|avec|via) (?:mon|ma|l|un|mail|outlook|yahoo|proton"
        r"|samsung|android)"
        r"|télécharge[rz] outlook|obtenir outlook|obtenez outlook|von (?:meinem|unterwegs|mobil).{0,40}(?:gesendet"
        r"|geschickt)?$"
        r"|gesendet (?:von|mit|über)|diese nachricht wurde von meinem|outlook für|holen sie sich outlook"
        r"|outlook für (?:ios|android)"
        r"|enviado (?:desde|do|de|pelo|por|a partir)|enviada (?:desde|do|de|pelo)|obtener outlook|obter o outlook"
        r"|obtenga outlook"
        r"|inviato da|scarica outlook|ottieni outlook|verzonden (?:vanaf|via|met|van)|verstuurd (?:vanaf|via|met)"
        r"|download outlook"
        r"|wysłan[eoay] z|pobierz (?:aplikację )?outlook|uzyskaj (?:aplikację )?outlook|.{0,30}(?:'?(?:umdan|imden"
        r"|ımdan|dan|den|tan|ten)) gönderildi"
        r"|ios için outlook|android için outlook|outlook'u edinin|skickat från|sendt fra|lähetetty |odesláno z"
        r"|odoslané z|отправлено (?:с|из|от)|изпратено от|надіслано з|trimis de pe|发自我的|從我的|从我的"
        r"|iphoneから送信"
        r"|나의 (?:iphone|iphone)에서"
        r"|my iphone|cumprimentos do meu iphone)"
    ),
    re.IGNORECASE,
)


def is_mobile_signature(line: str) -> bool:
    """`Sent from my iPhone` and the like, in a line of its own."""
    return len(line) <= 120 and bool(_MOBILE.match(line.strip()))


def header_kind(line: str) -> str:
    """`from`, `sent`, `to`, `copy` or `subject` for a line such as `Gesendet: Montag`; empty for any other line."""
    if ":" not in line[:48] and "：" not in line[:48]:
        return ""
    match = _HEADER_LINE.match(line[:2100])
    return _kind_of(match.group(1)) if match else ""


def kinds_inside(line: str) -> set[str]:
    """The kinds of headers that stand in one line, as in `From: Ada Sent: Monday To: Bob Subject: Hi`."""
    if len(line) > 2000 or not (":" in line or "：" in line):
        return set()
    return {kind for name in _INSIDE.findall(line) if (kind := _kind_of(name))}


def is_separator(line: str) -> bool:
    """`-----Original Message-----` in any of the languages; dashes or not, but nothing else in the line."""
    core = line.strip(" \t*->_=#~|•·—–\u00a0").rstrip(":").lower().replace("i\u0307", "i")
    if not core or len(core) > 120 or len(line) > 400:
        return False
    if any(words in core for words in _ABOVE):
        return True
    is_marked = line.strip(" \t*>")[:2] in _RULES or line.rstrip().endswith(("--", ":"))
    return core.startswith(_SEPARATOR_WORDS) and (is_marked or core in _SEPARATOR_WORDS)


def _kind_of(name: str) -> str:
    name = name.strip(" *").lower().replace("i̇", "i")
    return next((kind for kind, names in _NAMES.items() if name in names), "")
