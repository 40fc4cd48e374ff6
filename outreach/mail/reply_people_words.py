"""By which words a reply sends one to somebody else. English, Turkish, German, French, Spanish, Portuguese, Italian,
Dutch and Polish; the first three are asked of text as it is written, the others of folded text."""

from __future__ import annotations

import re

from outreach.mail.words import pattern

TITLES = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|dr|prof|herrn?|frau|m|mme|monsieur|madame|sr|sra|señor(?:a)?|dott(?:\.ssa)?"
    r"|sig(?:\.ra)?"
    r"|signora?|dhr|mevr(?:ouw)?|meneer|pan(?:i|em|ią|a)?|sayın|bay|bayan)\.?\s+)+",
    re.IGNORECASE,
)
"""What stands in front of a name."""

TO_SOMEBODY = re.compile(
    r"\b(?:contact|reach out to|speak (?:to|with)|talk (?:to|with)|get in touch with|connect(?: you)? with"
    r"|(?:e-?mail|write(?: to)?|ask|call|try|copying|cc'?ing|looping in|forwarded (?:this|it|your \w+) to"
    r"|passed (?:this|it|your \w+) (?:on )?to|refer you to|put you in touch with|my colleagues?|our colleague"
    r"|person (?:is|would be)|contact (?:is|would be)|replaced by|taken over by|successor is|responsible is)"
    r"|wenden sie sich (?:bitte )?(?:direkt )?an|(?:sprechen|schreiben|kontaktieren) sie (?:bitte )?(?:mit )?"
    r"|(?:mein|unser)(?:e|en|em|er)? (?:kollege?|kollegin|kollegen|nachfolger(?:in)?)|(?:zuständig|verantwortlich"
    r"|ansprechpartner(?:in)?)(?: dafür| hierfür)? (?:ist|wäre)|weitergeleitet an|an meine[nr]? kolleg(?:en|in)"
    r"|(?:contacter|contactez|adressez-vous à|vous adresser à|voir avec|parler (?:à|avec)|écrire à|écrivez à"
    r"|transmis à|mon collègue|ma collègue|mon successeur|la personne (?:en charge|concernée) est)"
    r"|(?:contact(?:e|ar|en|ad) (?:con|a)|hable(?:n)? con|hablar con|escriba(?:n)? a|dirigirse a|dir[ií]jase a"
    r"|mi compañer[oa]|mi colega|la persona (?:indicada|responsable|adecuada|correcta) es|reenviado a)"
    r"|(?:fale com|falar com|contacte|contat(?:e|ar)(?: com)?|escreva (?:para|a)|entre em contato com"
    r"|(?:o meu|a minha|meu|minha) colega|a pessoa (?:certa|responsável|indicada) é|encaminhei (?:para|a))"
    r"|(?:contatt(?:i|are|a)|parl(?:i|are) con|scriv(?:a|ere|i) a|si rivolga a|rivolgersi a|(?:il mio|la mia)"
    r" colleg[ao]|la persona (?:giusta|responsabile|di riferimento) è|inoltrato a|sentire)"
    r"|(?:neem contact op met|contact opnemen met|mail(?:en)? (?:naar|met)|spreken met|mijn collega"
    r"|de juiste persoon is|doorgestuurd naar|verantwoordelijk(?:e)? is|wenden tot)"
    r"|(?:proszę o kontakt z|kontakt z|skontaktować się z|proszę pisać do|napisać do|rozmawiać z|mój kolega"
    r"|moja koleżanka|odpowiedzialn[ya] jest|właściw[aą] osob[aą] jest|przekazał[ea]m do)"
    r"|(?:iş arkadaşım|meslektaşım|çalışma arkadaşım|ilgili kişi|sorumlu kişi|yetkili kişi|yerime))\b(?:\s+is\b)?",
    re.IGNORECASE,
)
"""After these words somebody is named."""

IS_THE_ONE = (
    r"(?i:(?:['’]\w{1,3})?\s+(?:is (?:the (?:right|best|correct|responsible)|responsible|in charge|handling|our|my"
    r" (?:colleague|successor|boss|manager))|handles|manages|takes care|looks after|leads|runs|would be the"
    r"|will (?:help|take)|has taken over|took over|ist (?:dafür|hierfür|bei uns|zuständig|der richtige|die richtige"
    r"|verantwortlich)|kümmert|s'occupe|est (?:en charge|responsable|la bonne|le bon)|es (?:la|el) (?:persona"
    r"|responsable|encargad)|se encarga|lleva (?:este|esto)|é (?:a pessoa|o responsável|a responsável)|trata"
    r"|cuida|è (?:la persona|il responsabile|la responsabile)|si occupa|segue|is (?:verantwoordelijk|de juiste)"
    r"|gaat hierover|zajmuje się|jest odpowiedzialn|odpowiada za|ile (?:görüş|iletişim|konuş|irtibat)"
    r"|ilgilen|sorumlu|bakıyor|yetkili))"
)
"""Before these words somebody is named."""

WRONG_PERSON = pattern(
    r"\b(?:not the (?:right|correct|best|appropriate) (?:person|contact|one)|wrong (?:person|contact|department|guy"
    r"|address)|(?:i'm|i am) not (?:responsible|in charge|involved|the decision|the one)|not (?:really )?my (?:area"
    r"|department|responsibility|field|decision|remit|call)|(?:don't|do not) (?:handle|deal with|manage|work (?:in"
    r"|on|there|at|for)) (?:this|that|these|it|anymore|any more|there|the)|(?:i )?no longer (?:work|am (?:with|at))"
    r"|(?:have|i've|i) left (?:the company|my role|that)|(?:have )?changed (?:jobs|companies|roles)"
    r"|moved (?:on|to another)|outside (?:of )?my (?:area|remit|responsibility)|you (?:want"
    r"|need) (?:to (?:speak|talk)"
    r" (?:to|with))|better (?:person|contact))\b",
    r"\b(?:nicht (?:der|die) (?:richtige|zuständige|passende|korrekte)|falsche[rn]? (?:ansprechpartner"
    r"|ansprechperson"
    r"|adresse|person|abteilung|kontakt)\w*|(?:bin|ist|sind) (?:dafür |hierfür |ich "
    r"|dafür leider )?(?:leider )?nicht"
    r" (?:zuständig|verantwortlich|der ansprechpartner)|nicht (?:mein|in meinem|in meinen) (?:bereich"
    r"|zuständigkeit\w*"
    r"|thema)|nicht mehr (?:bei|im|für) \w+ (?:tätig|beschäftigt|unternehmen)|arbeite nicht mehr|fällt nicht in"
    r"|bin nicht mehr)\b",
    r"(?:pas la bonne (?:personne|adresse|interlocutrice)|pas le bon (?:interlocuteur|contact|service)"
    r"|pas (?:en charge"
    r"|responsable|concernée?|de mon ressort|mon domaine)|ne (?:suis|travaille) plus (?:chez|dans|à|pour|en)"
    r"|mauvais (?:interlocuteur|contact|service)|mauvaise (?:personne|adresse)|ne m'occupe pas|ne gère pas)",
    r"(?:no soy (?:la persona|el responsable|la responsable|quien|el indicado|la indicada|el contacto)|persona"
    r" equivocada|contacto equivocado|no me (?:ocupo|encargo|corresponde)|no es (?:mi área|mi departamento"
    r"|mi competencia)|ya no (?:trabajo|estoy en|formo parte)|no llevo (?:este|estos|ese))",
    r"(?:não sou (?:a pessoa|o responsável|a responsável|quem|o contato|o contacto)|pessoa errada|contato errado"
    r"|contacto errado|não (?:é|faz parte) (?:da )?minha área|não trato|não cuido (?:disso|deste)|já não trabalho"
    r"|não trabalho mais|não é comigo)",
    r"(?:non sono (?:la persona|il responsabile|la responsabile|io|il referente|la referente)|persona sbagliata"
    r"|contatto sbagliato|non (?:mi occupo|è di mia competenza|è il mio|seguo io)|non lavoro più)",
    r"(?:niet de juiste (?:persoon|contactpersoon)|verkeerde (?:persoon|adres|afdeling|contactpersoon)|niet"
    r" verantwoordelijk|niet mijn (?:afdeling|terrein|verantwoordelijkheid)|ga hier niet over"
    r"|werk (?:daar |hier )?niet"
    r" (?:meer|langer)|niet meer werkzaam)",
    r"(?:nie jestem (?:(?:właściwą|odpowiednią|tą) osobą|odpowiedzialn|osobą|decyzyjn)|niewłaściw\w+ osob|zła osoba"
    r"|zły adres|nie zajmuję się|nie (?:moja|mój) (?:dział|działka|kompetencj|obszar)|już (?:tam |tu )?nie pracuję"
    r"|nie pracuję już)",
    r"(?:(?:doğru|ilgili|yetkili) (?:kişi|muhatap|departman) (?:ben )?değil|yanlış (?:kişi|adres|departman|birim)"
    r"|benim (?:alanım|görevim|konum|işim|sorumluluğum)(?:da)? değil|artık (?:orada|burada|bu şirkette|bu firmada|o"
    r" şirkette)? ?çalışmıyorum|(?:bu konu\w* |ben )?(?:ilgilenmiyorum|bakmıyorum|sorumlu değilim)(?= .{0,40}(?:ile"
    r"|başka|arkadaş)))",
)
"""The writer says that the matter is not his."""

REFERRAL = pattern(
    r"\b(?:(?:please |you (?:should|could|may|can|might|need to|want to) |better |best |kindly |i suggest (?:you )?"
    r"|i(?:'d| would) (?:suggest|recommend) |try )(?:directly )?(?:contact(?:ing)?|reach(?:ing)? out to"
    r"|(?:speak(?:ing)?"
    r"|talk(?:ing)?) (?:to|with)|e-?mail(?:ing)?|writ(?:e|ing)(?: to)?|get(?:ting)? in touch with"
    r"|connect(?:ing)? with"
    r"|ask(?:ing)?|call(?:ing)?)|(?:i(?:'m| am|'ve| have)? )?(?:cc'?(?:ing|ed|d)|copying|copied"
    r"|looping in|looped in"
    r"|adding|added|forwarded|forwarding|passed|passing)\b.{0,40}\b(?:colleague|who|to|in|here|copy|cc)\b"
    r"|(?:right|best|correct|better) (?:person|contact|one)(?: for (?:this|that|it))?(?: to (?:talk|speak) to)?"
    r"(?: here)? (?:is|would be)|is the (?:right|best|correct) (?:person|contact)|handles (?:this|that|these|it|our"
    r"|all)|(?:is|who is|who's) (?:responsible|in charge|handling|looking after) (?:for|of)?"
    r"|my (?:colleague|successor)"
    r"|has taken over|took over (?:from me|my))\b",
    r"(?:wenden sie sich|(?:sprechen|schreiben|kontaktieren) sie (?:bitte |dazu |hierzu )?(?:mit |meine"
    r"|unsere|herrn"
    r"|frau|direkt)|(?:mein|unser)(?:e|en|em|er)? (?:kolleg|nachfolg)\w+|zuständig(?:er?)? (?:ist|wäre|dafür ist)"
    r"|ansprechpartner\w* (?:ist|wäre|dafür|hierfür)|weitergeleitet|leite (?:ich )?(?:es|das|ihre|die)"
    r"|kümmert sich)",
    r"(?:(?:contactez|contacter|adressez-vous|vous adresser|voir avec|voyez avec|rapprochez-vous|écrire à"
    r"|écrivez à)"
    r"|(?:mon|ma|notre) (?:collègue|successeur)|transmis|transfère|la bonne personne (?:est|serait)|s'occupe de"
    r"|en copie|est en charge|personne (?:en charge|concernée))",
    r"(?:(?:contact(?:e|en|ar|ad)|hable|hablar|escriba|escribir|dir[ií]jase|dirigirse) (?:con|a)\b"
    r"|mi (?:compañer[oa]"
    r"|colega)|(?:la persona|el responsable|la responsable) (?:indicada |adecuada |correcta "
    r"|responsable )?(?:es|sería)"
    r"|se encarga|reenv[ií]\w+ (?:a|su)|en copia)",
    r"(?:(?:fale|falar|entre em contat?o|entrar em contat?o) com|escreva (?:para|a)|contat?e (?:o|a|com)"
    r"|(?:meu|minha)"
    r" colega|a pessoa (?:certa|responsável|indicada) (?:é|seria)|quem (?:cuida|trata)|encaminhei"
    r"|encaminho|em cópia)",
    r"(?:(?:contatti|contattare|si rivolga|rivolgersi|parli con|parlare con|scriva a|scrivere a|sentire)"
    r"|(?:il mio|la"
    r" mia) colleg|(?:la persona|il referente) (?:giusta |corretta )?(?:è|sarebbe)|se ne occupa|si occupa di|inoltr"
    r"|in copia)",
    r"(?:(?:neem|kunt u|gelieve) .{0,20}contact op|contact opnemen met|mijn collega|juiste persoon (?:is|hiervoor)"
    r"|doorgestuurd|stuur (?:ik )?.{0,20}door|gaat hierover|in (?:de )?cc|verantwoordelijk is)",
    r"(?:(?:proszę|prosimy) o kontakt|proszę (?:się )?(?:skontaktować|pisać|napisać)|skontaktować się z"
    r"|(?:mój|moja|mojego"
    r"|moją) (?:kole(?:ga|gi|żanka|żanką|gą)|następc)|zajmuje się|odpowiada za|osobą (?:odpowiedzialną|właściwą)"
    r"|przekaz(?:ał|uj)|w kopii)",
    r"(?:(?:ile|bey|hanım|'e|'a|ye|ya) (?:görüş|iletişime geç|irtibata geç|yaz(?:abilir|ın)|konuş)\w*"
    r"|(?:iş|çalışma) arkadaşım|meslektaşım|ilgileniyor|(?:ilgili|yetkili|sorumlu|doğru) kişi (?!değil|ben)"
    r"|yönlendir\w+|bilgiye ekle)",
)
"""The writer says who else it is. Only with a person that is named."""
