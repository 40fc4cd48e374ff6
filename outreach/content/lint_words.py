"""Words that mail filters and readers take for advertising, and services that hide where a link leads."""

from __future__ import annotations

import re

SHORTENERS = frozenset(
    {
        "bit.ly",
        "bitly.com",
        "buff.ly",
        "cutt.ly",
        "goo.gl",
        "is.gd",
        "lnkd.in",
        "ow.ly",
        "rb.gy",
        "rebrand.ly",
        "shorturl.at",
        "t.co",
        "t.ly",
        "tiny.cc",
        "tinyurl.com",
        "v.gd",
    }
)

_SPAM = (
    "100% free", "act now", "amazing deal", "as seen on", "be your own boss", "best price", "buy now", "cash bonus",
    "click here", "congratulations", "dear friend", "double your", "earn extra", "eliminate debt", "exclusive deal",
    "free gift", "free money", "guaranteed results", "incredible deal", "increase sales", "increase traffic",
    "limited time", "lowest price", "make money", "million dollars", "miracle", "no catch", "no obligation",
    "no strings attached", "once in a lifetime", "once in lifetime", "order now", "risk free", "risk-free",
    "satisfaction guaranteed", "special promotion", "this is not spam", "urgent response", "while supplies last",
    "winner", "work from home", "you have been selected",
    "acele edin", "bedava", "büyük fırsat", "hemen tıklayın", "kaçırmayın", "kazandınız", "son şans",
    "sınırlı süre", "şok fiyat",
    "gratis geschenk", "jetzt kaufen", "jetzt zugreifen", "nur heute", "sie haben gewonnen",
    "cliquez ici", "offre exclusive", "vous avez gagné",
    "haga clic aquí", "oferta exclusiva", "ha ganado",
)  # fmt: skip

SPAM = re.compile(r"\b(" + "|".join(re.escape(phrase) for phrase in _SPAM) + r")\b", re.IGNORECASE)

PLACEHOLDER = re.compile(
    r"\[(?:first ?name|name|company|your name|your company|insert [^\]]{1,40}|link|date|ad|isim|şirket)\](?!\()"
    r"|\blorem ipsum\b|\bxxx+\b|<(?:name|first name|company)>",
    re.IGNORECASE,
)

OWN_OPT_OUT = re.compile(
    r"\bunsubscribe\b|\bopt[ -]out\b|\babonelikten (?:çık|ayrıl)|\bdésabonn|\bdésinscri|\bdarse de baja\b"
    r"|\babmelden\b|\babbestellen\b",
    re.IGNORECASE,
)
