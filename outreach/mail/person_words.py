"""What only people write who answer while away, or about it: they ask, agree, arrange, look back, or speak of ours.

One such phrase in the new text, and words alone do not make it an automatic answer.
"""

from __future__ import annotations

from outreach.mail.words import pattern

PERSON = pattern(
    (
        r"\b(?:i|we) (?:was|were) (?:out|away|on|off|travel|sick|ill|in|at)\b|just (?:got )?back\b|just returned"
        r"|last week|sorry for (?:the|my) (?:slow|late|delay)|only (?:just )?(?:saw|seen)|let's\b|let us\b|can we\b"
        r"|we can\b|could we\b|shall we|could you|can you|could do\b|feel free to (?:book|send|pick|call)"
        r"|would be better"
        r"|\bworks (?:for (?:me|us)\b|better|fine|well)|\b\w+day works|suits me|talk (?:after|then|later)"
        r"|\bsend (?:me|us|over)\b"
        r"|tell me|i'll look|i will look|look (?:at|into) (?:it|this)|i can help|not interested|i'?a?m interested"
        r"|\binteresting\b|tonight|short answer|stop (?:following|writing|mailing|e-?mailing|sending)|but (?:i "
        r"|am|could"
        r"|would|still|happy|please|interested|yes|no\b)|(?:regarding|about|for) this\b(?! (?:matter|request|time"
        r"|period))|what is this|moved on\b|after (?:my|the) (?:vacation"
        r"|holidays?"
        r"|leave)|try me (?:in|on|again)|ping me|remind me|happy to (?:talk|chat|meet)|sounds good|our (?:budget"
        r"|vendor)"
    ),
    (
        r"(?:izin|tatil|rapor)[a-zı]*dey?dim|izinliydim|değildim|yoktum|geçen hafta|yeni gör|ilgilen|konuşalım"
        r"|görüşelim"
        r"|gönder(?:ir|in|ebilir)|(?:telefonla|beni) ara|yardımcı olabilirim|uygun\b|\bama\b|\bolur\b|ne zaman|fiyat"
        r"|(?:bakar|yapar|döner|arar)ım\b|haftaya (?:konuş|görüş|ara)"
    ),
    (
        r"\bich war\b|\bwar ich\b|\bwaren wir\b|letzte woche|erst (?:heute|jetzt|gestern) (?:gelesen|gesehen)"
        r"|telefonieren\b|\bpasst\b|schick(?:en sie|t|e)? (?:mir|uns)|rufen sie (?:mich|uns)|ruf mich|melden sie sich"
        r"(?: bitte| gern)? (?:ab|nach|wieder|dann|im)|melde mich (?:morgen|dann|heute)|kein interesse|kein bedarf"
        r"|interessiert|interessant|aber (?:ich|gern|schick|wir|mich)|worum geht|ich vertrete|danach gern"
        r"|(?:nach meinem urlaub|dann|danach) (?:\w+ ){0,3}gern|können wir|lassen sie uns"
        r"|schaue? (?:ich )?(?:es )?mir"
    ),
    (
        r"j'étais|nous étions|semaine dernière|rappelez|recontactez|envoyez[- ](?:moi|nous)|me va\b|me convient"
        r"|m'intéress|intéressée?|volontiers|\bdisons\b|de quoi s'agit|je (?:le|la) remplace|on se voit"
        r"|on en (?:re)?parle"
        r"|mais (?:je|cela|ça|vous|envoy)|parlons|je regarde|avec plaisir"
    ),
    (
        r"\bestaba\b|\bestuve\b|semana pasada|me interesa|\bhablamos\b|\bllám[ae]|mejor el\b|lo (?:miramos|vemos"
        r"|miro)"
        r"|puedo ayudar|env[íi](?:e|a|ame|enme)\b|\bpero\b|estoy interesad|cuánto cuesta|conversemos"
    ),
    (
        r"\bestava\b|\bestive\b|semana passada|\binteress(?:e|ad|ante)|\bfalamos\b|(?:me|pode) ligar|posso ajudar"
        r"|com todo o gosto|\bmas\b|\benvie\b|mande[- ]me|quanto custa|conversamos"
    ),
    (
        r"\bero (?:in|via|fuori|assente|malat)|\bsono stat[oa]\b|settimana scorsa|\binteress(?:a|at|ante)|sentiamoci"
        r"|posso aiutar|volentieri|\bma (?:mi|sono|posso|vorrei|può|potete|puoi|se)\b|mi (?:mandi|invii|chiami)"
        r"|(?:ri)?chiamami|parliamone|quanto costa"
    ),
    (
        r"\bik was\b|\bwas ik\b|vorige week|geïnteresseerd|interessant|\bbel (?:me|mij|ons)\b|(?:daarna|vakantie"
        r"|dan) graag"
        r"|kan (?:je|u|ik) helpen|ik kan\b|stuur (?:me|mij|ons)|\bmaar\b|wat kost|laten we"
    ),
    (
        r"\bbył[ae]m\b|zeszłym tygodniu|zainteresowan|chętnie|mog[ęe] pomóc|proszę (?:zadzwonić|dzwonić|przesłać"
        r"|wysłać"
        r"|o ofertę|oddzwonić)|\bale\b|ile (?:to )?kosztuje|porozmawiajmy|interesuje mnie"
    ),
)
"""A phrase of a person."""

BUSINESS = pattern(
    r"\b(?:proposal|offer|budget|demo|quote|pricing|price|slides?|contract|supplier|forwarded|calendar"
    r"|follow[- ]?up|put me"
    r"|next week is|no need|not a good time|slot|appointment)\b|teklif|toplantı|sözleşme|bütçe|ihtiyac"
    r"|değerlendir|inceley|sonra ara"
    r"|\bangebot|\btermin\b|unterlagen|\bpreis|vertrag\b|weitergegeben|kein(?:en)? bedarf|noch (?:ein)?mal melden"
    r"|\boffre|\bdevis\b|rendez-vous (?:le|la|pour)? ?(?:lun|mar|mer|jeu|ven)|plaquette|transmis à|pas besoin"
    r"|\boferta|presupuesto|reunión|agend(?:emos|ar)|se lo he pasado|no necesit|proposta|orçamento|reunião|encaminhei"
    r"|necessidade|marque\b|preventivo|riunione|inoltrato|fissiamo|offerta|voorstel|offerte|afspraak|behoefte"
    r"|\battachment\b|your (?:document|file|brochure)|\bdecides?\b|décide\b|decide il|beslist\b|decyduj|entscheidet"
    r"|doorgestuurd naar|verzetten|spotka|wycen|przekazałem|potrzebuj|umówmy",
)
"""What is being done about our message."""

OF_ANOTHER = pattern(
    r"\b(?:he|she)(?:'s| is|'ll be| will be| has been| comes| returns)\b|\b(?!who\b)[a-z]+ is (?:on (?:vacation"
    r"|leave|holiday"
    r"|parental|maternity|paternity|sick)|out (?:until|of|this|today|sick)|away\b|travel)|\w+ (?:izinde|tatilde"
    r"|raporlu"
    r"|seyahatte)(?![a-zığüşöç])(?! ol)|\b(?:er|sie|kollegin|kollege) ist (?:bis|im|in|ab|am|erst|noch|krank"
    r"|derzeit)\b"
    r"|\w+ ist (?:im urlaub|in (?:urlaub|elternzeit)|krank\b|nicht da\b)|\b(?:il|elle) (?:est|sera|revient|rentre)\b"
    r"|\w+ est (?:en (?:congés?|vacances|déplacement|arrêt)|absente?)\b",
    r"\w+ est[áa] (?:de (?:vacaciones|baja|viaje|f[eé]rias|licença)|ausente|fuera)|\bvuelve\b|\b(?:ele"
    r"|ela) (?:está|volta)\b"
    r"|\bvolta (?:dia|na|no|em|a)\b|\w+ è (?:in (?:ferie|vacanza|malattia|maternità)|assente|fuori)|\btorna (?:il"
    r"|luned"
    r"|marted|mercoled|gioved|venerd)|\b(?:hij|zij|ze) (?:is|komt)\b|\w+ is (?:met|op) (?:vakantie|verlof|reis)"
    r"|\w+ is (?:ziek|afwezig|vrij)\b|\bjest na (?:urlopie|zwolnieniu|macierzyńskim)|\bjest (?:nieobecn|w delegacji)",
)
"""Somebody else is away, and the writer tells it."""

OF_YOURS = pattern(
    r"(?:got|received|saw|seen|getting|see) (?:your|an|the) (?:auto|out[ -]of[ -])|your (?:auto[- ]?|automat"
    r"|out[ -]of[ -]"
    r"|ooo\b)|(?:mean|meant) to send|otomatik (?:yanıt|cevap)\w*(?:ınız|ınızı|ini|nizi|ın)\b|(?:ihre|deine) (?:auto"
    r"|abwesenheit)|(?:votre|ta) (?:réponse auto|message d'absence|message auto)|(?:tu|su) (?:respuesta auto"
    r"|mensaje auto"
    r"|auto)|sua (?:resposta|mensagem) auto|(?:tua|sua|vostra) risposta auto|(?:je|jouw|uw) (?:auto|afwezig)"
    r"|(?:twoj\w|pan[ai]\w*|państwa|waszą) (?:auto)",
)
"""A person speaks of our automatic answer."""
