"""What programs that answer by themselves write: in subjects, and in sentences, by what each sentence is for."""

from __future__ import annotations

import re

from outreach.mail.words import pattern

AUTO_SUBJECT = pattern(
    (
        r"^\W{0,3}(?:automatic (?:reply|response|answer)|auto(?:matic|mated)?[ -]?(?:reply|response|respond"
        r"|responder|answer)|auto:"
        r"|autoreply|automated (?:reply|response|message)|out[ -]of[ -](?:the )?office (?:auto|reply|response"
        r"|message|notification)"
        r"|out[ -]of[ -](?:the )?office[:\s]{0,2}(?:re:|auto|$)|out[ -]of[ -]office:|ooo[: ]?(?:re:|$)"
        r"|vacation (?:reply|response|auto|message)|away from (?:the )?office"
        r"|\[?auto[ -]?repl|on vacation:|auto ack|away from my mail)"
    ),
    (
        r"^\W{0,3}(?:automatische (?:antwort|rückantwort)|autoantwort|abwesenheits?(?:notiz|meldung|nachricht"
        r"|assistent|agent|mail|info)?\b"
        r"|abwesend\b|ich bin (?:nicht im|abwesend|außer)|nicht im (?:büro|haus)|außer haus|eingangsbestätigung"
        r"|auto-antwort|urlaubs(?:meldung|notiz|vertretung))"
    ),
    (
        r"^\W{0,3}(?:réponse automatique|r[ée]ponse auto|absence du bureau|absen(?:t|ce)\b.{0,20}(?:bureau|:|$)"
        r"|message d'absence|message automatique"
        r"|notification d'absence|automatique)"
    ),
    (
        r"^\W{0,3}(?:respuesta autom[aá]tica|auto-?respuesta|fuera de (?:la )?oficina|ausente|ausencia"
        r"|mensaje autom[aá]tico|contestaci[oó]n autom)"
    ),
    (
        r"^\W{0,3}(?:resposta autom[aá]tica|auto-?resposta|fora do escrit[oó]rio|aus[eê]ncia|mensagem autom[aá]tica"
        r"|ausente)"
    ),
    (
        r"^\W{0,3}(?:risposta automatica|auto-?risposta|fuori (?:ufficio|sede)|assenza|messaggio automatico|assente"
        r"|risposta fuori sede)"
    ),
    (
        r"^\W{0,3}(?:automatisch(?:e)? (?:antwoord|beantwoording|bericht|reactie)|autoreply|afwezig(?:heid)?"
        r"|niet aanwezig|buiten kantoor|autom\. antw)"
    ),
    (
        r"^\W{0,3}(?:automatyczna odpowied[źz]|odpowied[źz] automatyczna|autoodpowied[źz]|poza biurem"
        r"|nieobecno[śs][ćc]|jestem poza|urlop\b)"
    ),
    (
        r"^\W{0,3}(?:otomatik (?:yan[ıi]t|cevap|bilgilendirme|mesaj)|ofis d[ıi][şs][ıi]nda"
        r"|i[şs] yeri d[ıi][şs][ıi]nda|izindeyim|[iı]zinde|y[ıi]ll[ıi]k izin)"
    ),
    (
        r"^\W{0,3}(?:autosvar|automatiskt? svar|automatisk svar|fr[aå]nvaro|frånvarande|frav[æa]r|ikke på kontoret"
        r"|ude af kontoret|automaattinen vastaus"
        r"|poissaolo|automatick[aá] odpov[eě][dď]|mimo kancelář|automatikus v[aá]lasz|házon kívül"
        r"|r[aă]spuns automat|în afara biroului)"
    ),
    (
        r"^\W{0,3}(?:автоответ|автоматическ(?:ий|ое)|вне офиса|нет на месте|автоматична|αυτόματη απάντηση"
        r"|εκτός γραφείου|自动(?:答复|回复)|自動(?:回覆|返信|応答)"
        r"|不在|자동 ?(?:회신|응답)|부재중|رد تلقائي|תשובה אוטומטית|tự động trả lời|balasan otomatis)"
    ),
)
"""A subject no person writes; only where no `Re:` stands before it."""

REPLY_PREFIX = re.compile(
    (
        r"^\s*(?:(?:re|aw|sv|antw|antwort|odp|ynt|yan|vs|rif|res|ref|回复|回覆|答复|답장|respuesta|fwd?|wg|tr"
        r"|rv|enc|i"
        r"|doorst|ilt|vb|转发)"
        r"\s*(?:\[\d{1,3}\])?\s*[:：]\s*)+"
    ),
    re.IGNORECASE,
)
"""`Re:` and its sisters, repeated or not."""

AUTOMATIC = pattern(
    (
        r"(?:wird|werden|wurde) (?:in dieser zeit |währenddessen )?nicht (?:automatisch )?weitergeleitet"
        r"|ne (?:sera|seront) pas (?:transféré|transmis|relevé)|no (?:será|se) reenvia|não será (?:encaminhad|reenviad)"
        r"|non (?:verrà|sarà|viene) inoltrat|wordt niet (?:doorgestuurd|gelezen)|bliver ikke videresendt"
        r"|vidarebefordras inte|nie (?:jest|będzie|są) przekazywan|yönlendirilme(?:mekte|yecek)"
        r"|(?:e-?mail|message|mail) (?:is not being|will not be|has been automatically|is being) forwarded"
    ),
    (
        r"(?:mailbox|inbox|address|account) is (?:not|no longer) (?:being )?(?:monitored|checked|in use|read)"
        r"|you have reached an? (?:mailbox|address|account|e-?mail)|dieses postfach wird nicht (?:gelesen|überwacht)"
    ),
    (
        r"\bwaitlisted\b|guest list|(?:spam|junk)[ -](?:blocking|arrest|protection|prevention|control) (?:service"
        r"|system|program|tool)|(?:verify|confirm|prove) that you(?:'re| are) (?:a )?(?:real |not a )?(?:person|human"
        r"|robot|machine)|(?:held|quarantined) (?:until|pending) (?:you |your )?(?:confirm|verif|approv)"
        r"|to have your (?:message|e-?mail) delivered|before your (?:message|e-?mail) (?:can be|is) delivered"
        r"|first time you(?:'ve| have) (?:sent|written|e-?mailed)"
    ),
    (
        r"this (?:is|was|message is|e?-?mail is|response (?:is|was)|reply (?:is|was)) (?:an? )?(?:automatic"
        r"|automated|auto[ -]?generated|auto[ -]?repl|autorespon|automatically|computer[ -]generated)"
    ),
    (
        r"(?:automatically|auto)[ -]generated (?:reply|response|message|e?-?mail|notification)|automated (?:reply"
        r"|response|acknowledge?ment|message|e-?mail|notification)"
        r"|automatic (?:reply|response|message|e-?mail|notification|acknowledge?ment)|auto[ -]?(?:reply|response"
        r"|responder)\b|please do not (?:reply|respond) to this"
        r"|do not reply to this|autoresponder|you (?:will )?(?:only )?receive this (?:message|reply"
        r"|notice) only once|you will receive this message once"
    ),
    (
        r"(?:dies(?:e|ist)?|das ist) .{0,30}automatisch(?:e|en)? (?:generiert|erstellt|erzeugt|versand|versend"
        r"|antwort|nachricht|rückantwort|mitteilung)|automatisch (?:generiert|erzeugt|erstellt|versandt|versendet)e?"
        r"|automatische (?:antwort|nachricht|e-?mail|rückantwort)|bitte antworten sie nicht auf diese"
    ),
    (
        r"(?:message|réponse|courriel|mail|e-mail) (?:automatique|généré automatiquement|envoyé automatiquement)"
        r"|ceci est (?:un|une) (?:message|réponse) automatique|ne (?:pas|merci de ne pas) répondre à ce"
        r"|merci de ne pas répondre"
    ),
    (
        r"(?:mensaje|respuesta|correo|e-?mail) (?:autom[aá]tic[oa]|generad[oa] autom[aá]ticamente"
        r"|enviad[oa] autom[aá]ticamente)|no respond(?:a|er) a este|por favor,? no responda"
    ),
    (
        r"(?:mensagem|resposta|e-?mail) (?:autom[aá]tic[oa]|gerad[oa] automaticamente|enviad[oa] automaticamente)"
        r"|não respond(?:a|er) a (?:este|esta)|por favor,? não responda"
    ),
    (
        r"(?:messaggio|risposta|e-?mail|mail) (?:automatic[oa]|generat[oa] automaticamente"
        r"|inviat[oa] automaticamente)|non rispond(?:ere|a|ete) a quest"
    ),
    (
        r"(?:dit is een )?(?:automatisch|geautomatiseerd)e? (?:antwoord|bericht|gegenereerd|verzonden|reactie"
        r"|e-?mail|mail)|gelieve niet (?:te )?(?:antwoorden|reageren)|niet (?:te )?(?:beantwoorden"
        r"|reageren op (?:dit|deze))"
    ),
    (
        r"(?:wiadomość|odpowiedź|mail|e-mail) (?:została |jest )?(?:wygenerowan[aey] |wysłan[aey] )?automatyczn"
        r"|automatyczna (?:odpowiedź|wiadomość)|automatycznie (?:wygenerowan|wysłan)|prosimy nie odpowiadać"
        r"|proszę nie odpowiadać"
    ),
    (
        r"otomatik (?:olarak )?(?:yanıt|cevap|mesaj|gönderil|oluşturul|üretil|bir)|otomatik bir (?:yanıt|mesaj"
        r"|e-?posta)|lütfen bu (?:e-?posta|mesaj|mail).{0,10}(?:yanıtlama|cevapla)"
    ),
    (
        r"detta är ett automat|automatiskt (?:svar|genererat|meddelande)|automatisk (?:svar|besked|melding)"
        r"|tämä on automaattinen|toto je automatick|автоматическ(?:ий|ое) (?:ответ|сообщение|уведомление)|自动(?:回复"
        r"|答复|发送)|自動(?:返信|送信|応答)|자동(?:으로)? ?(?:발송|응답|회신)"
    ),
)
"""A sentence in which a program speaks of itself."""

AWAY = pattern(
    (
        r"(?:out|off|home) sick\b|on sick leave|krankgeschrieben|en arrêt (?:de travail|maladie)|de baja\b|op (?:zaken"
        r"|dienst)reis|ziekteverlof|actuellement indisponible|(?:suis|serai) pas (?:au bureau|disponible|joignable)"
        r"|momentan nicht erreichbar|sin acceso al? (?:correo|ordenador)|tjänsteresa|på forretningsrejse|jobbreise"
    ),
    (
        r"(?:will|shall) not be (?:reading|checking|answering) (?:my |any )?(?:e-?)?mails?|(?:limited|no|sporadic"
        r"|intermittent|restricted) (?:access to|internet|e-?mail)|(?:eingeschränkt|bedingt|begrenzt|schwer"
        r"|unregelmäßig) (?:per e-?mail |telefonisch )?erreichbar|(?:bin|ist) (?:ich |derzeit |aktuell |bis "
        r"\w+ )*unterwegs|accès limité|accès restreint|acceso limitado|acesso limitado|accesso limitato"
        r"|beperkt bereikbaar|ograniczony dostęp|erişimim (?:sınırlı|kısıtlı)|sınırlı erişim"
    ),
    (
        r"\bout[ -]of[ -](?:the )?office\b|\b(?:on|taking) (?:annual |parental |maternity |paternity |sick "
        r"|medical |personal |family |extended |study |compassionate |my )*(?:leave|vacation|holiday|holidays|pto"
        r"|sabbatical|a sabbatical|a business trip)\b"
        r"|\baway from (?:the |my )?(?:office|desk|e-?mail|computer)|\b(?:i am|i'm|i will be|i'll be|we are"
        r"|i shall be) (?:currently |now )?(?:away|travell?ing|unavailable|not available|out (?:until|from|on|this"
        r"|today|all|of))"
        r"|not (?:be )?(?:in|at) (?:the |my )?(?:office|work|desk)|unable to (?:answer|respond to|read|check"
        r"|reply to) (?:your |my |any )?e?-?mails?|office (?:is|will be|are) closed|back in the office"
        r"|we are closed|closed for"
    ),
    (
        r"nicht im (?:büro|haus|hause)|wieder (?:im büro|erreichbar|für sie da|im haus)|außer haus|ausser haus"
        r"|im urlaub|in urlaub|abwesend|nicht (?:am"
        r"|an meinem) (?:arbeits|schreib)|auf (?:geschäfts|dienst)reise|in elternzeit|mutterschutz|nicht erreichbar"
        r"|nicht verfügbar|büro .{0,20}geschlossen|bin ich .{0,40}(?:wieder|nicht)"
    ),
    (
        r"absente?\b.{0,40}(?:bureau|jusqu|du |le |pour|actuellement)|actuellement absente?|(?:je suis"
        r"|serai) .{0,30}(?:absente?|en congés?|en vacances|en déplacement|indisponible)|en congés?\b|en vacances"
        r"|hors du bureau|congé (?:maternité|parental)|bureaux? .{0,20}fermés?"
    ),
    (
        r"fuera de (?:la |mi )?oficina|de vacaciones|ausente|estar[eé] (?:fuera|ausente|de viaje|de baja)"
        r"|me encuentro (?:fuera|ausente|de)|de viaje|baja (?:por )?(?:maternidad|paternidad|médica)"
        r"|no estar[eé] disponible|sin acceso a(?:l)? correo|oficinas? .{0,20}cerrad"
    ),
    (
        r"fora do (?:meu )?escrit[oó]rio|de f[eé]rias|em f[eé]rias|ausente|estarei (?:fora|ausente|de|em)"
        r"|encontro-me (?:ausente|de|fora|em)|licença (?:de )?(?:maternidade|paternidade|médica)?|em viagem"
        r"|não estarei disponível|fora da empresa"
    ),
    (
        r"fuori (?:ufficio|sede)|in ferie|assente|in vacanza|sarò (?:assente|fuori|in)|in congedo|in maternità"
        r"|in trasferta|(?:uffici|ufficio|azienda) .{0,30}chius"
    ),
    (
        r"niet (?:op|in) (?:het )?(?:kantoor|aanwezig|werk)|afwezig|met (?:vakantie|verlof|zwangerschapsverlof)"
        r"|op vakantie|buiten (?:het )?kantoor|niet bereikbaar|niet aanwezig|niet beschikbaar|kantoor .{0,20}gesloten"
    ),
    (
        r"poza biurem|na urlopie|nieobecn[ya]|przebywam (?:na|poza|w)|jestem (?:na|poza|niedostępn)|urlop(?:ie"
        r"|em)?\b|w delegacji|zwolnieni\w+ lekarski|biuro .{0,20}(?:nieczynne|zamknięte)|nie będzie mnie"
        r"|bez dostępu do"
    ),
    (
        r"ofis(?:te|im|imiz)? (?:dışında|değil|de değil)|ofiste (?:değilim|olmayacağım|bulunmuyorum|olmayacağ)"
        r"|izinde(?:yim|yiz|yken| olacağım)?|yıllık izin|(?:doğum|babalık|ücretsiz|senelik) izn|tatilde(?:yim)?"
        r"|seyahatte(?:yim)?|iş seyahat|şehir dışında|yurt dışında|ofis dışı|ofisimiz .{0,20}kapalı|müsait değilim"
    ),
    (
        r"inte på kontoret|på semester|föräldraledig|tjänstledig|ej på plats|ikke (?:på|til stede på) kontoret"
        r"|på ferie|ude af kontoret|på kurs|poissa|lomalla|mimo kancelář|na dovolen[eé]|szabadságon"
        r"|nem vagyok (?:az irodában|elérhető)|în concediu|în afara biroului|в отпуске|вне офиса|отсутству"
        r"|не на месте|у відпустці|σε άδεια|εκτός γραφείου|休假|外出|不在办公室|出差|不在(?:にし|の|と)|休暇"
        r"|休業|외근|휴가|부재중|في إجازة"
        r"|בחופשה|tidak (?:di|berada di) kantor|sedang cuti|nghỉ phép"
    ),
)
"""A sentence that says one is away."""

LEFT = pattern(
    (
        r"no longer (?:works?|working|employed|with (?:the |our )?(?:company|firm|organi[sz]ation|us|\w+)|at "
        r"|part of|an employee)|(?:has|have) left (?:the |our )?(?:company|firm|organi[sz]ation|business"
        r"|employment)|left the company|is no longer (?:here|with|at|available at)"
    ),
    (
        r"nicht mehr (?:für|bei|im|in) .{0,40}(?:tätig|unternehmen|beschäftigt|haus)|hat .{0,30}(?:unternehmen"
        r"|firma) verlassen|ausgeschieden|ne (?:fait|travaille|faisons|travaillons) plus (?:partie|chez|pour|au)"
        r"|a quitté (?:l'entreprise|la société|notre|ses fonctions)"
        r"|ya no (?:trabaja|forma parte|labora|pertenece)|não (?:trabalha|faz|pertence|integra) mais"
        r"|já não (?:trabalha|faz|pertence)|non (?:lavora|fa|è) più (?:parte|qui|presso|per|in)|niet (?:meer"
        r"|langer) werkzaam|werkt niet (?:meer|langer)|uit dienst|nie pracuje już|już nie pracuje"
        r"|zakończył\w* (?:pracę|współpracę)"
        r"|artık (?:şirketimizde |bizimle |burada |bünyemizde )?(?:çalışma|görev|bulunma)|(?:şirketimizden"
        r"|görevinden|firmamızdan) ayrıl|больше не работает|не работает в"
    ),
)
"""A sentence that says a person has gone for good."""

SOON = pattern(
    (
        r"within (?:\d+|one|two|three|the next|twenty[- ]four) ?(?:-\d+ )?(?:\(?\d*\)? ?)?(?:business "
        r"|working )?(?:hours?|days?)"
        r"|as soon as possible|shortly|schnellstmöglich|so schnell wie möglich|umgehend|in kürze"
    ),
    (
        r"dans les (?:plus brefs|meilleurs) délais|a la (?:mayor )?brevedad|lo antes posible"
        r"|o mais breve(?:mente)? possível"
    ),
    (
        r"o mais rápido possível|al più presto|il prima possibile|zo (?:snel|spoedig) mogelijk|tak szybko,? jak"
        r"|jak najszybciej"
    ),
    r"najszybciej jak|en kısa (?:sürede|zamanda)",
)
"""A sentence that promises to be quick: programs and people alike write it."""

THANKS = pattern(
    (
        r"(?:thank you|thanks) for your (?:patience|understanding)|(?:danke|vielen dank) für ihr verständnis"
        r"|merci (?:de|pour) votre compréhension|gracias por (?:su|tu) (?:comprensión|paciencia)"
        r"|obrigad[oa] pela (?:compreensão|atenção)|agradeço o (?:seu )?contato|grazie per la comprensione"
        r"|bedankt voor uw begrip|dziękuję za (?:zrozumienie|wyrozumiałość)|anlayışınız için teşekkür"
    ),
    (
        r"thank(?:s| you)(?: very much| so much)? for (?:your |the |contacting |reaching )?(?:kind )?(?:e-?mail"
        r"|mail|message|note|letter|out)|vielen dank für (?:ihre|deine|die) (?:e-?mail|mail|nachricht)"
        r"|danke für (?:ihre|deine) (?:e-?mail|mail|nachricht)|merci (?:pour|de) votre (?:message|mail|courriel"
        r"|e-mail)|gracias por (?:su|tu) (?:mensaje|correo|e-?mail|mail)|obrigad[oa] (?:pelo|por) (?:seu|sua)"
        r"|grazie per (?:la|il) (?:sua|suo|tua|tuo|vostr)|bedankt voor (?:uw|je) (?:e-?mail|mail|bericht)"
        r"|dziękuję za (?:wiadomość|maila|e-mail|kontakt|pani|pana|państwa)|(?:mesajınız|e-?postanız"
        r"|mailiniz) için teşekkür|tack för (?:ditt|ert)|tak for din|kiitos viestist"
    ),
    (
        r"^(?:dear (?:sender|sir|madam|all|customer|colleague|sirs?)|hello|hi|hi there|good (?:day|morning"
        r"|afternoon)|hallo|guten tag|sehr geehrte.{0,60}|liebe.{0,40}|bonjour.{0,20}|madame.{0,20}|hola"
        r"|estimad[oa].{0,30}|buen(?:os|as) (?:días|tardes)|olá.{0,20}|prezad[oa].{0,30}|caro.{0,20}|gentile.{0,30}"
        r"|salve|buongiorno|beste.{0,30}|geachte.{0,30}|goedendag|dzień dobry|szanown.{0,30}|witam|merhaba(?:lar)?"
        r"|sayın.{0,40}|değerli.{0,40}|hej|hei|moi|dobrý den|здравствуйте.{0,20}|您好|你好)[,.!:]*$"
    ),
)
"""Thanks for the mail, and salutations: they say nothing either way."""

CONTACT = pattern(
    (
        r"please (?:send(?! me| us)|address|redirect|resend|update|use|write) "
        r"|(?:urgent|dringende) (?:matters?|requests?|anliegen)"
        r"|assuntos urgentes|(?:während|durante|pendant|during|tijdens) (?:meiner|mi|minha|la mia|mon|my|mijn) "
        r"|(?:ponerte|ponerse|pôr-se|mettre) en contact|si tienes algún|wird .{3,40} vertreten|vertretung"
        r"|kontakt \w+ ved|ved behov|ta kontakt med|zastępuje"
    ),
    (
        r"(?:for|in case of|if (?:it is|it's|this is|your (?:request|matter|message) is|you (?:need|require|have)"
        r"|something)|should you|with any) .{0,60}(?:urgent|immediate|emergenc|assistance|matter|help|question"
        r"|anything|support)|please (?:contact|call|e-?mail|reach out to|write to|direct|forward|refer|get in touch"
        r"|speak)|contact (?:my colleague|my assistant|\S+@|me on|me by|our)|my (?:colleague|assistant|deputy"
        r"|cover)|in my absence|emergenc(?:y|ies)|urgent (?:matters?|issues?|requests?|enquir|inquir|questions?)"
        r"|can be reached|reach me (?:on|at|by|via)|on my (?:mobile|cell)"
    ),
    (
        r"in (?:dringenden|eiligen) (?:fällen|angelegenheiten)|bei (?:dringenden|fragen|rückfragen|eiligen)"
        r"|in meiner abwesenheit|wenden sie sich|kontaktieren sie|meine? (?:kolleg|vertretung)|notfäll"
        r"|en cas d.urgence|pour toute (?:urgence|demande|question)|en mon absence|(?:merci de|veuillez|vous pouvez"
        r"|contactez|adress).{0,30}(?:contacter|adresser|mon collègue|ma collègue|joindre)|para (?:asuntos"
        r"|cualquier|temas|cuestiones|casos) .{0,20}|en mi ausencia|en caso de (?:urgencia|emergencia)|(?:póngase"
        r"|ponerse) en contacto|(?:contactar|contacte|diríjase|dirigirse|escriba|escribir) (?:con|a|al)"
    ),
    (
        r"(?:em|para) (?:caso|assuntos?|casos) (?:de |urgent)|na minha ausência|em caso de (?:urgência|emergência)"
        r"|(?:contate|contacte|contatar|contactar|entre em contato|procure|falar com)|per (?:urgenze"
        r"|questioni urgenti|qualsiasi|ogni)|in caso di (?:urgenza|emergenza|necessità)|in mia assenza"
        r"|(?:contattare|contatti|rivolgersi|rivolgetevi|scrivere) (?:a|il|la|al|alla|\S+@)|(?:voor|bij"
        r"|in) (?:dringende|spoed|urgente|geval van)|in mijn afwezigheid|(?:neem|kunt u|kun je"
        r"|contact op).{0,30}(?:contact|terecht|mailen|bellen)|mijn collega|w (?:sprawach|pilnych|nagłych|przypadku"
        r"|razie|czasie)|podczas mojej nieobecności|(?:proszę|prosimy) o kontakt|kontakt z|skontaktować"
        r"|zastępuje mnie"
    ),
    (
        r"acil (?:durum|konu|iş|hal)|(?:yokluğumda|bu süre(?:de|çte| içinde| içerisinde)|bu sürede|bu tarihler)"
        r"|(?:iletişime geçebilir|ulaşabilir|arayabilir|irtibata geçebilir|başvurabilir)|ile (?:iletişim|irtibat)"
        r"|brådskande|i min frånvaro|kontakta|haster|kontakt venligst|kiireelli|naléhav|sürgős|срочн"
        r"|по (?:всем )?вопросам|обра(?:щайтесь|титесь)|紧急|急用|緊急|お急ぎ|긴급|급한"
    ),
)
"""A sentence that names somebody else, or another way."""

RETURN = pattern(
    (
        r"minder vaak|geç (?:dönüş|yanıt|cevap)|lo antes posible|en cuanto (?:pueda|regrese|vuelva)|tan pronto como"
        r"|au plus tôt|feeling better|wieder gesund|on se parlera|prendrai .{0,20}connaissance|not return until"
        r"|reopen|wieder geöffnet|rouvr|reabr|riapr|not (?:be )?(?:checking|reading|answering)"
    ),
    (
        r"(?:when|upon|on|after|once) (?:i|my|we) ?(?:am |are )?(?:return|back|get back)|(?:will|i'll"
        r"|shall) (?:be )?(?:back|return|respond|reply|answer|get back|read|attend|review|respond to)|returning"
        r"|limited (?:or no )?(?:access|availab|internet|connectiv|e-?mail)|(?:no|intermittent|sporadic|infrequent"
        r"|restricted|occasional|without|little|delayed|not have) (?:\w+ ){0,2}(?:access|e-?mail|response"
        r"|connectiv)|check(?:ing)? (?:my )?(?:e-?mails?|messages)|e-?mails? (?:will not|won't|is not|are not"
        r"|isn't) be|(?:response|reply|replies) (?:may|might|will) be|delay in|there may be a delay"
        r"|back in (?:the )?office|until (?:then|my return)"
    ),
    (
        r"(?:wieder|ab dem|ab) .{0,40}(?:erreichbar|im büro|für sie da|zurück|da\b)|nach meiner rückkehr|(?:nicht"
        r"|wird nicht|werden nicht) (?:weitergeleitet|gelesen|bearbeitet)|(?:e-?mails?|nachricht) .{0,30}(?:nicht"
        r"|unregelmäßig|eingeschränkt|nur)|à mon retour|dès mon retour|de retour|(?:accès"
        r"|consulter) .{0,30}(?:limité|mails?|messagerie|messages)|je (?:vous répondrai|reviendrai|traiterai"
        r"|prendrai)|a mi (?:regreso|vuelta|retorno)|regres(?:o|aré|ando)|volver[eé]|(?:acceso"
        r"|correo) .{0,20}(?:limitado|intermitente)|responder[eé]|atender[eé]"
    ),
    (
        r"(?:no|após o|quando do|ao) (?:meu )?(?:regresso|retorno)|retorn(?:o|arei|ando)|regress(?:o|arei)|voltarei"
        r"|volto|responderei|acesso .{0,20}(?:limitado|restrito)|al mio (?:rientro|ritorno)|rientr(?:o|erò|ando)"
        r"|tornerò|risponderò|sarò di (?:ritorno|nuovo)|accesso .{0,20}(?:limitato|alla posta)|(?:bij"
        r"|na) (?:mijn )?terugkomst|(?:ben ik |weer |terug )(?:weer |terug )?(?:aanwezig|bereikbaar|op kantoor"
        r"|terug)|(?:beperkt|geen) .{0,20}(?:toegang|e-?mail|bereikbaar)|zal ik (?:uw|je|u)|po (?:moim )?powrocie"
        r"|wracam|wrócę|powrót|będę (?:dostępn|z powrotem|w biurze)|odpowiem|odpiszę|(?:ograniczon"
        r"|utrudnion)\w* dostęp"
    ),
    (
        r"döndüğümde|dönüş(?:ümde|üm|te|ü)|döneceğim|(?:tarihinde|günü) .{0,30}(?:ofiste|dön|başlayacağım|işbaşı)"
        r"|(?:sınırlı|kısıtlı) .{0,20}(?:eriş|olarak)|(?:mailler|e-?posta|mesaj)\w* .{0,40}(?:döneceğim"
        r"|yanıtlayacağım|cevaplayacağım|bakamayacağım|erişim)|tillbaka|återkommer|tilbage|tilbake|palaan|takaisin"
        r"|zpět|vrátím|visszatér|вернусь|отвечу|буду на|возвращ|回来|返回|戻り|복귀|돌아"
    ),
)
"""A sentence about coming back, or about reading mail until then."""
