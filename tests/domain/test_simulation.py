"""Reactions drawn from rates: as often as said, at plausible times, and always the same."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from outreach.domain.event import EventKind
from outreach.domain.sequence import IfStep, Schedule, Sequence, Step, TouchStep, WaitStep
from outreach.domain.simulation import Rates, chances, is_message, longest
from outreach.domain.span import Span, Unit

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = Span(1, Unit.DAYS)


def _sequence(*steps: Step) -> Sequence:
    schedule = Schedule(name="always", opens=time(0), closes=time(0))
    return Sequence(
        name="s",
        pipeline="default",
        senders=("anna",),
        schedule=schedule,
        steps={step.id: step for step in steps},
        first=steps[0].id,
    )


def _mails(number: int) -> Sequence:
    names = [f"m{place}" for place in range(number)]
    following = [*names[1:], None]
    return _sequence(
        *(
            TouchStep(id=name, action="email", template=name, then=then)
            for name, then in zip(names, following, strict=True)
        )
    )


def _who(rates: Rates, sequence: Sequence, kind: EventKind, people: int = 4_000) -> float:
    """The share of people who do that at least once."""
    drawn = chances(rates, sequence, seed=7)
    steps = [step for step in sequence.steps.values() if isinstance(step, TouchStep)]
    found = sum(
        any(reaction.kind is kind for step in steps for reaction in drawn.after(f"lead{place}", step, AT))
        for place in range(people)
    )
    return found / people


@pytest.mark.parametrize("messages", [1, 3, 8])
def test_the_rate_of_replies_is_of_people_however_many_messages_they_get(messages: int) -> None:
    assert _who(Rates(replies=0.2), _mails(messages), EventKind.REPLIED) == pytest.approx(0.2, abs=0.02)


def test_opens_are_of_mails() -> None:
    assert _who(Rates(opens=0.4), _mails(1), EventKind.OPENED) == pytest.approx(0.4, abs=0.03)


def test_nothing_happens_at_rate_zero_and_all_at_one() -> None:
    sequence = _mails(2)

    assert _who(Rates(), sequence, EventKind.REPLIED, 200) == 0
    assert _who(Rates(replies=1.0), sequence, EventKind.REPLIED, 200) == 1


def test_a_dead_address_is_dead_whenever_it_is_asked() -> None:
    drawn = chances(Rates(bounces=0.1), _mails(1), seed=1)

    dead = [place for place in range(2_000) if drawn.bounce(f"lead{place}", AT)]

    assert len(dead) == pytest.approx(200, abs=40)
    assert dead == [place for place in range(2_000) if drawn.bounce(f"lead{place}", AT + timedelta(days=9))]


def test_reactions_come_soon_and_in_order() -> None:
    drawn = chances(Rates(replies=0.9, opens=0.9, clicks=0.9, out_of_office=0.9), _mails(1), seed=1)
    step = _mails(1).touch_step("m0")

    for place in range(500):
        found = drawn.after(f"lead{place}", step, AT)
        instants = [reaction.at for reaction in found]
        assert instants == sorted(instants)
        assert all(AT < at < AT + timedelta(days=11) for at in instants)
        assert all(each.until is None or AT.date() < each.until <= AT.date() + timedelta(days=15) for each in found)


def test_one_rate_does_not_change_who_reacts_by_another() -> None:
    step = _mails(1).touch_step("m0")
    alone = chances(Rates(replies=0.3), _mails(1), seed=1)
    beside = chances(Rates(replies=0.3, opens=0.5, out_of_office=0.5), _mails(1), seed=1)

    for place in range(300):
        replies = [
            [each for each in drawn.after(f"lead{place}", step, AT) if each.kind is EventKind.REPLIED]
            for drawn in (alone, beside)
        ]
        assert replies[0] == replies[1]


def test_the_longest_path_counts_the_longer_branch() -> None:
    sequence = _sequence(
        TouchStep(id="a", action="email", template="a", then="fork"),
        IfStep(id="fork", expression="true", yes="b", no="wait"),
        TouchStep(id="b", action="email", template="b", then="c"),
        TouchStep(id="c", action="linkedin.message", template="c", then="wait"),
        WaitStep(id="wait", wait=DAY, then="d"),
        TouchStep(id="d", action="linkedin.invite", template="d"),
    )

    assert longest(sequence, is_message)["a"] == 3
    assert longest(sequence, is_message)["wait"] == 0


def test_a_path_of_thousands_of_steps_is_measured() -> None:
    assert longest(_mails(5_000), is_message)["m0"] == 5_000
