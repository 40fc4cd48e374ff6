"""By what a returned mail is known when it carries no delivery report: senders, subjects, first words."""

from __future__ import annotations

import re

from outreach.mail.words import pattern

DAEMON = re.compile(
    (
        r"^(?:mailer-?daemon|mail-?daemon|post_?master(?:\\?@.{1,80})?|sysadmin|mdaemon|mail\.?delivery"
        r"|maildelivery|mailadmin|mailer"
        r"|mail[-_. ]?delivery[-_. ]?(?:sub)?system|mail[-_. ]?admin(?:istrator)?|uucp|pmdf|postoffice"
        r"|mail-delivery"
        r"|bounces?|bounce[-+].*|mailsystem|mail-system|delivery|administrator|admin|mmdf|smtp|mailgate|mailguard"
        r"|(?:[a-z0-9]{1,12}[-_.])?(?:smtp|e?-?mail)[-_. ]?(?:(?:mail|smtp)[-_. ]?)?(?:service|server|gateway"
        r"|agent|transport|robot"
        r"|router|relay)s?"
        r"|non-?delivery|microsoftexchange[0-9a-f]+|exchange|nobody)$"
    ),
    re.IGNORECASE,
)
"""Local parts of senders that return mail."""

SURE_DAEMON = re.compile(
    r"^(?:mailer-?daemon|mail-?daemon|postmaster|mdaemon|microsoftexchange[0-9a-f]+)$", re.IGNORECASE
)

DAEMON_NAME = re.compile(
    (
        r"mail(?:er)? ?-?(?:delivery|daemon|administrator|system|server|gateway|router)|delivery (?:sub)?system"
        r"|postmaster"
        r"|system administrator"
        r"|internet mail delivery|microsoft (?:exchange|outlook)$|mail router|undeliver"
    ),
    re.IGNORECASE,
)

FAILURE_SUBJECT = pattern(
    r"undeliver(?:ed|able|y)|un-?deliverable|non[ -]?deliver|not (?:be )?delivered|failed delivery|failed mail",
    (
        r"delivery (?:has )?(?:failed|failure|error|problem|status notification|status$|notification"
        r"|report|unsuccessful|delay)"
        r"|\[bounce\]|mail failed|could not be (?:sent|delivered)|sorry, your message|returning to sender"
    ),
    r"failure (?:notice|notification|delivery)|mail failure|returned (?:mail|to sender|message|e-?mail)|bounced?\b",
    r"mail (?:could not|couldn'?t|cannot|delivery|system error|error|returned)|rejected (?:mail|message|posting)",
    (
        r"message (?:could not|not delivered|undeliver|delivery|status - undeliver|was not delivered|delayed"
        r"|bounced|blocked)"
    ),
    r"\bndn\b|\bndr\b|delayed mail|warning: (?:could not send|message|e?-?mail)|error (?:sending|delivering)",
    r"address not found|can ?not be delivered|could ?n.t deliver|unable to deliver|user unknown|no such user"
    r"|unknown (?:user|recipient|addressee)",
    (
        r"mailbox (?:full|unavailable)|nachricht nicht zugestellt|unzustellbar|nicht zustellbar|zustell(?:ung"
        r"|fehler|bericht)"
    ),
    (
        r"zurückgewiesen|mail konnte nicht|non remis|échec (?:de|d'|dans)|non distribu|remise impossible"
        r"|notification d'échec"
    ),
    (
        r"no se (?:puede|pudo|ha podido) entreg|no entregad[oa]|mensaje devuelto|error de entrega|fallo (?:de"
        r"|en la) entrega"
    ),
    r"no se ha entregado|não (?:foi )?(?:possível )?entreg|falha n[ao] entrega|devolvid[oa]|mensagem não entregue",
    r"impossibile (?:consegnare|recapitare)|mancat[oa] (?:recapito|consegna)|recapito non riuscito|non recapitabile",
    r"onbestelbaar|niet (?:worden )?(?:bezorgd|afgeleverd|bestelbaar)|bezorging|niedostarczon|niedostarczaln",
    r"zwrot (?:poczty|wiadomości)|nie (?:można|udało się) dostarczyć|teslim edilemedi|iletilemedi|iletilemeyen",
    r"gönderilemedi|teslimat (?:başarısız|hatası)|går inte att leverera|kunde inte levereras|kan ikke leveres",
    (
        r"toimitus epäonnistui|nedoruč|kézbesíthetetlen|недостав|не доставлен|ошибка доставки|возвращ|退信|无法投递"
        r"|未送达"
    ),
    r"配信不能|配信エラー|送信エラー|배달 실패|전송 실패",
)
"""Subjects of returned mail; asked of mails whose sender or envelope already looks like a mail system."""

FAILURE_TEXT = pattern(
    (
        r"could ?n(?:o|')?t (?:be )?(?:deliver|sen[dt]|reach)|could not be (?:successfully )?delivered"
        r"|cannot be delivered"
    ),
    r"can ?not (?:be )?deliver|was ?n(?:o|')t (?:be )?delivered|not (?:be |been |yet been )?delivered|undeliver",
    (
        r"unable to (?:be )?deliver|delivery (?:to the following|has failed|failed|failure|error|status|is delayed"
        r"|was delayed)"
    ),
    r"delivery (?:of|to) .{1,120}(?:has been|was|is) (?:postponed|deferred|delayed|suspended)|postponed due to",
    r"did not reach|did ?n.t reach|returned (?:to you|to sender|mail|message|as undeliverable|below)|fatal errors",
    r"permanent (?:failure|error|fatal)|unrecoverable|failed to deliver|non-?delivery|transcript of session",
    (
        r"(?:message|mail|e-?mail) (?:was|has been|is|to \S{1,90} (?:was|has been)) (?:rejected|refused|returned"
        r"|bounced|blocked)"
    ),
    r"following (?:address|recipient|person|error|destination)|problems? (?:occurred )?(?:during|delivering|with)",
    (
        r"reason for (?:the )?(?:failure|problem|non-delivery)|remote (?:host|server|mail server) (?:said|responded"
        r"|replied)"
    ),
    (
        r"no such (?:user|recipient|mailbox|address)|user (?:is )?unknown|unknown user|mailbox (?:is )?(?:full"
        r"|unavailable)"
    ),
    (
        r"\b5\d\d[ -]#?5\.\d{1,3}\.\d|over quota|does not exist|address rejected|not listed in|will (?:keep"
        r"|continue) (?:to )?try"
    ),
    r"(?:couldn.t|could not) be found|\bbounced?\b",
    (
        r"(?:konnte|kann|wurde).{0,60}nicht (?:zugestellt|ausgeliefert|übermittelt|gesendet)|nicht zustellbar"
        r"|unzustellbar"
    ),
    (
        r"n'a pas (?:pu|été).{0,30}(?:remis|distribu|délivré|livré|envoyé)|échec de (?:la )?(?:remise|livraison"
        r"|distribution)"
    ),
    (
        r"no (?:se )?(?:ha |pudo |puede |fue )(?:podido |ser )?(?:entreg|enviar)|no se ha podido|não (?:foi|pôde"
        r"|pode) .{0,20}entreg"
    ),
    (
        r"non è stato (?:possibile )?(?:recapit|consegn)|impossibile (?:recapit|consegn)"
        r"|niet (?:worden )?(?:bezorgd|afgeleverd)"
    ),
    (
        r"nie (?:mogła|może|została|udało).{0,30}(?:dostarcz|doręcz)|(?:teslim|iletil"
        r"|gönderil)\w*.{0,10}(?:edilemedi|emedi|emiyor)"
    ),
    (
        r"не (?:может быть |было |удалось )?достав|kunde inte levereras|kunne ikke leveres|ei voitu toimittaa"
        r"|无法(?:投递|送达)"
    ),
    r"未能送达|配信できません|送信できません|전송되지|배달되지|nemohl\w* být doruč|nem (?:sikerült|lehetett) kézbes",
)
"""What a returned mail says at its beginning."""

DIALOGUE = pattern(
    r"<<< [45]\d\d|>>> (?:rcpt|data|mail) |\bsaid: [45]\d\d|remote host said|smtp error from remote|responded as",
    r"in reply to (?:rcpt|end of data|mail|data)|(?:final|original)-recipient: |diagnostic[- ]code: ?(?:smtp|x-)",
    r"\(#[45]\.\d\.\d{1,2}\)|[45]\d\d[ -]#?[45]\.\d\.\d{1,2}\b|rcpt to: ?\S+@",
    r"\n[>\s]{0,4}5[0-5]\d(?: -)? (?:<|sorry|requested|no such|unknown|user|mailbox|recipient|account)",
    r"transcript of (?:the )?(?:session|attempts)|failed (?:addresses|recipients?) follow|failure reasons",
    r"following (?:addresses|recipients) (?:had|were affected)|unknown user: \S+@|mailbox is full",
    r"remote domain does|no valid recipients|\S@\S{3,90} \[\w[\w ]{3,30}\]",
)
"""What passes between two mail servers, or only one of them writes: quoted in mails that return another."""

PERSONAL = re.compile(
    r"\?|\b(?:i|i'm|i've|i'd|my|hi|hello|hey|dear(?! (?:sender|user|sir))|anyone|thanks|ich|wir|hallo|bonjour"
    r"|hola|je|nous)\b"
)
"""What only a person writes around words of a mail system that he or she asks about."""

OF_MAIL = pattern(
    r"\b(?:e-?mails?|mails?|messages?|mailbox(?:es)?|users?|nachricht|postfach|message|courriel|mensaje|correo|mensagem"
    r"|messaggio|casella|bericht|wiadomość|ileti\w*|e-?posta\w*)\b|\b55\d\b",
)
"""That it is mail, of all things, which was not delivered."""

OF_GOODS = pattern(
    r"\b(?:parcel|package|shipment|courier|order|invoice|payment|paket|sendung|bestellung|colis|commande|paquete|pedido"
    r"|encomenda|pacco|ordine|pakket|bestelling|paczka|przesyłka|kargo|sipariş)\b",
)
"""What else is delivered, or not."""

TO_MANY = pattern(r"^\W{0,8}(?:dear|hi|hello) (?:all|team|colleagues|everyone|everybody|customers|users)\b")
"""How an administrator begins who tells everybody about the mail system."""

OPENING = re.compile(
    (
        r"^\W{0,6}(?:"
        r"[-=* ]{2,40}failed recipients?|(?:your message|delivery of e?-?mail) to (?:this|the) (?:e-?mail )?address"
        r"|non-? ?delivery: \S{1,90}@|hi\. this is the .{0,40}(?:qmail|program|deliver)"
        r"|this is the (?:mail system|postfix|mail delivery|mailer-daemon|mailman|machine generated)"
        r"|this message was created automatically by (?:mail delivery|the mail|a mail)"
        r"|this is an? (?:automatically generated )?(?:delivery|permanent|non-?delivery|mail) ?\S{0,10} ?(?:status"
        r"|fail|error|notif)"
        r"|this report relates to a message you sent|this is an informative message sent by"
        r"|your message\s+(?:did not reach|with subject|could not be|couldn't be|cannot be|wasn't delivered"
        r"|was not delivered)"
        r"|your message:?\s+(?:to|subject|from|sent):|your mail (?:sent|attempted to be delivered) on"
        r"|the user\(s\) account|\d+ ?error\(s\):|we'?re sorry[.,] your (?:mail|message)|su mensaje no pudo"
        r"|your message\s+to:? .{0,90} (?:was|could not|couldn't|cannot|has)|the original message was received"
        r"|the following (?:message|address|recipient|mail|e-mail)[\s\S]{0,60}(?:fail|could not|undeliver"
        r"|not deliver|error|delayed)"
        r"|the e-?mail system|the message (?:you sent|that you sent|could not|was not|delivery|returned below|cannot)"
        r"|message from .{0,60}unable to deliver|sorry[,.]? (?:we|i|your message) (?:were|was|wasn't|weren't"
        r"|could ?n.t|could not)"
        r"|i'm (?:sorry|afraid) .{0,30}(?:wasn't able|have to inform)"
        r"|a message (?:\(from .{0,90}\) )?that you (?:have )?sent"
        r"|delivery (?:has failed|to the following|status notification|failed|is delayed|failure)|failed to deliver"
        r"|unable to deliver|undeliverable|could not deliver|mail delivery (?:failed|failure|error)|returned mail"
        r"|address not found|message not delivered|message blocked"
        r")"
    ),
    re.IGNORECASE,
)
"""First words that only a mail system writes."""

DELAY = pattern(
    (
        r"\bdelay|still being retried|warning: (?:could not send|message)|will (?:keep|continue) (?:to )?try"
        r"|not yet been delivered"
    ),
    r"verzögert|retard|retrasad|atrasad|ritardat|ritardo|vertraagd|opóźnion|gecik|задержк|försenad|forsinket",
)
"""Not returned yet: a warning that a message is still waiting."""

COPY_BELOW = re.compile(
    (
        r"^[ \t>*=-]{0,80}(?:copy of (?:the|your) (?:original )?message|this is a copy of|original message"
        r"|returned message"
        r"|unsent message|below this line is a copy|(?:body|headers?|text"
        r"|first) .{0,20}of the (?:original )?(?:message|mail)"
        r"|message headers?|header of the|mail header|included is a copy|content of (?:the )?original"
        r"|(?<![ \t])(?:received: |return-path: |message-id: ?<|dkim-signature:)"
        r"|ursprüngliche nachricht|message d'origine|mensaje original"
        r"|mensagem original"
        r"|messaggio originale).{0,200}$"
    ),
    re.IGNORECASE | re.MULTILINE,
)
"""Where a returned mail stops speaking and the original begins."""
