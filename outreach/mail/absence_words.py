"""What short notes of absence say beside what `auto_words` knows: states, periods, slow answers, deputies, wishes.

Each phrase alone may be a person's; `short_notes` asks that several of them make up the whole text.
"""

from __future__ import annotations

from outreach.mail.words import pattern

_DAYS = (
    r"(?:\d|mon(?:day)?\b|tues?(?:day)?\b|wed(?:nesday)?\b|thu(?:rs)?(?:day)?\b|fri(?:day)?\b|sat(?:urday)?\b"
    r"|sun(?:day)?\b|jan|feb|mar(?:ch)?\b|apr|may\b|june?\b|july?\b|aug|sep|oct|nov|dec|new year|easter|christmas)"
)

STATE = pattern(
    (
        r"\booo\b|\boff (?:until|till|on|today|sick|this week|work|from|for)\b|gone fishing|\btime off\b"
        r"|\bdays? off\b"
        r"|jury (?:duty|service)|(?:attending|at) (?:an?|the) (?:conference|trade (?:show|fair)|training|course"
        r"|workshop"
        r"|off-?site|retreat)|away from work|out of (?:the )?(?:country|town)|\bbeach\b|parental leave|sabbatical"
        r"|honeymoon|bereavement|in hospital|i am (?:not working|sick|ill|unwell)|on (?:holiday|vacation|leave"
        r"|annual)"
        r"|a (?:well[- ]deserved )?(?:holiday|vacation|break)\b|office is closed|maternity|paternity"
        r"|unavailable until"
        r"|\bout (?:today|tomorrow|this (?:week|afternoon|morning))|\boffline\b|unplugged|recovering|surgery"
        r"|\bretreat\b"
        r"|\btrip to\b|getting married|be away|home with (?:a )?sick"
    ),
    (
        r"izin(?:li|de)(?:yim|yiz)|tatilde(?:yim|yiz)|raporluyum|fuarda(?:yım|yız)|(?:eğitim|seminer|kongre"
        r"|konferans)de"
        r"(?:yim| ol)|iznindeyim|yurt dışında|şehir dışında|kapalı(?:dır| olacak|yız)|bayram tatili|ofiste değilim"
        r"|ofis dışında|deniz, kum|seyahatteyim|hastayım|tatil\b"
        r"|yıllık izn|kongre\b|evleniyor|balayı|ameliyat|çevrimdışı|izne çıktım|izin kullan"
    ),
    (
        r"\burlaub\b|habe frei\b|nicht da\b|dann mal weg|zurzeit krank|derzeit krank|leider krank|bin krank|erkrankt"
        r"|krankgemeldet|fortbildung|schulung\b|auf (?:einer|der) (?:messe|konferenz|tagung)|elternzeit"
        r"|betriebsferien"
        r"|macht .{0,40}ferien|betriebsurlaub|abwesend|\bstrand\b|auf reha|außer haus|geschäftsreise|dienstreise"
        r"|feiertag|dem internet entflohen"
        r"|unterwegs\b|mutterschutz|homeoffice ohne|flitterwochen|\boffline\b|pause vom|ohne mailzugang|in kur\b"
        r"|nicht am platz|geschlossen\b|operation\b"
    ),
    (
        r"\babsente?s?\b|en congés?\b|en vacances|en formation|en arrêt|indisponible|fermée?s? (?:du|le|pour"
        r"|jusqu|entre)"
        r"|en déplacement|jours de repos|en repos|loin des (?:mails|e-?mails|écrans)|hors de france|à l'étranger"
        r"|en séminaire|sur un salon|en rtt|férié|pieds dans l'eau"
        r"|est fermée? ce|voyage de noces|déconnectée?\b|hospitalisée?|congé (?:parental|paternité|maternité)"
        r"|pas au bureau"
    ),
    (
        r"vacaciones|\bausente|desconectad[oa]|de baja\b|cerrad[oa]s?\b|congreso|en una feria|fuera del país|de viaje"
        r"|no (?:me encuentro|estoy) en la oficina|la playa|de permiso|día libre|es festivo|en un curso"
        r"|fuera de la oficina"
        r"|luna de miel|a una feria|a un congreso|cerrado por|una operación|recuperándome|estoy fuera"
    ),
    (
        r"f[eé]rias\b|\bausente|de folga|dias de folga|licença|encerrad[oa]|estar[áã]o? fechad|numa feira"
        r"|em uma feira"
        r"|num congresso|em viagem|não estou no escrit|fora da empresa|fora do escrit|em formação|\bcurso\b|feriado"
        r"|viagem de trabalho|lua de mel|motivos? de saúde|em tratamento|desligad[oa] do"
    ),
    (
        r"in vacanza|\bassente|\bferie\b|in malattia|malat[oa]\b|resteranno chius|chius[oi] (?:dal|per|fino)|in fiera"
        r"|in maternità|all'estero|fuori sede|fuori ufficio|non sono in ufficio|in congedo|in permesso|mare, sole"
        r"|viaggio di nozze|in viaggio|chius[oai] (?:dal|per|il|oggi)|motivi di salute|offline\b"
        r"|corso di formazione"
    ),
    (
        r"vakantie|\bafwezig|\bstrand\b|\bvrij (?:tot|t/m|vandaag|deze)|wegens ziekte|ziek gemeld|ben ziek"
        r"|is gesloten"
        r"|een cursus|verlof|in het buitenland|niet op kantoor|op een beurs|een training|niet bereikbaar"
        r"|niet aan het werk"
        r"|huwelijksreis|\ber (?:even )?niet\b|een operatie|\bvrij\b|wij zijn gesloten|offline\b|vaderschap"
    ),
    (
        r"\burlop|wypoczywam|zwolnieniu|nieczynn|na szkoleniu|za granicą|poza biurem|w delegacji|nieobecn|na targach"
        r"|na konferencji|mam wolne|dzień wolny|jestem chor[ya]|w podróży"
        r"|podróż poślubna|offline\b|po operacji|w szpitalu|na l4\b"
    ),
    r"\baway at (?:a|the|my)\b|public holiday|\bclosed (?:today|until|from|on|between|for)\b|\bi'?m off\b"
    r"|\bi am off\b|in transit|on a (?:plane|flight|cruise|trip)|sick day|under the weather|expo\b|workshop\b"
    r"|currently away",
    r"izinde ol|yokum\b|resmi tatil|rapor al|izne (?:çık|ayrıl)|bulunamayacağım|im ausland|verreist|auf reisen"
    r"|brückentag|krankheitsbedingt|(?:sommer|winter|weihnachts)pause|nicht besetzt|(?:ich|habe) frei\b"
    r"|frei[.,]?$|wanderschaft|überstunden",
    r"en voyage|en mission\b|pause estivale|fermeture (?:annuelle|estivale)|je suis malade|souffrante?"
    r"|cierre (?:por|de)|\bpuente\b|estoy enferm|excedencia|de luto|viajando|estou doente|recesso|gozar férias"
    r"|afastad[oa]\b",
    r"chiusura (?:estiva|natalizia|per)|in trasferta|influenza|un convegno|ufficio chiuso|\bop reis\b|onderweg"
    r"|een congres|bouwvak|feestdag\b|\bwyjazd|wyjeździe|na targi|przerwa (?:świąteczna|wakacyjna)|opiek\w+ nad",
    r"secondment|travell?ing for work|işte değil|hastalık nedeniyle|non (?:sarò|sono) (?:disponibile"
    r"|raggiungibile)|niedostępn|bis auf weiteres|unplugged|entre (?:le )?\d|out of office",
    r"\bi'?a?m out (?:enjoying|and about|for|in)\b|izinde oldu",
)
"""Where a person is instead, or why nobody is there."""

HOURS = pattern(
    (
        r"\bwork (?:only )?(?:on )?(?:mon|tues|wednes|thurs|fri|part[- ]time|half[- ]days|mornings)"
        r"|\bpart[- ]time\b|(?:do not|don't) work (?:on )?(?:mon|tues|wednes|thurs|fri|weekends)|next working day"
        r"|my working (?:days|hours)|arbeite (?:nur|in teilzeit|montag|dienstag|immer|jeweils)|teilzeit"
        r"|nächsten werktag"
        r"|ne travaille pas (?:le|les)\b|à temps partiel|travaille (?:du|le|les) (?:lun|mar|mer|jeu|ven)"
    ),
    (
        r"trabajo (?:de lunes|de martes|los (?:lun|mar|mié|jue|vie)|a tiempo parcial)|no trabajo los"
        r"|não trabalho (?:à|às|aos|na|nas)|trabalho (?:de segunda|apenas|só|a tempo parcial)"
        r"|lavoro (?:part|solo|dal lun|dal mar|il lun)|non lavoro (?:il|di) |werk (?:niet )?op (?:ma|di|wo|do"
        r"|vr)\w*dag"
        r"|werk (?:ik )?parttime|volgende werkdag|pracuję (?:od pon|w pon|tylko|na część)|nie pracuję w (?:pon"
        r"|pią|śro|wto"
        r"|czw)|najbliższym dniu roboczym|(?:pazartesi|salı|çarşamba|perşembe|cuma)\w* çalışm|yarı zamanlı"
    ),
)
"""Days on which one works, and answers."""

PERIOD = pattern(
    r"\b(?:until|till|through|back|return(?:ing|s)?|reopen\w*|from|after)\b[^.\n]{0,28}?" + _DAYS,
    (
        r"\d\W{0,3}[a-zçğıöşü]{0,8}(?:'?[ae])? kadar|tarihleri arasında|dönüyorum|döneceğ|dönünce|döndüğümde"
        r"|geri döndüğ|dönüş\W|'[td][ae] (?:dön|görüş)|o zamana kadar"
    ),
    (
        r"\bbis (?:einschließlich |zum |ende |mitte |anfang )?(?:\d|mon|diens|mitt|donn|frei|sams|sonn|jan|feb"
        r"|mär|apr"
        r"|mai|jun|jul|aug|sep|okt|nov|dez)|\bab (?:dem |sofort )?(?:\d|mon|diens|mitt|donn|frei|jan|feb|mär|apr"
        r"|mai|jun"
        r"|jul|aug|sep|okt|nov|dez)|\bvom \d|wieder (?:da|zurück|erreichbar|im|für)\b|\bzurück\b|(?:nach"
        r"|am) (?:dem )?\d"
    ),
    (
        r"jusqu'|\bretour\b|réouverture|\bà partir d|\bdu \d|\bdès (?:lun|mar|mer|jeu|ven|le |mon)|après le \d"
        r"|\b(?:reviens|rentre|reviendrai) "
    ),
    (
        r"\bhasta (?:el|la|que|sep|oct|nov|dic|ene|feb|mar|abr|may|jun|jul|ago)|\bvuelvo\b|\bregreso\b|a la vuelta"
        r"|\bdel \d|nos (?:leemos|vemos) el|retomaré|cuando (?:vuelva|regrese)|en cuanto (?:vuelva|regrese)"
        r"|\bdesde el \d"
    ),
    (
        r"\baté (?:dia |o dia |ao dia |\d|jan|fev|mar|abr|mai|jun|jul|ago|set|out|nov|dez|seg|ter|qua|qui|sex)"
        r"|\bvolt(?:o|amos)\b"
        r"|\bregresso\b|\bretorno\b|quando (?:regressar|voltar)|\bde \d{1,2} (?:de|a)\b"
    ),
    (
        r"\bfino (?:al|a|all')|\btorno\b|\brientr[oi]\b|\bdal \d|\bal (?:mio )?rientro|ci risentiamo (?:dal|il)|riapr"
        r"|(?:mail|tutti) il \d"
    ),
    (
        r"\btot (?:en met )?(?:\d|ma|di|wo|do|vr|za|zo|jan|feb|maa|apr|mei|jun|jul|aug|sep|okt|nov|dec)|\bt/m\b"
        r"|\bvanaf \d|\bterug\b|pas na \d|\bterugkomst\b|\bweer\b"
    ),
    (
        r"\bdo (?:\d|pon|wto|śro|czw|pią|sty|lut|mar|kwi|maj|cze|lip|sie|wrz|paź|lis|gru|końca|usłyszenia)|\bwracam\b"
        r"|\bpowr[óo][tc]|w dniach \d|\bod \d|\bpo \d"
    ),
    r"\bback (?:tomorrow|next week|later|soon|in (?:the office|\w+ days|a (?:week|few)))|ayına kadar|\berst (?:am"
    r"|ab|wieder|nach)\b|nächste woche wieder|la semaine prochaine$|de volta|di nuovo (?:in|dal)|weer (?:terug"
    r"|aanwezig)|wrócę|będę z powrotem",
)
"""Until when, or from when on again."""

SLOW = pattern(
    (
        r"\bslow(?:er)?\b|may be (?:delayed|deleted)|(?:no|without|limited|patchy|little) (?:\w+ )?(?:access"
        r"|laptop|wi-?fi"
        r"|internet|signal|connect)|won't be (?:looking|checking|reading)|phone is off|please resend"
        r"|read your (?:mail"
        r"|e-?mail|message)|pick up your (?:mail|message|e-?mail)|(?:respond|reply)(?:ing)? to your (?:message"
        r"|e-?mail)"
        r"|(?:reply|respond|answer) (?:on|upon|after) my return|looking at my (?:inbox|mail)"
        r"|mails (?:that|will)|answered (?:then|the next|in order)|catching up on|(?:replies|responses"
        r"|answers) (?:will|may)"
        r"|will be (?:slow|late)"
    ),
    (
        r"geç (?:cevap|yanıt|dönüş)|maillerimi|e-?postalar(?:a|ıma|ınıza)|mail okumuyor|telefonum kapalı"
        r"|yanıt vere|mesajınız[aı] (?:dön|yanıt)|dönünce yaz"
        r"|bakm(?:ayaca|ıyor)|gecikmeli|(?:işbaşı|iş başı)"
    ),
    (
        r"kein(?:e|en)? (?:internet|netz|mails?|empfang)|nicht (?:gelesen|weitergeleitet)|schlecht zu erreichen"
        r"|nur abends|etwas dauern|verzöger|sobald ich|lese ich (?:wieder )?(?:\w+ )?mails|noch einmal"
        r"|antworte (?:am|ab|nach|erst)|ohne (?:laptop|internet|handy)"
        r"|sporadisch|wie gewohnt|alles weitere|(?:ich )?melde mich$|bei ihnen melden|nur eingeschränkt|e-?mails nur"
    ),
    (
        r"ne consulte pas|vous répond|vous réponds|renvoyer votre|(?:un peu|avec) d[eu] retard|irrégulière"
        r"|n'ai pas accès"
        r"|pas accès à ma|je lis mes|sans (?:ordinateur|téléphone|internet|portable)|réponse à partir"
        r"|pas d'(?:ordinateur|internet|accès)|pas de réseau|traiterai vos|répondr(?:ai|ons)|aurai pas accès"
        r"|messagerie"
    ),
    (
        r"tardaré|en contestar|contest(?:o|aré) (?:todos|los|en|a)|poco acceso|sin acceso|sin (?:portátil|ordenador"
        r"|internet|móvil)|te respondo|respondo en|daré respuesta|responderé|mensajes pendientes"
        r"|no (?:revisaré|leo|leeré|consultaré)|contestaré|con retraso"
    ),
    (
        r"não vou ler|demorar mais|pouco acesso|respondo (?:assim|quando|na|no)|sem (?:computador|internet|acesso"
        r"|telemóvel|celular)|retorno os e-?mails|responderei|retorno na"
        r"|leio os|respondo às|vou demorar|a responder$|não (?:leio|verei|consulto)"
    ),
    (
        r"legger[òo]|un po' di ritardo|connessione limitata|rispond(?:o|erò) (?:al|appena|con|domani|solo)"
        r"|telefono spento|senza (?:computer|telefono|internet)|vi (?:ricontatt|rispond)|ricontatterò"
        r"|non (?:legg|consult|controll)|appena possibile"
    ),
    (
        r"reageer (?:ik|ik daarom)?|later dan|weinig internet|geen (?:mail|internet|bereik)|lees ik mijn mail"
        r"|beantwoord ik|pas na|wordt (?:pas )?(?:niet )?gelezen|je hoort|u hoort"
        r"|lees (?:ik )?geen|reageer|op berichten"
    ),
    (
        r"opóźni|nie czytam|utrudniony|odpi(?:szę|sywać)|odpowiem|nie mam dostępu|bez (?:laptopa|telefonu|internetu"
        r"|dostępu)|nie zaglądam|dostęp do poczty|tylko wieczor"
    ),
    r"get (?:back )?to your (?:e-?mail|message)|unable to (?:check|read|answer|reply)|check(?:ing)? (?:e-?mails?"
    r"|messages|my inbox) (?:once|only|occasionally|sporadic|rarely|less)|monitor(?:ed|ing)? (?:my )?(?:e-?mail"
    r"|inbox)|(?:respond|reply|answer) (?:when|once|as soon as) i",
    r"verspätet|(?:mails?|nachrichten) (?:werden|lese|beantworte|erst)|nach meiner rückkehr|ne (?:pourrai"
    r"|peux) pas (?:lire|répondre)|(?:mails?|messages|courriels) ne (?:sont|seront) pas|con demora"
    r"|no podré (?:leer|responder)|não poderei|non potrò (?:legg|rispond)|kan ik niet (?:lezen|reageren)"
    r"|nie (?:będę|mogę) (?:czytać|odpisywać|odpowiadać)",
    r"not (?:be )?(?:checking|reading|monitoring)|expect (?:a )?delays?|patchy|bakacağım|non (?:sarò"
    r"|sono) (?:raggiungibile|reperibile)",
    r"dönüş yapama|yanıt verem|cevap verem",
)
"""That reading and answering takes long, or is not done."""

DEPUTY = pattern(
    (
        r"looking after|stand(?:s|ing) in|cover(?:s|ing) for me|in the meantime|can't wait|cannot wait|contact \S+@"
        r"|direct (?:all )?enquiries|text me on|urgent|emergenc|reach (?:out to )?\w+ \("
        r"|reach out to|\bcall \w+$|handling my|on my behalf|stand-?in\b"
        r"|yardımcı olacak|acil\b|ulaşabilirsiniz|iletişime geçebilir"
    ),
    (
        r"übernimmt|vertritt|vertretung|nachfolger|hilft ihnen|dringend|sekretariat|assure l'intérim|me remplace"
        r"|suivis? par|se ocupan?\b|fragen an\b"
        r"|urgence|contactez|appelez le|pour toute|urgencias|urgente|atender[áa]|te ayuda|escrib(?:id|an?) a"
        r"|urgências|urgência|a acompanhar|favor (?:entrar|direcionar|contat|contact)|está a substituir"
    ),
    (
        r"urgenz|a disposizione|scrivere a|rivolgersi|spoed|neemt waar|neem contact|mail voortaan|pilne|pilnych"
        r"|zastępuje|kontaktować|kierować|segue i miei|behandelt|w sprawach bieżących|zapraszamy od"
    ),
    r"help (?:you )?with anything|anything pressing|(?:bear|be patient) with|acil iş|yerime\b|vekâlet"
    r"|hilft (?:ihnen|gern|bob)|in eiligen|est joignable|remplace pendant|mi sostituisce|al mio posto"
    r"|responde por mim|me substitui|me sustituye|vervangt mij|neemt .{0,20}waar",
    r"请联系|請聯絡|ご連絡|연락",
    r"please (?:e-?mail|write|call|ring) \S+|adresine (?:yaz|mail)|(?:bitte )?schreiben sie (?:bitte )?an"
    r"|contattare \w+|bel \w+ op|dzwonić do|if the building",
)
"""Whom to ask instead."""

WISH = pattern(
    r"happy (?:holidays|new year|easter)|merry christmas|iyi bayramlar|mutlu (?:yıllar|bayramlar)"
    r"|frohe (?:weihnachten"
    r"|feiertage|ostern)|guten rutsch|bel été|bonne(?:s)? (?:fêtes|vacances|année)|felices (?:fiestas|vacaciones)"
    r"|boas (?:festas|férias)|buon(?:e|a|i)? (?:vacanze|feste|natale|pasqua)|fijne (?:feestdagen|vakantie|dagen)"
    r"|wesołych|szczęśliwego|trust me|literally|con calma|promis\b",
    r"thank(?:s| you) for (?:writing|your (?:mail|note))|please note|gracias por escribir|muchas gracias|le informo"
    r"|obrigad[oa] pel[oa]|informamos|bom dia|boa (?:tarde|noite)|bonjour|good (?:morning|day)|buongiorno"
    r"|grazie per|da(?:nk|nke) (?:voor|für)|hartelijk dank|dziękuję za|teşekkür"
    r"|merci (?:de|pour) (?:votre|ton)|je vous remercie",
    r"see you (?:then|soon)|bis (?:dann|bald)\b|à bientôt|hasta (?:pronto|entonces)|até (?:breve|lá|já)\b"
    r"|a presto|tot (?:dan|snel)\b|do zobaczenia|görüşmek üzere|rendez-vous le \d|ci (?:vediamo|sentiamo) (?:a|il"
    r"|dal)",
)
"""What is wished at such a time."""

LEFT_SELF = pattern(
    r"şirketten ayrıldım|görevimden ayrıldım|in rente gegangen|im ruhestand|arbeite nicht mehr (?:bei|für)"
    r"|(?:parti|partie|suis) (?:à|en) (?:la )?retraite|ne travaille plus (?:chez|pour|dans)|ya no trabajo"
    r"|me he jubilado|n[ãa]o (?:faço|trabalho) mais (?:parte|na|no)|já não (?:trabalho|faço)|non (?:lavoro"
    r"|faccio) più"
    r"|werk niet (?:meer|langer) (?:bij|voor)|niet meer werkzaam|nie pracuję już|już nie pracuję"
    r"|no longer work (?:at|for)|have left (?:the company|\w+ (?:ltd|inc|gmbh))|my (?:new|personal) address is",
)
"""That the writer has gone for good."""

ALL_MATTERS = pattern(
    r"(?:direct|address|send|forward) (?:all |any |your |future )+(?:e-?mails?|mails?|messages?|enquiries|inquiries"
    r"|requests?|correspondence|questions)|for (?:all|any) (?:enquiries|inquiries|requests|questions|matters)"
    r"|in (?:the )?future|konularınız için|tüm (?:konular|talepler)|(?:ihre|alle) (?:e-?mails?|anfragen|nachrichten)"
    r"|nachfolger\w* .{0,30}hilft|pour toute (?:demande|question)|toutes (?:vos|les) demandes|para (?:cualquier"
    r"|todos)"
    r"|diríjase|los correos|os e-?mails|para qualquer|per (?:ogni|qualsiasi|tutte)|voortaan|alle (?:vragen|mail)"
    r"|korespondencję|wszelkie|we wszystkich sprawach|is no longer (?:read|monitored)",
)
"""That everything goes elsewhere from now on."""
