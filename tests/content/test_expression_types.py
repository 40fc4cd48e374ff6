"""Types of expressions: what can never be right is refused with a remedy, what may be right is let through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.content.expressions import check, check_date, evaluate
from outreach.content.own_fields import FieldType

OWN = {
    "size": FieldType.NUMBER,
    "seats": FieldType.NUMBER,
    "renewal_on": FieldType.DATE,
    "signed_on": FieldType.DATE,
    "vip": FieldType.YES_NO,
    "plan": FieldType.TEXT,
    "company.staff": FieldType.NUMBER,
}


@pytest.mark.parametrize(
    "expression",
    [
        "lead.score >= 20 and 'customer' not in lead.tags",
        "10 < lead.score <= 25",
        "lead.score == '20'",
        "lead.score in ['10', 20]",
        "lead.score in []",
        "lead.size > lead.seats",
        "lead.size == '12.5'",
        "lead.size - lead.seats > 3",
        "0 + lead.size + lead.seats > 3",
        "-lead.size < 0",
        "company.staff + 1 > 10",
        "company.staff | round > 10",
        "lead.plan == 'pro'",
        "lead.plan < 'pro'",
        "lead.plan | int > 3",
        "lead.plan | lower | first == 'p'",
        "'pro' in lead.plan",
        "lead.first_name + ' ' + lead.last_name == 'Ada Lovelace'",
        "lead.first_name ~ lead.score == 'Ada3'",
        "lead.vip == true",
        "lead.vip != false",
        "lead.vip == 'true'",
        "lead.vip is defined and lead.vip == true",
        "lead.renewal_on > now",
        "lead.renewal_on > lead.signed_on",
        "lead.renewal_on - lead.signed_on > 365",
        "lead.renewal_on - 30 < now",
        "lead.renewal_on + 30 > now",
        "lead.renewal_on > '2026-12-24'",
        "lead.renewal_on | date('%m') == 12",
        "now | date('%H') | int >= 9",
        "now - lead.created_at > 29",
        "now - '2026-01-01' > 29",
        "(lead.plan ~ '-01-01') | date('%Y') == 2026",
        "lead.created_at < '2026-02-02'",
        "lead.consent_on > '2026-02-02'",
        "lead.tags",
        "not lead.tags",
        "lead.tags == ['a', 'b']",
        "lead.tags | length > 2",
        "lead.tags | first == 'founder'",
        "lead.tags[0] == 'founder'",
        "2026 in lead.tags",
        "lead.phone == 905551112233 or lead.telegram == 4711",
        "lead.tags | join('/') == 'a/b'",
        "lead.country in ['TR', 'DE']",
        "lead.fields.plan == 'pro'",
        "'plan' in lead.fields",
        "lead.email",
        "lead.score",
        "company",
        "events.opened and not events.replied",
        "events.opened > 1",
        "true",
        "(lead.title or 'friend') == 'friend'",
        "(lead.score if lead.country == 'TR' else 0) > 3",
        "lead.score | default('none') == 'none'",
        "lead.title | default(3) == 3",
        "(lead.score > 3) == (lead.size > 3)",
        "(lead.score > 3) | int == 1",
        "lead.plan | truncate(3) == 'p…'",
    ],
)
def test_what_may_be_right_is_let_through(expression: str) -> None:
    check(expression, declared=OWN)


@pytest.mark.parametrize(
    "expression",
    [
        "lead.anything > 3 and lead.anything == 'x' and lead.anything | upper == 'Y'",
        "lead.anything and lead.anything.deeper[3].still > now",
        "company.size > 'ten' or company.size + 3 > now - 5",
        "lead.fields.email > 3",
        "lead.anything in lead.tags and 3 in lead.anything",
        "lead.tags | first | date == lead.anything | round(lead.digits)",
        "-lead.anything < lead.other - lead.anything",
    ],
)
def test_a_field_nobody_declared_may_hold_anything(expression: str) -> None:
    check(expression)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("lead.email > 3", "'lead.email' is a text, 3 is a number: they can never be compared. Compare it with a text"),
        ("3 == lead.email", "Compare it with a text in quotes: lead.email == 'text'."),
        ("lead.score != 'high'", "Compare it with a number: lead.score == 20."),
        ("lead.score == lead.email", "'lead.score' is a number, 'lead.email' is a text"),
        ("lead.score == now", "'now' is a date"),
        ("company.staff > 'ten'", "'company.staff' is a number, 'ten' is a text"),
        ("lead.size == 'many'", "Compare it with a number: lead.size == 20."),
        ("lead.fields.size == 'many'", "'lead.fields.size' is a number"),
        ("lead.plan > 3", "Declare 'plan' as number in 'fields' of config/outreach.yaml."),
        ("lead.plan == true", "Declare 'plan' as yes_no in 'fields'"),
        ("lead.plan < now", "Declare 'plan' as date in 'fields'"),
        ("lead.plan | lower == 5", "'lead.plan | lower' is a text, 5 is a number"),
        ("lead.consent_on == 3", "Count the days: now - lead.consent_on > 30."),
        ("lead.renewal_on == 'soon'", "Write the day as in lead.renewal_on > '2026-12-24'."),
        ("lead.renewal_on - lead.signed_on > now", "the difference is a number, 'now' is a date"),
        ("lead.renewal_on - 30 > 3", "the difference is a date, 3 is a number"),
        ("lead.tags == 'cto'", "Ask for one item: 'cto' in lead.tags."),
        ("lead.phone == lead.tags", "'lead.tags' is a list: they can never be compared."),
        ("lead.tags != 5", "Compare its size: lead.tags | length > 2."),
        ("lead.tags > 2", "which is neither more nor less. Compare its size: lead.tags | length > 2."),
        ("lead.vip > false", "'lead.vip' is true or false, which is neither more nor less."),
        ("lead.vip == 'yes'", "Write lead.vip == true."),
        ("lead.vip == 1", "Write lead.vip == true."),
        ("events.opened == true", "Compare it with a number: events.opened == 20."),
        ("lead == 3", "'lead' is a group of values"),
        ("lead.fields != 'x'", "'lead.fields' is a group of values"),
        ("lead.country in ['TR', 5]", "5 is a number: they can never be compared."),
        ("lead.tags in lead.tags", "'lead.tags' is a list, and every item of 'lead.tags' is a text: it is never in"),
        ("3 in lead.email", "Write the text to look for in quotes."),
        ("lead.country in lead.score", "nothing is in it. Write lead.country == lead.score"),
        ("lead.country in now", "'now' is a date: nothing is in it."),
        ("lead.email + 3 == 5", "'+' cannot add them. Put texts together with '~': lead.email ~ 3."),
        ("3 + lead.plan > 5", "'lead.plan' is a text: '+' cannot add them."),
        ("now + 'x' > now", "'+' cannot add them."),
        ("30 + now > now", "days are added behind it. Write now + 30."),
        ("now + now > now", "dates, which have no sum. Days between them: now - now."),
        ("lead.tags + 1 > 3", "'lead.tags' is a list, and '+' is for numbers and dates."),
        ("lead.fields - 1 > 3", "'lead.fields' is a group of values, and '-' is for numbers and dates."),
        ("lead.vip + 1 > 3", "'lead.vip' is true or false, and '+' is for numbers and dates."),
        ("lead.size + lead.seats > 3", "Write 0 + lead.size + lead.seats."),
        ("lead.renewal_on + lead.size > now", "Write lead.renewal_on + (0 + lead.size)."),
        ("lead.size + '5' > 3", "'+' cannot add them."),
        ("lead.email - 3 > 5", "'lead.email' is a text, and '-' is for numbers and dates."),
        ("30 - now > 3", "'now' is a date, and 30 is a number. Write now - 30 for a day before it."),
        ("now - '5' > lead.created_at", "days are a number. Write it without quotes."),
        ("-lead.email == 3", "a '-' before it is for numbers."),
        ("-now == 3", "a '-' before it is for numbers."),
        ("lead.score | upper == 'X'", "'lead.score' is a number, and '| upper' is for texts."),
        ("now | title == 'X'", "'now' is a date, and '| title' is for texts."),
        ("lead.score | length > 3", "'| length' is for texts and lists."),
        ("lead.score | first == 3", "'| first' is for lists and texts."),
        ("lead.created_at | last == 3", "'| last' is for lists and texts."),
        ("lead.score | join == 'x'", "'| join' is for lists."),
        ("lead.tags | join(3) == 'x'", "'| join' takes a text in brackets, and 3 is a number."),
        ("'many' | int == 3", "'many' is a text, and '| int' is for numbers, and texts that read as one."),
        ("lead.tags | round == 3", "'lead.tags' is a list, and '| round' is for numbers"),
        ("now | int == 3", "'now' is a date, and '| int' is for numbers"),
        ("lead.vip | int == 1", "'lead.vip' is true or false, and '| int' is for numbers"),
        ("lead.score | round('x') == 3", "'| round' takes a whole number in brackets, and 'x' is a text."),
        ("lead.score | round(lead.size) == 3", "'lead.size' is text kept in a field."),
        ("lead.score | round(1.5) == 3", "'| round' takes a whole number in brackets"),
        ("lead.email | truncate('x') == ''", "'| truncate' takes a whole number in brackets"),
        ("lead.score | truncate(3) == ''", "'lead.score' is a number, and '| truncate' is for texts."),
        ("lead.email | date == 'x'", "'lead.email' is a text, and '| date' is for dates."),
        ("lead.plan | date == 'x'", "Declare 'plan' as date in 'fields' of config/outreach.yaml."),
        ("lead.score | date == 'x'", "'lead.score' is a number, and '| date' is for dates."),
        ("now | date(5) == 'x'", "'| date' takes a text in brackets, and 5 is a number."),
        ("lead.email.domain == 'x'", "'lead.email' is a text: nothing stands behind it. Write lead.email."),
        ("lead.tags.first == 'x'", "Write lead.tags | first, or lead.tags[0]."),
        ("lead.tags[0].name == 'x'", "'lead.tags[0]' is a text: nothing stands behind it."),
        ("now.year == 2026", "'now' is a date: nothing stands behind it. Write now | date('%d.%m.%Y')."),
        ("events.opened.count > 1", "'events.opened' is a number: nothing stands behind it."),
        ("lead.size.big == 3", "'lead.size' is a number: nothing stands behind it."),
        ("lead.country == 'TR' or 'DE'", "'DE' alone is the same for everybody."),
        ("'x'", "'x' alone is the same for everybody."),
        ("5 and lead.score", "5 alone is the same for everybody."),
        ("not 'x'", "'x' alone is the same for everybody."),
        ("['TR']", "A list alone is the same for everybody."),
        ("lead", "'lead' is always there."),
        ("not now", "'now' is always there."),
        ("lead.vip", "alone only asks whether anything is kept there. Write lead.vip == true."),
        ("lead.score > 3 and not lead.vip", "Write lead.vip == true."),
        ("(1 if lead.vip else 2) == 1", "Write lead.vip == true."),
        ("(lead.vip or lead.score) == 1", "Write lead.vip == true."),
        ("lead.email ~ lead.fields == 'x'", "'lead.fields' is a group of values."),
    ],
)
def test_what_can_never_be_right_is_refused_with_a_remedy(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"\.$") as refused:
        check(expression, declared=OWN)

    assert sentence in str(refused.value)


@pytest.mark.parametrize("name", ["lead.renewal_on", "lead.fields.signed_on", "lead.created_at", "lead.consent_on"])
def test_a_date_can_be_waited_for(name: str) -> None:
    check_date(name, declared=OWN)


def test_a_field_nobody_declared_can_be_waited_for() -> None:
    check_date("lead.anything")
    check_date("company.founded_on")


@pytest.mark.parametrize("name", ["lead.size", "lead.plan", "lead.vip", "lead.score", "lead.tags", "company.name"])
def test_nothing_else_can_be_waited_for(name: str) -> None:
    with pytest.raises(ValueError, match=r"and 'until' waits for a date\. Name a field that holds one"):
        check_date(name, declared=OWN)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.size > lead.seats", True),
        ("lead.seats < lead.size", True),
        ("lead.size - lead.seats == 1", True),
        ("lead.renewal_on - lead.signed_on == 30", True),
        ("lead.renewal_on - 30 == lead.signed_on", True),
        ("lead.signed_on + 30 == lead.renewal_on", True),
        ("lead.signed_on + 30 < now", True),
        ("lead.plan > lead.size", True),
    ],
)
def test_fields_that_are_kept_as_texts_are_reckoned_with_by_what_they_read_as(expression: str, expected: bool) -> None:
    lead = {"size": "10", "seats": "9", "renewal_on": "2026-03-31", "signed_on": "2026-03-01", "plan": "pro"}

    assert evaluate(expression, {"lead": lead, "now": datetime(2026, 6, 1, tzinfo=UTC)}) is expected


class Mismatch(Exception):
    """A value stands where a careful language would not have it."""


@dataclass(frozen=True)
class Sample:
    """A typed value of one lead, and whether it is a field of the team's own."""

    value: object
    is_own: bool = False


@dataclass(frozen=True)
class Part:
    """A piece of an expression, and what a careful language makes of it."""

    source: str
    run: Callable[[], Sample]


NOW = datetime(2026, 6, 1, tzinfo=UTC)
LEAVES = {
    "lead.score": Sample(25),
    "lead.first_name": Sample("Ada"),
    "lead.email": Sample("ada@example.com"),
    "lead.tags": Sample(["founder", "cto"]),
    "lead.created_at": Sample(NOW - timedelta(days=90)),
    "now": Sample(NOW),
    "events.opened": Sample(2),
    "lead.size": Sample(120, is_own=True),
    "lead.renewal_on": Sample(NOW + timedelta(days=30), is_own=True),
    "lead.vip": Sample(value=True, is_own=True),
    "lead.plan": Sample("pro", is_own=True),
    "'TR'": Sample("TR"),
    "7": Sample(7),
    "2.5": Sample(2.5),
    "true": Sample(value=True),
    "['TR', 'DE']": Sample(["TR", "DE"]),
}
FAMILIES: tuple[type | tuple[type, ...], ...] = (bool, (int, float), str, date, list)


def family(value: object) -> int:
    return next(index for index, types in enumerate(FAMILIES) if isinstance(value, types))


def wanted(is_right: bool) -> None:
    if not is_right:
        raise Mismatch


def is_number(value: object) -> bool:
    return family(value) == 1


def compared(sign: str, left: Sample, right: Sample) -> Sample:
    wanted(family(left.value) == family(right.value))
    wanted(sign in ("==", "!=") or family(left.value) in (1, 2, 3))
    return Sample(value=True)


def held(left: Sample, right: Sample) -> Sample:
    wanted(isinstance(right.value, str | list) and isinstance(left.value, str))
    return Sample(value=True)


def added(left: Sample, right: Sample) -> Sample:
    first, second = left.value, right.value
    if isinstance(first, str) and isinstance(second, str):
        return Sample(first + second)
    wanted(not (left.is_own and right.is_own))
    if isinstance(first, date) and is_number(second):
        return Sample(first)
    wanted(is_number(first) and is_number(second))
    return Sample(1)


def taken(left: Sample, right: Sample) -> Sample:
    first, second = left.value, right.value
    if isinstance(first, date):
        wanted(is_number(second) or isinstance(second, date))
        return Sample(first) if is_number(second) else Sample(3)
    wanted(is_number(first) and is_number(second))
    return Sample(1)


def filtered(name: str, value: Sample) -> Sample:
    results: dict[str, tuple[tuple[int, ...], object]] = {
        "lower": ((2,), "text"),
        "trim": ((2,), "text"),
        "length": ((2, 4), 3),
        "first": ((4,), "text"),
        "join": ((4,), "text"),
        "round": ((1,), 3),
        "int": ((1,), 3),
        "truncate(9)": ((2,), "text"),
        "date('%d')": ((3,), "text"),
    }
    families, result = results[name]
    wanted(family(value.value) in families)
    return Sample(result)


def chosen(first: Sample, second: Sample, test: Sample) -> Sample:
    wanted(isinstance(test.value, bool) and not test.is_own)
    wanted(family(first.value) == family(second.value) and first.is_own == second.is_own)
    return first


WORDS = [*LEAVES, "lead", "lead.nothing", "lead.size.x", "[", "]", "(", ")", ",", "|", "-", "+", "~", "==", "<", "in"]
WORDS += ["not", "and", "or", "if", "else", "is defined", "default(3)", "first", "date('%d')", "spin('a', 'b')", "{{"]


def refusal(expression: str, declared: dict[str, FieldType] | None) -> str | None:
    try:
        check(expression, declared=declared)
    except ValueError as error:
        return str(error)
    return None


FILTERS = ("lower", "trim", "length", "first", "join", "round", "int", "truncate(9)", "date('%d')")
leaves = st.sampled_from([Part(source, lambda sample=sample: sample) for source, sample in LEAVES.items()])  # type: ignore[misc]


def larger(parts: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    signs = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    return st.one_of(
        st.builds(
            lambda left, sign, right: Part(
                f"({left.source} {sign} {right.source})", lambda: compared(sign, left.run(), right.run())
            ),
            parts,
            signs,
            parts,
        ),
        st.builds(lambda a, b: Part(f"({a.source} in {b.source})", lambda: held(a.run(), b.run())), parts, parts),
        st.builds(lambda a, b: Part(f"({a.source} + {b.source})", lambda: added(a.run(), b.run())), parts, parts),
        st.builds(lambda a, b: Part(f"({a.source} - {b.source})", lambda: taken(a.run(), b.run())), parts, parts),
        st.builds(
            lambda a, name: Part(f"({a.source} | {name})", lambda: filtered(name, a.run())),
            parts,
            st.sampled_from(FILTERS),
        ),
        st.builds(
            lambda a, b, test: Part(
                f"({a.source} if {test.source} else {b.source})", lambda: chosen(a.run(), b.run(), test.run())
            ),
            parts,
            parts,
            parts,
        ),
    )


@settings(max_examples=400, deadline=None)
@given(part=st.recursive(leaves, larger, max_leaves=6))
def test_nothing_is_refused_that_a_careful_language_would_run(part: Part) -> None:
    try:
        part.run()
    except Mismatch:
        return

    check(f"{part.source} is defined", declared=OWN)


@settings(max_examples=300, deadline=None)
@given(part=st.recursive(leaves, larger, max_leaves=10), declared=st.booleans())
def test_whatever_is_written_is_let_through_or_refused_with_a_sentence(part: Part, declared: bool) -> None:
    assert (refusal(part.source, OWN if declared else None) or ".").endswith(".")


@settings(max_examples=300, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=12))
def test_no_text_whatsoever_ends_in_anything_but_a_sentence(words: list[str]) -> None:
    assert refusal(" ".join(words), OWN) is None or refusal(" ".join(words), OWN)
