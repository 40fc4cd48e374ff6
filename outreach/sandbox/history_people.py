"""Names and traits of made-up people: sample data, all of it."""

from __future__ import annotations

from collections.abc import Mapping

SEGMENTS: Mapping[str, float] = {"banks": 0.3, "insurers": 0.2, "fintech": 0.35, "asset managers": 0.15}
SOURCES: Mapping[str, float] = {
    "webinar": 0.25,
    "website form": 0.15,
    "trade fair": 0.2,
    "referral": 0.1,
    "list import": 0.3,
}
TITLES: Mapping[str, float] = {"Head of Compliance": 0.3, "COO": 0.2, "CFO": 0.2, "Founder": 0.3}
COUNTRIES: Mapping[str, float] = {"TR": 0.4, "DE": 0.25, "PT": 0.15, "GB": 0.2}
HOURS: Mapping[str, float] = {
    "9": 0.18,
    "10": 0.2,
    "11": 0.14,
    "12": 0.04,
    "13": 0.07,
    "14": 0.13,
    "15": 0.13,
    "16": 0.11,
}

_FIRST = ("Ada", "Bora", "Carla", "Defne", "Emil", "Fatma", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lale", "Mert")
_LAST = ("Sample", "Example", "Muster", "Deneme", "Exemplo", "Probe", "Model", "Trial", "Specimen")
_TRADES = ("Bank", "Capital", "Insurance", "Payments", "Partners", "Finance")
_PLACES = ("North", "Harbour", "Cedar", "River", "Summit", "Lakeside", "Orchard", "Bridge", "Meadow")


def choose(weights: Mapping[str, float], share: float) -> str:
    """One of the keys, by their weights, for a share from 0 to below 1."""
    left = share * sum(weights.values())
    for name, weight in weights.items():
        left -= weight
        if left < 0:
            return name
    return list(weights)[-1]


def name_of(first: float, last: float) -> tuple[str, str]:
    return _FIRST[int(first * len(_FIRST))], _LAST[int(last * len(_LAST))]


def company_name(share: float, number: int) -> str:
    return f"{_PLACES[int(share * len(_PLACES))]} {_TRADES[number % len(_TRADES)]} {number} (sample)"
