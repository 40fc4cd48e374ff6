"""How people ask for no more messages within a sentence, and what only looks like it, in many languages."""

from __future__ import annotations

import re

from outreach.mail.words import pattern

POLITE = pattern(
    r"^(?:please|pls|plz|kindly|hi|hello|hey|dear \w+|thanks|thank you|thx|ok|okay|yes|no|just|bitte|danke"
    r"|hallo|guten tag|s'il vous plaît|svp|s v p|merci|bonjour|por favor|gracias|hola|obrigad[oa]|olá"
    r"|per favore|grazie|per cortesia|ciao|buongiorno|alstublieft|aub|graag|bedankt|dag|proszę|dziękuję"
    r"|dzień dobry|witam|lütfen|teşekkürler|teşekkür ederim|merhaba|merhabalar|tack|tak|takk|kiitos|prosím|kérem"
    r"|vă rog|пожалуйста|спасибо|здравствуйте|من فضلك|رجاء|رجاءً|شكرا|请|謝謝|谢谢|お願いします|please,|sir"
    r"|madam|asap"
    r"|immediately|now|team|all)\b[\s,.!:;-]*"
)

_EN_LIST = (
    r"(?:(?:your|the|this|that|these|any|all|future|further|any further|any future|mailing|e-?mail|contact"
    r"|distribution"
    r"|marketing|sales|database|call|subscriber|and|or)s? ){0,6}"
)
_EN_MINE = (
    r"(?:name|e-?mail|address|e-?mail address|details|data|contacts?|contact details|account|information"
    r"|info|number)"
)
_EN_WHERE = (
    rf"(?:from|off|of|out of|on) {_EN_LIST}(?:lists?|mailings?|mailing|database|e-?mails?|newsletters?|distribution"
    r"|records|contacts?|crm|system|sequence|campaigns?|outreach|cadence|communications?|subscription|group"
    r"|data ?base"
    r"|messages|correspondence|spam|address book|mailshots?)"
)

REQUESTS: tuple[re.Pattern[str], ...] = tuple(
    pattern(request)
    for request in (
        (
            r"(?:^|[,;] |\band |\bplease |\bkindly )(?:do not|don't|never) (?:write|e-?mail|mail|contact|message"
            r"|call|text)"
            r"(?: (?:to )?(?:me|us))? (?:again|any ?more|any further|further|in (?:the )?future)\W*$"
        ),
        (
            r"\b(?:my|our) (?:\w+ )?requests? to be (?:removed|taken off|deleted|unsubscribed)|\b(?:i|we)(?:'ve"
            r"| have)?"
            r" (?:\w+ )?(?:asked|told|requested)\b.{0,30} to (?:be (?:removed|unsubscribed|taken off)"
            r"|remove (?:me|us)|take (?:me|us) off|stop (?:e-?mailing|mailing|writing|contacting))"
        ),
        (
            r"^(?:please |kindly )?(?:cancel|stop|end) (?:all )?(?:these|this|your|those) (?:e-?mails?|messages?"
            r"|mailings?"
            r"|subscription|newsletters?)\W*$|^(?:please )?no more of (?:this|these|that)\W*$"
        ),
        (
            r"\byou(?:'re| are) spamming (?:me|us)\b|(?:^|[,:;] )(?:please )?take (?:me|us) off\W*$"
            r"|^(?:please )?(?:remove|delete) this (?:e-?mail )?address"
            r"(?: please)?\W*$|\b(?:don't|do not) send (?:me |us )?anything (?:else|more|further)"
            r"|\b(?:remove|delete|take) (?:our|my|this) (?:company|organi[sz]ation|firm|business|domain|practice"
            r"|school|team"
            r"|office)(?: name)? (?:from|off|out of) (?:your|this|any)"
            r"|keine (?:weiteren |neuen )?(?:anfragen|zusendungen|kontaktaufnahmen|werbemails|angebote)(?: mehr)?\W*$"
        ),
        (
            r"\b(?:block|exclude|strike|scratch|cross) (?:me|us|our address|my address) (?:from|off|out of) (?:your"
            r"|this|any)"
        ),
        (
            r"(?:mail|mesaj|e-?posta|ileti|reklam)\w* (?:göndermeyi|atmayı|yollamayı) (?:bırak|kes|durdur)"
            r"|(?:yazmayı|aramayı|rahatsız etmeyi) (?:bırak|kes)|(?:bir daha|artık) (?:bana |bize )?(?:yazmayın"
            r"|aramayın"
            r"|(?:mail |mesaj )?(?:atmayın|göndermeyin))"
        ),
        (
            r"(?:schreiben|kontaktieren|mailen|belästigen|behelligen) sie (?:mir|mich|uns)(?: bitte)? (?:nicht"
            r"|nie|niemals)"
            r" (?:mehr|wieder)|(?:schreib|schick)\w* (?:mir|uns) (?:bitte )?(?:nichts|keine \w+) mehr\b"
        ),
        (
            r"\bque me (?:eliminen|borren|quiten|saquen|den de baja)|(?:eliminen|borren|saquen|quiten|elimine"
            r"|borre) mis?"
            r" (?:correo|dirección|datos|nombre|e-?mail)|\bme (?:saquen|quiten|borren|eliminen) de (?:su|la|sus)\b"
        ),
        (
            r"(?:exclusão|remoção|eliminação|apagamento) d[eo]s? meus? (?:dados|e-?mail|contact\w+|contat\w+"
            r"|endereço)"
            r"|(?:cancellazione|rimozione|eliminazione) de[il]+ (?:miei|mio|nostri|nostro) (?:dati|indirizzo"
            r"|nominativo)"
            r"|(?:suppression|effacement) de mes (?:données|coordonnées)|löschung meiner (?:daten|adresse)"
            r"|verilerimin silinmesi|usunięcie moich danych|verwijdering van mijn (?:gegevens|adres)"
        ),
        (
            r"\b(?:mij|me|ons|mijn (?:e-?mail)?adres|onze gegevens|mijn gegevens) (?:graag |aub |svp )?(?:uit"
            r"|van) (?:uw|jullie"
            r"|je|de|het|deze) (?:\w+ )?\w{0,12}(?:bestand|lijst|database|systeem|mailing) (?:te )?(?:verwijderen"
            r"|halen"
            r"|schrappen)|(?:verwijder|haal|schrap) (?:mij|me|ons|mijn \w+) (?:aub |svp )?(?:uit|van) (?:uw"
            r"|jullie|je|de|het)"
        ),
        (
            r"^(?=.*\b(?:gdpr|ccpa|dsgvo|rgpd|lgpd|kvkk|rodo)\b)(?=.*\b(?:my|our|meine[rn]?|mes|mis|meus|minhas"
            r"|miei|mijn"
            r"|moich|moje|verilerim\w*)\b)(?=.*(?:delet|eras|remov|lösch|supprim|effac|elimin|borr|exclu|apag|cancell"
            r"|verwijder|usun|usuń|\bsil))[^?]*$"
        ),
        r"^(?:please )?cease and desist|(?:slett|ta bort|fjern) (?:meg|mig|mej) fr|avsluta (?:min )?prenumeration",
        (
            r"\b(?:i|we)(?:'d| would| want| wish| need|'m asking| am asking| ask"
            r"| request)(?: like)? to (?:unsubscribe"
            r"|opt[- ]?out|cancel my subscription|be unsubscribed)"
        ),
        rf"\b(?:i|we)\b.{{0,40}} be(?:ing)? (?:removed|taken|dropped|deleted) {_EN_WHERE}",
        (
            r"\b(?:want|wish|like|need|ask|asking|asked|trying|tried|request|requesting"
            r"|demand) (?:you )?(?:to )?(?:be )?"
            r"(?:unsubscribed?|opted? out)\b|\bplease (?:unsubscribe|opt (?:me )?out)\b|\bwant (?:off"
            r"|out of) (?:this|your|the)"
            r" (?:\w+ )?list"
        ),
        (
            r"\b(?:do not|don't|no longer|not) (?:wish|want|like|care) to be (?:contacted|e-?mailed|solicited"
            r"|on (?:this|your|any)|part of (?:this|your|any))"
        ),
        (
            r"\b(?:did not|didn't|never|have not|haven't) (?:sign(?:ed)?|subscribed?|ask(?:ed)?|opt(?:ed)?|agreed?"
            r"|register(?:ed)?)(?: up| in| on)? (?:to|for)\b.{0,30}(?:your|these|this|any"
            r"|such) (?:\w+ )?(?:e-?mails?|mailings?"
            r"|messages?|newsletters?|list)"
        ),
        (
            rf"\b(?:remove|take|delete|drop|strike|scrub|get|exclude|pull|purge) (?:me|us|my {_EN_MINE}(?: \w+)?"
            rf"|this (?:e-?mail|address|e-?mail address|account)|our {_EN_MINE}(?: \w+)?|\S+@\S+|myself) {_EN_WHERE}"
        ),
        (
            r"\bplease (?:remove|delete|drop) (?:me|us)\b|\bplease take (?:me|us) off\b|\b(?:take|get) (?:me"
            r"|us) off (?:of )?"
            r"(?:this|your|any)\b"
        ),
        rf"\bplease (?:remove|delete|erase) (?:my|our|this) {_EN_MINE}\b|\bplease (?:remove|unsubscribe) \S+@",
        (
            rf"\b(?:unsubscribe|un-?subscribe|opt) (?:me|us|my {_EN_MINE}|this (?:e-?mail|address|account)|\S+@\S+"
            rf"|out me)\b"
        ),
        (
            r"\b(?:stop|cease|quit|refrain from|desist from) (?:all |any )?(?:e-?mailing|mailing|messaging"
            r"|contacting|spamming"
            r"|texting|soliciting|bothering|harassing|pestering) (?:to )?(?:me|us|my|our|this)\b"
        ),
        (
            r"\b(?:stop|cease|quit|refrain from|desist from) (?:sending|with) (?:(?:to )?(?:me|us) )?(?:\w+ ){0,3}"
            r"(?:e-?mails?|messages?|mails?|spam|newsletters?|junk|solicitations?|stuff|mailings?|offers?)\b"
            r"(?! (?:to (?:the|this)|on (?:the|this)|in html|with))|\bstop (?:sending|writing"
            r"|calling) (?:to )?(?:me|us)\b"
            r"|\bstop (?:all )?(?:these|this|the|your) (?:\w+ )?(?:e-?mails?|spam(?:ming)?|mailings?|messages)\b"
        ),
        (
            r"\b(?:do not|don't|never|not to|no longer|please do not) (?:ever )?(?:contact|e-?mail|mail|message"
            r"|write|write to"
            r"|text|call|spam|solicit|bother|reach out to) (?:to )?(?:me|us|this (?:e-?mail|address))\b"
            r"(?! (?:if|unless|until|before|back|the|a|an|that|your|privately|directly|personally|off-?list"
            r"|asking|to ask|when"
            r"|while|on my|at my|about (?:it|this|that))\b)|\b(?:do not|don't|never) send (?:me"
            r"|us) (?:any(?:thing| more)?|more"
            r"|further|these|such|e-?mails?|messages?)\b"
        ),
        (
            r"\b(?:i|we) (?:do not|don't|no longer|did not|didn't|would not|wouldn't|never) (?:want|wish|wanted"
            r"|like|care"
            r"|asked?|agreed?|signed up|consent(?:ed)?|opted?)(?: in)? (?:to |for )?(?:receiv\w+|get(?:ting)?"
            r"|hear\w*"
            r"|be (?:contacted|e-?mailed|solicited)|have) (?:\w+ ){0,4}(?:e-?mails?|messages?|mails?|mailings?"
            r"|newsletters?"
            r"|from you|spam|communications?|contacted|solicit\w+)"
        ),
        (
            r"(?:^|\bplease,? |\bwant |\bsend (?:me |us )?|\breceive |\bi said )no (?:more"
            r"|further) (?:\w+ )?(?:e-?mails?|messages?"
            r"|mails?|contact|communications?|correspondence|follow[- ]?ups?"
            r"|solicitations?)\b(?!.{0,30}(?:from (?:him|her|them)"
            r"|until))"
        ),
        (
            r"(?:^|\bplease |\bkindly |\bmust |\byou to |\bimmediately |\byou )(?:delete|erase"
            r"|remove) (?:all )?(?:of )?(?:my|our) "
            r"(?:personal )?(?:data|information|details|records?)\b"
        ),
        (
            r"\bmy right to (?:be forgotten|erasure|object)|exercis\w+ (?:my|our|the) right|(?:gdpr|ccpa"
            r"|can-?spam)\b.{0,80}"
            r"(?:delete|erase|remove|request|object|removal|erasure|stop|cease)\w* .{0,40}\b(?:me|my|us|our)\b"
            r"|(?:delete|erase|remove|stop|request)\w* .{0,40}\b(?:me|my|us|our)\b.{0,60}\b(?:gdpr|ccpa|can-?spam)"
            r"|(?:withdraw|revoke) (?:my |any )consent|\bi object to (?:the )?processing"
        ),
        (
            r"(?:^|[,;:] ?)(?:please |just |kindly |so )?(?:remove|unsubscribe) (?:me|us)\b(?! from (?:the |this )?"
            r"(?:meeting|invite|team|project|cc|thread|chain|call|channel|group chat|ticket))"
            r"|\bhow (?:do|can|could) (?:i|we) (?:\w+ )?(?:unsubscribe|opt[ -]?out)\b"
            r"|^(?:please )?(?:take |get )?(?:me |us )?off (?:the|this|your) (?:mailing |e-?mail )?list\b"
        ),
        (
            r"\bsehen sie (?:bitte )?(?:\w+ )?von (?:weiteren|jeglichen|zukünftigen|künftigen) .{0,40}\bab\b"
            r"|\bunterlassen sie (?:bitte |es |künftig |in zukunft )*(?:weitere|jegliche|das|ihre|solche|diese"
            r"|mir|uns)"
        ),
        (
            r"(?:retir|apagu|elimin|remov|exclu)\w{1,3} (?:por favor )?(?:o meu|a minha|os meus|as minhas|meus?"
            r"|minhas?)\b"
            r"|(?:chiedo|richiedo|chiediamo|richiediamo) (?:\w+ )?(?:la )?(?:cancellazione|rimozione|disiscrizione)"
            r"|(?:solicito|pido|peço|solicitamos) (?:\w+ )?(?:la |a )?(?:eliminación|supresión|remoção|exclusão"
            r"|baja) de"
        ),
        r"\b(?:leave (?:me|us) alone|lose my (?:e-?mail|number|address)|wish to be (?:removed|unsubscribed))",
        (
            r"(?<!wir )\b(?:melde|melden|trage|tragen|nehme|nehmen) (?:sie )?(?:mich|uns)\b.{0,60}\b(?:ab|aus"
            r"|raus|heraus)\b"
            r"(?! (?:montag|dienstag|mittwoch|donnerstag|freitag|morgen|dem|den|\d))"
        ),
        (
            r"(?:nehmen|nimm|löschen|lösche|streichen|streiche|entfernen|entferne|tragen|trage) (?:sie "
            r"|du )?(?:bitte )?(?:mich|uns|meine?[nr]? (?:e-?mail|mail|adresse|daten|kontakt|mailadresse"
            r"|e-?mail-?adresse)\w*|diese (?:e-?mail|mail|adresse)\w*)(?: (?:bitte|sofort|umgehend|daher"
            r"|deshalb))?(?: (?:aus|von)| unverzüglich|\b)|(?:aus|von) (?:ihre[mrn]|eure[mrn]|dem|der"
            r"|diesem) (?:\w+ )?(?:verteiler|liste|datenbank|mailingliste|newsletter|adressliste"
            r"|kartei)\w* .{0,30}(?:nehmen|löschen|streichen|entfernen|austragen|genommen|gelöscht|entfernt)"
        ),
        (
            r"(?:keine|keinerlei) (?:weiteren? |mehr )?(?:werbe|e-?)?-?(?:mails?|nachrichten|werbung|newsletter"
            r"|anfragen|kontaktaufnahme|angebote|zuschriften)(?: \w+){0,4} (?:mehr|schicken|senden|erhalten"
            r"|bekommen|wünsch\w+|zusenden|zukommen|gewünscht)|(?:wünsche|möchte"
            r"|will) (?:ich )?(?:\w+ ){0,4}(?:keine|nicht mehr|abgemeldet|gelöscht|austragen|abmelden"
            r"|abbestellen)(?: \w+){0,4} ?(?:mails?|werbung|kontakt\w*|angeschrieben|nachrichten|newsletter"
            r"|erhalten|verteiler|werden|abmelden|abbestellen|austragen)?|widerspreche (?:ich )?(?:hiermit )?(?:der"
            r"|jeglicher|einer)|(?:kontaktieren|schreiben|belästigen) sie (?:mich|uns) (?:bitte )?nicht (?:mehr"
            r"|wieder)|nicht (?:mehr|wieder|weiter) (?:kontaktieren|anschreiben|angeschrieben|kontaktiert)"
            r"|löschung meiner (?:daten|personenbezogenen)|(?:hören|höre) (?:sie )?auf,? (?:mir|uns)"
        ),
        (
            r"(?:me|nous|m'|mon adresse|mes coordonnées) ?(?:désinscri|désabonn|retirer|supprimer|enlever|rayer"
            r"|ôter|radier)\w*|(?:retire|supprime|enleve|enlève|désinscri|désabonn|raye|effac|ôte)\w*[- ](?:moi"
            r"|nous|mon|mes|mon adresse|cette adresse)|(?:ne|n')\s?(?:plus|pas|souhaite plus|veux plus|désire plus"
            r"|souhaitons plus|veuillez plus).{0,30}(?:recevoir|être contact|contacter|m'écrire|m'envoyer"
            r"|me solliciter|de vos)|ne (?:souhaite|veux|désire|souhaitons|voulons) (?:plus|pas) (?:recevoir|être"
            r"|que)|(?:arrêtez|arreter|arrêter|cessez|merci d'arrêter|stoppez) (?:de |d')?(?:m'|me|nous|vos|ces"
            r"|les)|ne (?:me|nous|m') ?(?:contactez|écrivez|envoyez|sollicitez) plus|suppression de mes données"
            r"|droit (?:à l'|d')(?:effacement|oubli|opposition)|rgpd.{0,60}(?:supprim|effac|retir|mes données)"
        ),
        (
            r"(?:d(?:ar|é|e|en|ar)me|dar(?:nos|se|me)?|d[eé]nme|darnos) de baja|(?:quiero|deseo|solicito|pido|ruego"
            r"|quisiera) .{0,30}(?:baja|desuscrib|cancelar|eliminad|borrad)|(?:elim[ií]n|b[oó]rr|quit|qu[ií]t|saqu"
            r"|s[aá]qu|remuev|retir)\w{1,5}(?:me|nos)\b|(?:eliminen?|borren?|quiten?|saquen?|retiren?) (?:mi|mis"
            r"|nuestr|este)|(?:no|dejen? de|deje de|paren de|dejad de) (?:me |nos )?(?:volver a )?(?:escrib|envi"
            r"|env[ií]|contact|mand|molest)\w*(?: (?:m[aá]s|nunca|correos|mensajes|emails|e-mails|mails|a mi|a este"
            r"|publicidad))?\b|no (?:quiero|deseo|queremos|deseamos) (?:recibir|que me|seguir|m[aá]s|volver)"
            r"|derecho (?:de supresi[oó]n|al olvido|de oposici[oó]n|de cancelaci[oó]n)"
        ),
        (
            r"(?:me )?(?:remov|descadastr|retir|exclu|tir|desinscrev)\w{0,6}(?:-me|-nos)\b|(?:me|nos) (?:remova"
            r"|remover|retire|retirar|exclua|excluir|tire|tirar|descadastr\w+|remov\w+)|(?:remova|remover|retire"
            r"|exclua|apague|delete|apagar|excluir|descadastre) (?:o |a |os |as )?(?:meu|minha|meus|este|esse"
            r"|nosso)|não (?:quero|desejo|queremos|gostaria de|tenho interesse em) (?:mais )?(?:receber|continuar"
            r"|ser contact|que me)|(?:parem?|deixem?|pare) de (?:me |nos )?(?:enviar|mandar|contatar|contactar"
            r"|escrever|encher|spam)|não (?:me |nos )?(?:envi|mand|contat|contact|escrev|perturb)\w+ mais"
            r"|não me (?:contat|contact|envi|escrev|mand)\w+|lgpd.{0,60}(?:exclu|remov|meus dados)|(?:cancelar"
            r"|cancele) (?:a |minha )?(?:inscri"
            r"|subscri|assinatura)"
        ),
        (
            r"(?:cancell|rimuov|togli|toglie|elimin|disiscriv)\w{0,6}(?:mi|temi|ci|teci)\b|(?:mi|ci) (?:cancell"
            r"|rimuov|tolg|elimin|disiscriv)\w+|(?:cancell|rimuov|elimin|toglie)\w+ (?:il mio|la mia|i miei"
            r"|questo indirizzo|il nostro)|non (?:voglio|desidero|vogliamo|desideriamo|intendo"
            r"|gradisco) (?:più )?(?:ricever|essere|che mi|avere|altre)|non (?:mi |ci )?(?:contatt|scriv|invi|mand"
            r"|disturb)\w+(?: \w+)? più|(?:smett|smetta|smettetela|finite|basta)\w* (?:di |con )?(?:invi|mand|scriv"
            r"|contatt|quest|le |mail|email)|diritto (?:all'oblio|alla cancellazione|di opposizione)"
        ),
        (
            r"(?:schrijf|meld) (?:mij|me|ons)\b.{0,30}\b(?:uit|af)\b|(?:haal|verwijder|gooi|schrap) (?:mij|me|ons"
            r"|mijn \w+|dit (?:e-?mail)?adres)\b|(?:wil"
            r"|wens|wensen|willen|verzoek)(?: \w+){0,3} (?:geen|niet (?:meer|langer)|uitgeschreven|afgemeld"
            r"|verwijderd|uitschrijven|afmelden)|(?:geen|niet) (?:verdere |meer )?(?:mails?|e-?mails?|berichten"
            r"|nieuwsbrie\w+|contact|reclame)(?: \w+){0,3} (?:meer|ontvangen|sturen|toesturen|opnemen)|(?:stop"
            r"|ophouden|houd op|stoppen) (?:aub |alstublieft )?(?:met|om) (?:het )?(?:mij |me "
            r"|ons )?(?:\w+ )?(?:mailen|sturen|spammen|benaderen|contact|berichten|schrijven|e-?mails?)"
            r"|niet meer (?:te )?(?:mailen|benaderen|contacteren|schrijven)|avg[- ](?:verzoek|verwijder)"
        ),
        (
            r"(?:wypis|wykreśl|usu[nń]|skasuj|wyrejestruj)\w*(?: proszę)? (?:mnie|nas|mój|moje|moich|mojego|nasz"
            r"|ten adres|z (?:listy|bazy|tej))|(?:proszę|prosze|prosimy)(?: \w+){0,3} (?:o (?:wypisanie|usunięcie"
            r"|zaprzestanie|wykreślenie|niewysyłanie|nieprzesyłanie)|wypisać"
            r"|usunąć(?=.{0,30}(?:mnie|nas|mój|moje|moich|mojego|dane|danych|adres|z list|z baz))|nie (?:pisać"
            r"|wysyłać"
            r"|kontaktować|przesyłać|przysyłać)|zaprzestać|się nie kontaktować)|nie (?:chcę|chce|życzę sobie"
            r"|życzymy|chcemy|wyrażam zgody|zgadzam się)(?: \w+){0,4} (?:otrzymywać|dostawać|wiadomości|maili"
            r"|kontaktu|na|kontaktow\w+|przetwarzan\w+|korespondencji)|nie (?:pisz|piszcie|wysyłaj|wysyłajcie"
            r"|kontaktuj)\w* (?:do mnie|mi|więcej|się|już)|(?:przestań|przestańcie"
            r"|proszę przestać) (?:\w+ ){0,3}(?:pisać|wysyłać)"
            r"|(?:mnie|nas) usunąć|rezygnuj[ęe] z (?:newsletter|subskrypcj|otrzymywani|mailing|wiadomości"
            r"|korespond)"
            r"|rodo.{0,60}(?:usuni|moich|moje)|prawo do (?:usunięcia|bycia zapomnianym|sprzeciwu)|zgłaszam sprzeciw"
        ),
        (
            r"(?:listeden|listenizden|listelerinizden|mail listesinden|veri ?taban\w+|rehberinizden|aboneli\w+"
            r"|üyeli\w+|gönderim\w*) (?:\w+ ){0,3}(?:çık|sil|kaldır|iptal|ayrıl)\w*|(?:beni|bizi|adresimi|mailimi"
            r"|e-?postamı|mail adresimi|e-?posta adresimi|bilgilerimi|verilerimi|kaydımı|ismimi|üyeliğimi"
            r"|aboneliğimi|kişisel verilerimi(?:n)?) (?:\w+ ){0,5}(?:çıkar|sil|kaldır|iptal|silin)\w*|(?:bir daha"
            r"|daha fazla|artık|lütfen|bana|bize|tekrar)(?: \w+){0,4} (?:mail|e-?posta|mesaj|ileti"
            r"|email)?\s?(?:atma|gönderme|yazma|yollama|rahatsız etme|arama|iletişime geçme|iletme|göndermeyi"
            r"|atmayı)(?:yın|yin|yınız|yiniz|yalım|yi kes|yi bırak|)\w*|(?:mail|e-?posta|mesaj|bülten|ileti|reklam"
            r"|tanıtım)\w*(?: \w+){0,2} (?:almak|görmek|gelmesini) istemi\w+|(?:iletişim|rahatsız"
            r"|irtibat)\w*(?: \w+){0,2} (?:istemiyorum|edilmek istemiyorum|kurulmasını istemiyorum|kurmayın"
            r"|geçmeyin)|kvkk .{0,60}(?:sil|talep|çıkar|kaldır)|rahatsız etmeyin"
        ),
        (
            r"(?:ta bort|avregistrera|stryk|radera) (?:mig|min"
            r"|mina|oss)|(?:vill|önskar) inte (?:längre |ha |få )|sluta (?:skicka|maila|mejla|kontakta)|(?:fjern"
            r"|slet|meld|stryk) (?:meg|mig|min|mitt|oss|os)(?: (?:fra|av|af))?|(?:ønsker|vil) ikke (?:lenger "
            r"|længere |at )?(?:motta|modtage|få|flere|bli)|poistakaa? (?:minut|sähköposti|osoitteeni)"
            r"|en halua (?:enää )?(?:saada|vastaanottaa|viestejä)|odhlaste (?:mě|mne|nás)|(?:vyřaďte|vymažte"
            r"|odstraňte|smažte) (?:mě|mne|můj|mou|moje)|nepřeji si|nechci (?:dostávat|další)|(?:leiratkoz|töröljék"
            r"|töröljenek|vegyenek le)\w*|nem (?:kérek|szeretnék) (?:több|további)|dezabon\w+|nu (?:mai )?(?:doresc"
            r"|vreau) (?:să )?(?:mai )?(?:primesc|primi)|ștergeți(?:-mă)?"
        ),
    )
)
"""Sentences in which somebody asks it for himself."""

NOT_A_REQUEST = pattern(
    r"\b(?:can|could|does|will) your (?:tool|software|product|system|platform|team)\b"
    r"|\bour (?:users|customers|clients|contacts)' data",
    r"(?<!like )(?<!want )(?<!wish )(?<!need )(?<!asking )(?<!asked )(?<!requested )(?<!ask )(?<!trying "
    r")(?<!tried )(?<!request )\bto "
    r"(?:unsubscribe|opt[ -]?out|be removed|stop receiving|remove (?:yourself|your|this)|cancel your"
    r"|manage your|update your|change your|leave this)\b(?!\s*(?:me|us|my)\b)|\bunsubscribe (?:here|at|by"
    r"|from this list:?|link|button|:|at any|via|using|https?|<|\[|e-?mail|send)"
    r"|click (?:here|on|the|below|this)|(?:if|when|should) you (?:\w+ ){0,4}(?:wish|want|prefer|like"
    r"|unsubscribe|no longer|opt|don'?t|do not|would rather|ask|need|change)|you (?:can|may|could|will|have|are"
    r"|were|do not|don't|need|must|should|might) (?:\w+ ){0,4}(?:unsubscrib|opt|remov|receiv|subscrib|stop|reply)"
    r"|you(?:'re| are)? (?:\w+ )?receiv\w+ (?:this|these|our)|reply (?:with "
    r"|to this .{0,30}with )?[\"'“‘*]?(?:stop|unsubscribe|remove|no)\b|(?:with|put|type|write|enter|containing"
    r"|include) (?:the )?(?:word |subject )?[\"'“‘*]?(?:stop|unsubscribe|remove)\b|send (?:an? )?(?:blank "
    r"|empty )?(?:e-?mail|message|mail)? ?to \S+|unsubscribe(?:@|-|\.html|\.php|\?|=)"
    r"|\b(?:don'?t|do not|didn'?t|did not|never|not|no one|nobody|won'?t|will not|wouldn'?t|haven'?t|without"
    r"|instead of|before|rather than|please don'?t) (?:\w+ ){0,3}(?:unsubscribe|remove|take|delete|opt|drop"
    r"|stop)\b|\b(?:he|she|they|someone|people|users?|customers?|clients?|anyone|everyone"
    r"|who) (?:\w+ ){0,4}(?:unsubscrib|opt(?:ed|s)? out|asked to be removed|wants? (?:to be )?(?:off|removed))"
    r"|(?:why|when|who|did) (?:\w+ ){0,3}(?:unsubscrib|remov)|i(?:'ve| have)? (?:already )?(?:unsubscribed"
    r"|removed) (?:him|her|them|the|all|from)|i(?:'ll| will| can| could"
    r"| am going to)(?: \w+){0,2} (?:unsubscribe|remove|delete|take|stop|drop)\b(?! from your)"
    r"|(?:klicken|clicken) sie|(?:wenn|falls|sollten) sie|um sich (?:\w+ ){0,4}(?:ab|aus)|hier (?:klicken"
    r"|abmelden)|sie (?:können|erhalten)|(?:cliquez|cliquer) |si vous (?:ne )?(?:souhaitez|voulez|désirez)"
    r"|pour (?:vous|se) (?:dés|ne)|vous (?:pouvez|recevez)|haga clic|si (?:usted )?(?:no )?(?:desea|quiere"
    r"|prefiere)|para (?:darse|cancelar su|dejar de recibir|anular)|puede (?:darse|cancelar)"
    r"|clique (?:aqui|em)|se (?:você |o senhor |não )?(?:não )?(?:deseja|quiser|prefere|desejar)"
    r"|para (?:cancelar|deixar de|sair|descadastrar)|clicca|cliccare|se (?:non )?(?:desideri|desidera|vuoi"
    r"|vuole|volete)|per (?:cancellarti|cancellarsi|disiscriverti|non ricevere|annullare)|klik (?:hier|op)"
    r"|als u|indien u|wilt u (?:geen|zich)|u (?:kunt|ontvangt)|om (?:u|je) (?:uit|af)|kliknij"
    r"|jeśli (?:nie )?(?:chcesz|chce|życzy)|aby (?:się )?(?:wypisać|zrezygnować)|otrzymujesz"
    r"|tıklay|(?:istemiyorsanız|isterseniz|çıkmak için|ayrılmak için|iptal etmek için)|если вы|чтобы отписаться"
    r"|нажмите|klicka|klikk|om du (?:inte|vill)|hvis du|jos et|pokud|klikněte|kattints|dacă|για να|点击"
    r"|點擊|如果您"
    r"|クリック|ご希望|클릭|원하시면|للإلغاء|اضغط|انقر|إذا كنت",
)
"""Footers that tell how, offers, negations and talk about others: none of them asks for anything."""

UNSUBSCRIBE_SUBJECT = pattern(
    r"^\W*(?:unsubscribe|un-subscribe|unsub|opt[ -]?out|remove(?: me)?|stop|abmelden|abbestellen|abmeldung"
    r"|austragen|désinscription|désabonnement|désinscrire|se désabonner|baja|darme de baja"
    r"|cancelar suscripci[oó]n|desuscribir|descadastrar|cancelar inscri[cç][aã]o|remover"
    r"|disiscrizione|disiscrivimi|cancellami|cancellazione|afmelden|uitschrijven|wypisz|wypisz mnie|rezygnacja"
    r"|listeden çık|üyelikten çık|abonelikten çık|iptal|إلغاء الاشتراك|الغاء الاشتراك|отписаться|отписка|退订"
    r"|取消订阅|配信停止|수신거부|avregistrera|avmeld|afmeld)\W*(?:request|please|me)?\W*$"
)
"""A subject that is nothing else: the mail a List-Unsubscribe address gets."""
