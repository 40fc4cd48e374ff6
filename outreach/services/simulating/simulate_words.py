"""What a simulation tells, in sentences: for the terminal and for the page."""

from __future__ import annotations

from datetime import timedelta

from outreach.services.simulating.simulate_report import Report


def conditions(report: Report) -> str:
    """From when, how long, with which rates and seed."""
    question = report.question
    given = {name.replace("_", " "): getattr(question.rates, name) for name in question.rates.__slots__}
    rates = ", ".join(f"{name} {share:.4g}%" for name, rate in given.items() if (share := rate * 100))
    span = f"From {question.start:%Y-%m-%d %H:%M} UTC, {question.days} days, seed {question.seed}"
    return f"{span}; {rates or 'no reactions'}."


def finishing_words(report: Report) -> str:
    """When the list is finished, as a sentence."""
    found = report.finishing
    if not report.record.people:
        return "Nobody enters: there is nothing to finish."
    if found.on:
        return f"The list is finished on {found.on:%A} {found.on.isoformat()}."
    people = f"{found.people_left:,} of {len(report.record.people):,}"
    begin = f"After {report.question.days} days {people} leads are still on their way"
    if found.about_on is None:
        return f"{begin}; nobody can tell when they are finished, because something keeps them from going on."
    return (
        f"{begin}, touches left at most {found.touches_left:,}: finished about {found.about_on.isoformat()}. "
        f"The slowest is {found.slowest} with {found.per_day:.1f} a day."
    )


def length(span: timedelta) -> str:
    """`45 s`, `12 min`, `3.5 h`, `2.1 days`."""
    seconds = span.total_seconds()
    for most, unit, size in ((120, "s", 1), (7_200, "min", 60), (172_800, "h", 3_600)):
        if seconds < most:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86_400:.3g} days"
