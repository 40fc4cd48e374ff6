"""Months, weekdays and the words around a day of return, in the languages out-of-office notes are written in."""

from __future__ import annotations

from outreach.mail.words import folded, pattern

_MONTHS = (
    (
        "january jan januar januari janvier janv enero ene janeiro gennaio gen stycznia styczeń sty ocak oca jänner "
        "leden ledna ianuarie января"
    ),
    (
        "february feb februar februari février févr fevr febrero fevereiro fev febbraio lutego luty lut şubat şub sub "
        "únor února februarie февраля"
    ),
    "march mar märz maerz mrz maart mrt mars marzo março marca marzec mart březen března martie марта",
    "april apr avril avr abril abr aprile kwietnia kwiecień kwi nisan nis duben dubna aprilie апреля",
    "may mai mei mayo maio maggio mag maja maj mayıs mayis květen května мая",
    "june jun juni juin junio junho jun giugno giu czerwca czerwiec cze haziran haz červen června iunie июня",
    "july jul juli juillet juil julio julho luglio lug lipca lipiec lip temmuz tem červenec července iulie июля",
    "august aug augustus août aout agosto ago sierpnia sierpień sie ağustos agustos ağu srpen srpna augusti августа",
    (
        "september sept sep septembre septiembre setembro set settembre września wrzesień wrz eylül eylul eyl září "
        "septembrie сентября"
    ),
    (
        "october oct oktober okt octobre octubre outubro out ottobre ott października październik paź paz ekim eki "
        "říjen října oktobar octombrie октября"
    ),
    "november nov novembre noviembre novembro listopada listopad lis kasım kasim kas listopadu noiembrie ноября",
    (
        "december dec dezember dez décembre déc diciembre dic dezembro dicembre grudnia grudzień gru aralık aralik "
        "ara prosinec prosince decembrie декабря"
    ),
)
MONTHS: dict[str, int] = {name: number for number, names in enumerate(_MONTHS, 1) for name in folded(names).split()}

_WEEKDAYS = (
    (
        "monday mon montag lundi lunes segunda segunda-feira lunedì lunedi maandag poniedziałek poniedziałku "
        "pazartesi måndag mandag pondělí понедельник понедельника"
    ),
    (
        "tuesday tue tues dienstag mardi martes terça terça-feira martedì martedi dinsdag wtorek wtorku salı sali "
        "tisdag tirsdag úterý вторник вторника"
    ),
    (
        "wednesday wed mittwoch mercredi miércoles miercoles quarta quarta-feira mercoledì mercoledi woensdag środa "
        "środę środy çarşamba carsamba onsdag středa среда среды среду"
    ),
    (
        "thursday thu thurs donnerstag jeudi jueves quinta quinta-feira giovedì giovedi donderdag czwartek czwartku "
        "perşembe persembe torsdag čtvrtek четверг четверга"
    ),
    (
        "friday fri freitag vendredi viernes sexta sexta-feira venerdì venerdi vrijdag piątek piątku cuma fredag "
        "pátek пятница пятницы пятницу"
    ),
    (
        "saturday sat samstag samedi sábado sabado sabato zaterdag sobota sobotę soboty cumartesi lördag lørdag "
        "суббота суббоуты субботу"
    ),
    (
        "sunday sun sonntag dimanche domingo domenica zondag niedziela niedzielę niedzieli pazar söndag søndag neděle "
        "воскресенье воскресенья"
    ),
)
WEEKDAYS: dict[str, int] = {name: number for number, names in enumerate(_WEEKDAYS) for name in folded(names).split()}

BACK = pattern(
    r"\b(?:back|return(?:ing|s)?|resume|rejoin|returned|will be (?:in|available)|available (?:again )?(?:from"
    r"|on)|wieder|zurück|rückkehr|ab dem|ab|retour|reprendrai|reviendrai|rentre|serai de|regres\w*|retorn\w*|vuelvo"
    r"|volver[eé]|vuelta|reincorpor\w*|volt(?:o|arei|ando)|rientr\w*|torner\w*|torno|ritorno|terug|weer|wracam"
    r"|wróc\w*|powr\w*|od dnia|dön\w*|iş ?başı\w*|tillbaka|åter|tilbage|tilbake|zpět|вернусь|выйду|с)\b"
)
"""Before or after a date: on that day one is there again."""

UNTIL = pattern(
    r"(?:\b(?:until|till|til|'til|through|thru|to|up to|bis|jusqu'au|jusqu’au|jusqu'à|jusqu|au|hasta|al|a|até"
    r"|ao|fino al|fino|sino al|tot|t/m|tot en met|do|kadar|à|y|e|und|and|en|et|ve|i|t\.o\.m\.?|till och med|до"
    r"|по|ile|between .{0,20} and)\b"
    r"|[-–—])(?: (?:the|den|le|el|il|dem|zum|einschließlich|including|on|dnia|o|include"
    r"|del?))?\W{0,3}(?:[^\W\d_]{3,12},? ){0,1}(?:the |den |le |el |dia |il |dem )?$"
)
"""Just before a date: one is away up to it."""

UNTIL_AFTER = pattern(
    r"^['’]?(?:[^\W\d_]{0,6})?\W{0,3}(?:[^\W\d_]{3,12} )?(?:günü(?:ne)?|tarihine|gününe)?\s?(?:kadar|dek|değin"
    r"|arasında|arası)\b|^\W{0,3}(?:inclusive|included|inclus|einschließlich|inklusive|incluido|inclusive"
    r"|compreso|włącznie|dahil)"
)
"""Just after a date, in Turkish: up to it."""

FROM = pattern(
    r"\b(?:from|starting|beginning|since|as of|von|vom|ab|seit|du|depuis|à partir du|desde|del|de|dal|dall"
    r"|a partir|van|vanaf|od|from the|tarihinden|с|fr\.?o\.?m\.?|från)\W{0,3}(?:[^\W\d_]{3,12},? )?(?:the |den "
    r"|le |el |dem )?$"
)
"""Just before a date: the absence begins."""

TOMORROW = pattern(r"\b(?:tomorrow|morgen|demain|mañana|amanhã|domani|jutro|yarın|imorgon|i morgen|zítra|завтра)\b")
TODAY = pattern(r"\b(?:today|heute|aujourd'hui|aujourd’hui|hoy|hoje|oggi|vandaag|dzisiaj|dziś|bugün)\b")
NEXT_WEEK = pattern(
    r"\b(?:next week|nächste woche|kommende woche|la semaine prochaine|próxima semana|semana que vem"
    r"|la settimana prossima|prossima settimana|volgende week|przyszły(?:m)? tygod\w+|gelecek hafta|haftaya)\b"
)
