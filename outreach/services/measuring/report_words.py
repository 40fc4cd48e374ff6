"""How measured values look: one way for the terminal, pages, mails and charts."""

from __future__ import annotations

from outreach.domain.measure import Kpi, Unit, Value
from outreach.domain.uncertainty import Comparison

NOTHING = "–"


def shown(kpi: Kpi, value: float | None, currency: str = "") -> str:
    """`12.3 %`, `41`, `2.4`, `5.1 h`, `37 d`, `12,500 EUR`; `–` for nothing."""
    if value is None:
        return NOTHING
    if kpi.unit is Unit.SHARE:
        return percent(value)
    if kpi.unit is Unit.MONEY:
        return money(value, currency)
    if kpi.unit is Unit.HOURS:
        return f"{value:.1f} h" if value < 72 else f"{value / 24:.1f} d"
    if kpi.unit is Unit.DAYS:
        return f"{value:.0f} d" if value >= 10 else f"{value:.1f} d"
    return f"{value:,.1f}" if kpi.unit is Unit.NUMBER else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """`12.3 %`; small shares with another digit."""
    if share is None:
        return NOTHING
    return f"{share * 100:.2f} %" if 0 < share < 0.01 else f"{share * 100:.1f} %"


def money(value: float, currency: str) -> str:
    return f"{value:,.0f} {currency}".rstrip()


def made_of(value: Value) -> str:
    """`31 of 402`; empty for measures that are one count."""
    if value.denominator is None or value.numerator is None:
        return ""
    return f"{value.numerator:,.0f} of {value.denominator:,.0f}"


def range_of(value: Value) -> str:
    """The 95 % interval of a share."""
    if value.value is None or value.low is None or value.high is None:
        return ""
    return between(value.low, value.high)


def between(low: float, high: float) -> str:
    """`5.5–10.8 %`"""
    return f"{low * 100:.1f}–{high * 100:.1f} %"


def change(kpi: Kpi, now: Value, before: Value | None) -> str:
    """The difference to the period before: in points for shares, else in percent."""
    if before is None or now.value is None or before.value is None:
        return NOTHING
    difference = now.value - before.value
    if _looks_the_same(kpi, now.value, before.value):
        return "same"
    if kpi.unit is Unit.SHARE:
        return f"{difference * 100:+.1f} pt"
    if not before.value:
        return "new"
    return f"{difference / before.value * 100:+.0f} %"


def _looks_the_same(kpi: Kpi, now: float, before: float) -> bool:
    """Would the difference be shown as none?"""
    difference = abs(now - before)
    return difference < (0.0005 if kpi.unit is Unit.SHARE else abs(before) * 0.005) or not difference


def is_better(kpi: Kpi, now: Value, before: Value | None) -> bool | None:
    """Did it get better? None: as before, or nothing to compare with, or of no value either way."""
    if before is None or now.value is None or before.value is None or not kpi.is_reliable:
        return None
    if _looks_the_same(kpi, now.value, before.value):
        return None
    return (now.value > before.value) is kpi.more_is_better


def verdict(found: Comparison | None) -> str:
    """Whether two shares differ by more than chance, in a sentence."""
    if found is None:
        return "nothing to compare"
    points = f"{found.difference * 100:+.1f} points ({found.low * 100:+.1f} to {found.high * 100:+.1f})"
    if found.p_value is None:
        said = "too few to tell"
    elif found.is_significant:
        return f"{points}, significant (p = {found.p_value:.3f})"
    else:
        said = f"may be chance (p = {found.p_value:.2f})"
    enough = f"; {found.needed:,} of each would tell" if found.needed else ""
    return f"{points}, {said}{enough}"
