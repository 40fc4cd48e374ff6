"""Conditions over plain values: what they mean, and what is not let in."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.content.expressions import check, compile_expression, evaluate
from outreach.content.own_fields import FieldType
from outreach.content.render_errors import RenderError

LEAD: dict[str, object] = {
    "first_name": "Ayşe",
    "score": 25,
    "tags": ["founder", "cto"],
    "country": "TR",
    "employees": "120",
    "vip": "true",
    "renewal_on": "2026-03-31",
    "fields": {"pain_point": "compliance"},
    "created_at": datetime(2026, 2, 1, tzinfo=UTC),
}
CONTEXT: dict[str, object] = {
    "lead": LEAD,
    "company": {"size": 80},
    "events": {"opened": 2},
    "now": datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.score >= 20 and 'customer' not in lead.tags", True),
        ("lead.score >= 26 or company.size > 50", True),
        ("10 < lead.score <= 25", True),
        ("10 < lead.score < 25", False),
        ("lead.country in ['TR', 'DE']", True),
        ("lead.country not in ('TR', 'DE')", False),
        ("lead.fields.pain_point == 'compliance'", True),
        ("lead['fields']['pain_point'] == 'compliance'", True),
        ("lead.tags[0] == 'founder'", True),
        ("lead.tags | length == 2", True),
        ("lead.tags | first == 'founder' and lead.tags | last == 'cto'", True),
        ("lead.first_name | lower == 'ayşe'", True),
        ("'yş' in lead.first_name", True),
        ("events.opened > 1", True),
        ("lead.score + 5 - 10 == 20", True),
        ("-lead.score == -25", True),
        ("(lead.score if lead.country == 'TR' else 0) == 25", True),
        ("lead.first_name ~ '-' ~ lead.score == 'Ayşe-25'", True),
        ("now - lead.created_at > 29", True),
        ("not lead.tags", False),
    ],
)
def test_an_expression_means_what_it_says(expression: str, expected: bool) -> None:
    assert evaluate(expression, CONTEXT) is expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.employees > 50", True),
        ("lead.employees == 120", True),
        ("lead.first_name > 50", False),
        ("lead.first_name == 50", False),
        ("lead.first_name != 50", True),
        ("lead.vip == true", True),
        ("lead.renewal_on > now", True),
        ("lead.renewal_on - now > 28", True),
        ("now - lead.renewal_on < 0", True),
        ("now - lead.first_name > 0", False),
        ("lead.created_at < '2026-02-02'", True),
        ("120 in [lead.employees]", True),
    ],
)
def test_texts_that_read_as_numbers_and_dates_are_compared_as_such(expression: str, expected: bool) -> None:
    assert evaluate(expression, CONTEXT) is expected


@pytest.mark.parametrize("operation", ["==", "!=", "<", "<=", ">", ">=", "in"])
def test_every_comparison_with_an_absent_value_is_false(operation: str) -> None:
    assert evaluate(f"lead.nothing {operation} 3", CONTEXT) is False
    assert evaluate(f"3 {operation} lead.nothing", CONTEXT) is False
    assert evaluate(f"not lead.nothing {operation} 3", CONTEXT) is True


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.nothing", False),
        ("lead.nothing.deeper.still == 1", False),
        ("lead.first_name.deeper == 1", False),
        ("lead.tags[7] == 'x'", False),
        ("'customer' not in lead.nothing", True),
        ("lead.nothing not in ['TR']", False),
        ("lead.nothing is defined", False),
        ("lead.nothing is not defined", True),
        ("lead.first_name is defined", True),
        ("lead.nothing | default('x') == 'x'", True),
        ("lead.nothing | upper | default('x') == 'x'", True),
        ("lead.nothing + 1 == 1", False),
        ("lead.nothing ~ 'a' == 'a'", False),
        ("sender.name == 'Anna'", False),
        ("lead.first_name + 1 == 2", False),
        ("lead.first_name | int | default(0) == 0", True),
        ("lead.first_name | date | default('none') == 'none'", True),
    ],
)
def test_absent_values_never_raise(expression: str, expected: bool) -> None:
    assert evaluate(expression, CONTEXT) is expected


@pytest.mark.parametrize("empty", [None, "", " \t\n"])
def test_null_and_white_space_are_absent(empty: object) -> None:
    assert evaluate("lead.title is defined", {"lead": {"title": empty}}) is False


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead.score + 1", 26),
        ("lead.nothing", None),
        ("lead.tags", ["founder", "cto"]),
        ("lead.renewal_on | date('%d.%m.%Y')", "31.03.2026"),
        ("3.14159 | round(2)", 3.14),
    ],
)
def test_a_compiled_expression_gives_its_value_and_none_for_nothing(expression: str, expected: object) -> None:
    assert compile_expression(expression)(CONTEXT) == expected


def test_a_date_and_days_make_a_date() -> None:
    context = {"lead": {"renewal_on": date(2026, 3, 31)}}

    assert compile_expression("lead.renewal_on - 30")(context) == date(2026, 3, 1)


def test_keys_named_like_methods_are_only_keys() -> None:
    assert evaluate("company.items == 3 and company.values is not defined", {"company": {"items": 3}}) is True


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("led.score > 3", "Unknown name 'led'. Did you mean 'lead'?"),
        ("score > 3", "Unknown name 'score'. Did you mean 'lead.score'?"),
        ("events.repliedd", "Did you mean 'events.replied'?"),
        ("sender.pasword", "Unknown name 'sender.pasword'."),
        ("lead.first_name | uper", "Unknown filter 'uper'. Did you mean 'upper'?"),
        ("lead.score = 3", "Write '==' to compare."),
        ("lead.score > 3 && lead.vip", "Write 'and', 'or', 'not' in words."),
        ("lead.title == none", "Write 'lead.score is not defined'."),
        ("lead.title is none", "Write 'is defined' or 'is not defined'"),
        ("lead.score * 2", "'*' is not allowed."),
        ("2 ** 9", "'**' is not allowed."),
        ("'%999999999d' % 3", "'%' is not allowed."),
        ("lead.score / 2", "'/' is not allowed."),
        ("'a'*10**8 == 'b'", "'*' is not allowed."),
        ("lead.__class__", "names do not begin with '_'"),
        ("lead['__class__']", "names do not begin with '_'"),
        ("lead.tags[0].__class__.__mro__", "names do not begin with '_'"),
        ("_key", "Unknown name '_key'."),
        ("lead|attr('__class__')", "Unknown filter 'attr'."),
        ("lead.tags | map('upper')", "Unknown filter 'map'."),
        ("'{}' | format(1)", "Unknown filter 'format'."),
        ("lead | reach", "Unknown filter 'reach'."),
        ("lead.email.upper()", "Values have no methods."),
        ("''.join(lead.tags)", "is not allowed"),
        ("range(10)", "'range(…)' is not known."),
        ("cycler('a', 'b')", "'cycler(…)' is not known."),
        ("spin('a', 'b')", "It has no place in a condition."),
        ("lead[lead.first_name]", "nothing calculated"),
        ("lead.tags[0:1]", "'[a:b]' is not allowed."),
        ("lead.tags[-1]", "nothing calculated"),
        ("{'a': 1}", "'{…}' is not allowed."),
        ("[x for x in lead.tags]", "cannot be read"),
        ("lambda: 1", "has something behind its end"),
        ("'a' if lead.vip", "needs an 'else'"),
        ("lead.first_name | default", "takes one value in brackets"),
        ("lead.first_name | upper('x')", "takes no value in brackets"),
        ("lead.first_name | default(value='x')", "takes one value in brackets"),
        ("lead.score >= 20 }} {{ lead.first_name", "has something behind its end"),
        ("'\\x41' == lead.first_name", "A backslash has no meaning here."),
        ("lead.score and", "cannot be read"),
        ("", "The expression is empty."),
        ("9999999999999999999999 > lead.score", "a number that is too large"),
        ("1e999 > lead.score", "a number that is too large"),
        ("lead.score > " + "9" * 1900, "a number that is too large"),
        ("lead.x == '" + "a" * 2000 + "'", "longer than 2,000 characters"),
        ("(" * 900 + "1" + ")" * 900, "nested too deeply"),
        ("not " * 450 + "lead.x", "nested too deeply"),
        ("1" + "+1" * 900, "nested too deeply"),
        ("lead" + ".a" * 900, "nested too deeply"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_sentence(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check(expression)

    assert sentence in str(refused.value)


def test_known_fields_turn_misspelt_ones_into_errors() -> None:
    fields = {"pain_point": FieldType.TEXT, "company.size": FieldType.NUMBER}

    check("lead.pain_point == 'x' and lead.fields.pain_point == 'x' and company.size > 3", declared=fields)
    with pytest.raises(ValueError, match=r"Unknown name 'lead\.pain_pont'\. Did you mean 'lead\.pain_point'\?"):
        check("lead.pain_pont == 'x'", declared=fields)
    with pytest.raises(ValueError, match=r"Did you mean 'company\.size'\?"):
        check("company.sise > 3", declared=fields)


def test_values_that_grow_out_of_bounds_are_refused_when_they_are_made() -> None:
    long = {"lead": {"note": "x" * 16_000}}

    with pytest.raises(RenderError, match="longer than"):
        evaluate("lead.note ~ lead.note == 'x'", long)
    with pytest.raises(RenderError, match="longer than"):
        evaluate("lead.note + lead.note == 'x'", long)


def test_a_compiled_expression_is_kept() -> None:
    assert compile_expression("lead.score > 1") is compile_expression("lead.score > 1")


WORDS = st.sampled_from(
    [
        "lead", ".score", ".first_name", ".tags", ".renewal_on", ".nothing", "now", "company", "events", ".__class__",
        "'a'", '"b"', "1", "-2", "0.5", "1e99", "true", "none", "[", "]", "(", ")", "{", "}", ",", ":", "==", "!=", "<",
        ">=", "=", "+", "-", "*", "**", "/", "//", "%", "~", "|", "upper", "default('x')", "date", "date('%Y%n')",
        "int", "round(2)", "length", "join", "truncate(3)", "attr('x')", "and", "or", "not", "in", "is", "defined",
        "if", "else", "for", "lambda", "range(3)", "spin('a','b')", "[0]", "[0:1]", "['score']", "{{", "}}", "{%",
        "%}", "\\", "\0",
    ]
)  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["score", "tags", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(words=st.lists(WORDS, max_size=9), value=PLAIN)
@example(words=["lead", ".score", "|", "round(2)"], value=10**40)
@example(words=["lead", ".score", "|", "int"], value=float("inf"))
@example(words=["now", "-", "lead", ".score"], value=1e300)
@example(words=["now", "+", "lead", ".score"], value=10**30)
@example(words=["now", "-", "lead", ".score"], value=datetime(1, 1, 1))  # noqa: DTZ001  # naive on purpose
@example(words=["lead", ".score", "|", "date('%Y%n')"], value=date(1, 1, 1))
def test_no_words_and_no_values_bring_anything_but_an_answer_or_a_sentence(words: list[str], value: object) -> None:
    expression = " ".join(words).replace(" .", ".").replace(" [", "[")
    context = {"lead": {"score": value, "first_name": value, "tags": value, "renewal_on": value}, "now": CONTEXT["now"]}

    try:
        result = evaluate(expression, context)
    except (ValueError, RenderError):
        return

    assert isinstance(result, bool)
