"""Particular words of mail servers that return a message, by reason, in the languages they say it in."""

from __future__ import annotations

import re

from outreach.mail.understood import BounceReason
from outreach.mail.words import pattern

STRONG: tuple[tuple[BounceReason, re.Pattern[str]], ...] = (
    (
        BounceReason.POLICY,
        pattern(
            (
                r"administrative(?:ly)? prohibit|sender (?:address|verify|verification|domain)|sender is"
                r"|cannot find your (?:host|reverse)"
                r"|client host"
                r"|mail from (?:is )?mismatch|list of allowed rcpthosts|refused to receive|no permit\b"
                r"|\bhelo\b|\behlo\b|blocked using|gr[ae]y-?list|spamhaus|black ?list|block ?list|unknown sender"
                r"|requires? (?:a |your )?(?:confirmation|verification)|to confirm (?:this|your) (?:mail|server"
                r"|e-?mail|address)"
                r"|(?:only|non-?) ?(?:list )?members (?:may|can|are)|members[- ]only|(?:do|does|will) not relay"
                r"|challenge[- /]response|accepts? (?:mail|messages) (?:until|after)|accept mail until"
            ),
            (
                r"(?:identified|detected|classified|considered|flagged|marked|rejected|looks?) (?:as|like|to be"
                r"|for) (?:\w+ )?spam"
                r"|spam (?:message|content|detected|score|filter|mail|rejected)|(?:contains?|be|is|possible"
                r"|probable) spam\b"
                r"|\bdmarc\b|unsolicited|poor reputation|bad reputation"
            ),
            (
                r"your (?:ip|host|server|mail server|domain|network|e-?mail) (?:address )?(?:\S+ )?(?:is"
                r"|has been|was) "
                r"(?:listed|blocked|rejected|on|in|not allowed)|mail from \S+ (?:is )?(?:not|refused|rejected"
                r"|denied)"
            ),
        ),
    ),
    (
        BounceReason.NETWORK,
        pattern(
            r"not found,? try again|name service error.{0,120}try again|temporary (?:dns|lookup) (?:error|failure)"
        ),
    ),
    (
        BounceReason.FULL,
        pattern(
            (
                r"over.?quota|quota.{0,20}(?:exceed|full|reach|violat)|exceed\w*.{0,40}(?:quota|storage"
                r"|mailbox size|space)"
            ),
            (
                r"(?:mailbox|mail box|inbox|mailfolder|user.s? (?:mail ?box|account)|account|storage)\W{1,3}(?:is "
                r"|has |was |are )?"
                r"(?:\w+ )?(?:full|over its|over the (?:max|allowed)|exceeded|out of storage)"
            ),
            (
                r"insufficient (?:disk|system|user)? ?(?:storage|space)|not enough (?:storage|space)"
                r"|no space left on device"
            ),
            (
                r"out of (?:storage|disk) space|disk (?:is )?full|dis[ck] quota|storage (?:limit|space)"
                r"|mailbox exceeds"
                r"|mailbox limit exceeded"
            ),
            (
                r"mailbox (?:size )?limit|maximum (?:mailbox|allowed mailbox) size|recipient storage full"
                r"|full mailbox|mailbox_full"
                r"|too many messages in (?:the )?mailbox|mail ?folder is full|\bmbox full|user is over|overquota"
                r"|inbox is full|mailbox <?\S{3,90} is full"
            ),
            (
                r"postfach .{0,40}(?:voll|überfüllt|überschritten)|speicherplatz|quota überschritten"
                r"|überschreitung des quota"
            ),
            r"bo[iî]te (?:aux lettres|de réception|de messagerie)?.{0,40}(?:pleine|saturée|quota)"
            r"|quota .{0,30}(?:dépassé|atteint)",
            r"buz[oó]n .{0,40}(?:lleno|cuota)|ha superado (?:su|la) cuota|sin espacio|almacenamiento lleno",
            r"caixa (?:de correio |postal |de entrada |do )?.{0,40}(?:cheia|lotada|cota)|excedeu (?:a|sua) cota",
            r"casella .{0,40}(?:piena|quota)|spazio esaurito|(?:mailbox|postvak|postbus) .{0,40}\bvol\b",
            (
                r"skrzynk\w* .{0,40}(?:pełna|przepełnion|limit)|posta kutusu .{0,40}dolu|kota(?:sı)? (?:dolu"
                r"|aşıldı)|kotayı aştı"
            ),
            (
                r"ящик.{0,30}переполнен|квот\w+ превышен|邮箱.{0,6}(?:已满|满)|メールボックス.{0,10}(?:いっぱい"
                r"|満杯|一杯)|容量.{0,6}超"
            ),
        ),
    ),
    (
        BounceReason.DISABLED,
        pattern(
            (
                r"(?:account|mailbox|user|recipient|address|e-?mail|box|inbox)(?!.{0,20}\btemporar)"
                r"\W{1,3}(?:\S{3,80}\W{1,2})?(?:is "
                r"|has been |was |are )*"
                r"(?:currently |now |been )?(?:disabled|deactivated|inactive|suspended|not active|no longer active"
                r"|locked|closed"
                r"|terminated|blocked due to inactiv|discontinued|not activated|cancell?ed|expired|retired|frozen"
                r"|archived|parked)(?!.{0,40}(?:tempor|try again|later))"
            ),
            (
                r"(?<!delivery )\b(?:is|has been|was) (?:currently |now )?(?:suspended|deactivated)\b"
                r"|extended inactivity|due to inactivity|suspend(?:ed)? the service|administrati?ve?le?y disabled"
                r"|bo[iî]te .{0,30}archiv[eé]e"
            ),
            (
                r"(?:disabled|inactive|suspended|deactivated|closed|locked|discontinued) (?:account|mailbox|user"
                r"|recipient|address|e-?mail)"
                r"|account (?:expired|that you tried to reach is (?:disabled|inactive|over))|has been inactive"
                r"|mailbox_disabled"
                r"|no longer (?:in use|used|monitored|valid|accept)|not (?:currently )?accepting (?:mail"
                r"|messages)(?! from)"
            ),
            (
                r"konto .{0,30}(?:deaktiviert|gesperrt)|postfach .{0,30}(?:deaktiviert|gesperrt|geschlossen)"
                r"|compte .{0,30}(?:désactivé|suspendu)"
            ),
            (
                r"cuenta .{0,30}(?:desactivada|deshabilitada|suspendida|inactiva)|conta .{0,30}(?:desativada"
                r"|suspensa|inativa)"
            ),
            (
                r"account .{0,30}(?:disattivato|sospeso)|casella .{0,30}(?:disattivata|disabilitata|sospesa)"
                r"|konto .{0,30}(?:nieaktywne|zablokowane)"
                r"|hesab\w* .{0,30}(?:devre dışı|askıya|kapatıl)|ящик.{0,30}(?:заблокирован|отключ)"
                r"|帐号.{0,6}(?:停用|冻结)"
            ),
        ),
    ),
    (
        BounceReason.NO_DOMAIN,
        pattern(
            (
                r"host (?:or domain )?(?:name )?(?:is )?(?:unknown|not found)(?!.{0,160}(?:try again|temporar))"
                r"|unknown (?:host|domain|mail server)"
            ),
            (
                r"domain\W{1,3}(?:\S{3,80}\W{1,2})?(?:is |does |was |name )*(?:not exist|does ?n.?t exist|not found"
                r"|unknown|invalid|couldn't be found"
                r"|could not be found|no longer|not valid|nonexistent|non-existent|is not registered)"
                r"(?!.{0,160}(?:try again|temporar))"
            ),
            (
                r"no such (?:domain|host)|invalid domain|bad (?:destination )?(?:host|domain|system address)"
                r"|nxdomain|null ?mx|nullmx"
                r"|does not accept mail \(?nullmx|domain (?:of recipient )?does not (?:exist|accept)"
                r"|couldn't find any host named"
                r"|name or service not known|non-existent (?:host|domain)|no (?:valid )?(?:mx|mail exchange"
                r"|mail server|a record|smtp server)"
                r"\b.{0,40}(?:found|domain|exist|record|for|host)|cannot find (?:your|the) (?:host|domain|hostname)"
                r"|host \S+ not found"
                r"|domain has no mail|unrouteable mail domain|unrouteable address"
                r"|all relevant mx records point to non-existent"
                r"|address resolves to a domain|illegal host"
                r"|no route to domain|domain (?:must exist|has been removed)|host(?:/domain)? does not accept mail"
                r"|(?:does|do) ?n[o']t (?:receive|handle|take) (?:any )?(?:e-?)?mail"
                r"|mail server for \S+ does not exist"
                r"|destination e-?mail system is unknown|domain is not hosted|destination (?:computer|host"
                r"|system) (?:was |is |could )?(?:not (?:be )?found|unknown)|not hosted (?:here|on this)"
                r"|name service error for name=\S{1,90} type=\w{1,8}:? malformed"
            ),
            (
                r"domain.{0,40}(?:existiert nicht|nicht gefunden|unbekannt)|domaine.{0,40}(?:n.existe pas"
                r"|introuvable|inconnu)"
                r"|dominio.{0,40}(?:no existe|non esiste|inesistente|no encontrado)|dom[ií]nio.{0,40}(?:não existe"
                r"|inexistente)"
                r"|domena.{0,40}nie istnieje|domein.{0,40}(?:bestaat niet|niet gevonden)"
                r"|alan adı.{0,40}(?:bulunamadı|yok)"
            ),
        ),
    ),
    (
        BounceReason.CONTENT,
        pattern(
            (
                r"message.{0,20}(?:too large|too big|size (?:exceeds|limit))|mail size (?:limit|exceeds)"
                r"|exceeds?.{0,30}(?:maximum )?(?:message )?size|too large"
                r"|size limit|(?:virus|malware|worm|infected|trojan)\b|attachment.{0,60}(?:not allowed|blocked"
                r"|rejected|type|forbidden|prohibited)"
                r"|(?:illegal|prohibited|forbidden|banned|suspicious) (?:attachment|file|content|extension)"
                r"|message content rejected"
                r"|content (?:reject|not accepted|filter)|(?:max(?:imum)? )?message size|url in (?:the )?message"
                r"|nachricht.{0,20}zu groß|message trop (?:gros"
                r"|volumineux)|mensaje demasiado grande"
                r"|messaggio troppo grande|bericht.{0,12}te groot|malformed(?! or unexpected name)|bare (?:lf|cr"
                r"|newline)|line too long"
                r"|header error"
            ),
        ),
    ),
    (
        BounceReason.NO_MAILBOX,
        pattern(
            (
                r"(?:user|recipient|account|mailbox|address|addressee|e-?mail|alias|name|person|receiver|local part"
                r"|box|inbox|rcpt)\W{0,3}"
                r"(?:\S{3,90}\W{1,3})?(?:\(\S{1,60}\) )?(?:address |name |account |mailbox |is |was |are |does "
                r"|could |can |has |been |to |you \w+ \w+ \w+ )*"
                r"(?:not (?:found|known|exist|listed|valid|recogni[sz]ed|available here|on this"
                r"|in (?:the )?(?:directory|our)|a (?:valid|known)|be found|"
                r"here|local|present|defined|one of|unique|registered)|unknown|invalid|doesn'?t exist|nonexist"
                r"|non-?exist|no longer (?:exist|here|at|with)|"
                r"undeliverable(?! mail)|couldn'?t be found|incorrect|deleted|removed)"
            ),
            (
                r"no such (?:user|mailbox|recipient|person|account|address|id|local|e-?mail|customer|alias|name)"
                r"|unknown (?:user|recipient|address"
                r"|account|local|mailbox|or illegal|alias|login|addressee)|invalid (?:recipient|mailbox|user"
                r"|address|account|email|rcpt)|user ?unknown"
                r"|(?:bad|wrong|illegal|incorrect) (?:destination )?(?:mailbox|recipient|address|user)"
                r"|not a (?:valid|known) (?:mailbox|user|recipient|address|local)"
                r"|no (?:mailbox|user|account|recipient|one|person|valid recipients?|such)\b.{0,30}(?:here"
                r"|by that name|with that|by this|found|of that)"
                r"|there is no (?:such )?(?:user|account|mailbox|one)|this (?:user|address|account|recipient"
                r"|mailbox) (?:does not|doesn'?t|is not|isn'?t|no longer)"
                r"|does not (?:have an? (?:\S+ )?account|exist)|doesn'?t have an? \S+ account|no longer (?:works?"
                r"|employed|available|exists?|on server)"
                r"|not our customer|who do you think|can'?t find (?:a |the )?(?:user|recipient|mailbox|\S+@)"
                r"|mailbox (?:name )?(?:unavailable|not available|not allowed)"
                r"|addressee unknown|user not known|account not found|resolver\.adr|recipnotfound|recipient(?:not"
                r"| not )found|\bRecipientNotFound\b"
                r"|mailbox (?:you are|you're) trying|delivery to the following address(?:es)? failed.{0,40}no such"
                r"|requested mail action aborted, mailbox not found"
                r"|e-?mail address (?:wasn'?t|was not|could not be|couldn'?t be) found"
                r"|check the (?:recipient'?s )?(?:e-?mail )?address|address rejected(?!.{0,40}(?:spam|policy|block"
                r"|relay|domain))"
                r"|not listed in (?:public |domino )|recipient rejected(?!.{0,40}(?:tempor|quota|storage))"
                r"|destination address rejected|user doesn"
                r"|no mail ?box here|mailbox does|account does not"
            ),
            (
                r"\S@\S{3,90}:? (?:\(\S{1,60}\) )?(?:is |was )?(?:not found|unknown|invalid|nonexistent|no longer)\b"
                r"|non[ -]?existent (?:user|recipient|mailbox|address|account|e-?mail)|does?n'?o?t exist"
                r"|dosn'?t exist"
                r"|(?:account|mailbox|address) (?:is )?(?:un ?avail?a?ble|unavaiable|not available)"
                r"(?!.{0,60}(?:space|busy))|not an active (?:address|user|mailbox)"
                r"|addresses? (?:was|were) unknown|mbx not found"
                r"|not a local (?:address|user)|recipient (?:is )?not (?:ok|local)|missing home directory"
                r"|badrcptto|users? (?:do|does) not exist|\buser (?:has )?left\b"
                r"|badrecipientto|not in my validrcptto|bad envelope recipient|no mail ?box available"
                r"|in name directory"
                r"|unknown (?:e-?mail|virtual)|invalid or unknown|no valid recipients?\b|user unknow|not our user"
                r"|(?:unable to|can ?not|can't|could not|couldn't) (?:find|locate|accept) (?:the |alias )?"
                r"(?:user|recipient|mailbox)"
                r"|(?:was|were)(?:n't| not) found (?:at|in|on) |reside here|address (?:you (?:have )?entered )?"
                r"(?:could ?n.t|could not) be found|no longer takes"
            ),
            (
                r"(?:user|recipient|account|mailbox|address|person)\W(?:\S{3,90} )?(?:has )?(?:moved|been replaced"
                r"|changed)\b"
                r"|(?:moved|not local);? (?:please )?(?:try|use)|has moved to|new address is|forwarding address"
            ),
            (
                r"wurde unter \S{3,90} nicht gefunden|keine mailbox"
                r"|(?:empfänger|benutzer|adresse|postfach|mailadresse|nutzer)\w*.{0,60}(?:unbekannt|existiert nicht"
                r"|(?:wurde )?.{0,30}nicht gefunden|nicht bekannt|ungültig|nicht vorhanden)"
                r"|unbekannter (?:empfänger|benutzer)|kein(?:e|en)? (?:solche|benutzer|postfach|empfänger)"
                r"|nicht (?:existierend|existent)"
            ),
            (
                r"(?:utilisateur|destinataire|adresse|compte|bo[iî]te)\w*.{0,60}(?:inconnue?|n.existe pas"
                r"|introuvable|invalide|inexistante?|n.a pas été trouvée?)"
            ),
            (
                r"(?:usuario|destinatario|direcci[oó]n|cuenta|buz[oó]n).{0,60}(?:desconocid[oa]|no existe"
                r"|no encontrad[oa]|no v[aá]lid[oa]|inexistente|no se (?:encontr|ha encontr))"
                r"|no existe\b"
            ),
            (
                r"(?:usu[aá]rio|destinat[aá]rio|endereço|conta|caixa).{0,60}(?:desconhecid[oa]|não existe"
                r"|inexistente|inv[aá]lid[oa]|não (?:foi )?encontrad[oa])"
            ),
            (
                r"nessun utente"
                r"|(?:utente|destinatario|indirizzo|casella|account).{0,60}(?:sconosciut[oa]|non esiste|inesistente"
                r"|non trovat[oa]|non valid[oa]|non è stato trovato)"
            ),
            (
                r"(?:gebruiker|ontvanger|geadresseerde|adres|mailbox|postvak).{0,60}(?:onbekend|bestaat niet"
                r"|niet gevonden|ongeldig|niet bestaa)"
            ),
            (
                r"(?:użytkownik|adresat|odbiorc|adres|skrzynka|konto)\w*.{0,60}(?:nieznan[yea]|nie istnieje"
                r"|nie znaleziono|nieprawidłow|nie został)|nieznan[yea] (?:użytkownik|adres|odbior|konto)"
            ),
            (
                r"(?:kullanıcı|alıcı|adres|hesap|posta kutusu)\w*.{0,60}(?:bulunamad|bilinmiyor|yok|mevcut değil"
                r"|geçersiz)|böyle bir (?:kullanıcı|adres|hesap)"
            ),
            (
                r"(?:пользовател|получател|адрес|ящик|аккаунт)\w*.{0,60}(?:не найден|не существует|неизвест"
                r"|недействител)|нет такого|"
                r"(?:användare|mottagare|adress)\w*.{0,60}(?:okänd|finns inte|hittades inte)|(?:käyttäjä"
                r"|vastaanottaja)\w*.{0,60}(?:tuntematon|ei löydy)"
            ),
            (
                r"ディレクトリ.{0,12}(?:見つかりません|ありません)|(?:用户|收件人|地址|邮箱|帐号|账号).{0,12}(?:不存在|未知|无效|找不到)|(?:ユーザー|宛先|受信者"
                r"|アドレス|メールアドレス).{0,20}(?:見つかりません"
                r"|存在しません|不明)|"
                r"(?:사용자|수신자|주소).{0,20}(?:없|찾을 수 없)"
            ),
        ),
    ),
)
"""What is particular enough to overrule a status code, in the order it is asked."""
