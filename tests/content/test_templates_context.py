"""The values templates and expressions see."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import cast

import pytest

from outreach.content.context import build, plain

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Color(StrEnum):
    RED = "red"


def test_nothing_null_empty_or_blank_gets_in() -> None:
    row = {
        "first_name": "Ayşe",
        "last_name": None,
        "title": " \n",
        "tags": ["a", "", None],
        "fields": {"x": "", "y": 1},
    }

    lead = build(row, now=NOW)["lead"]

    assert lead == {"name": "Ayşe", "first_name": "Ayşe", "tags": ["a"], "fields": {"y": 1}, "y": 1}


def test_fields_of_the_team_never_hide_a_column() -> None:
    lead = cast(dict[str, object], build({"score": 5, "fields": {"score": 99, "email": "x"}}, now=NOW)["lead"])

    assert (lead["score"], lead["email"]) == (5, "x")
    assert lead["fields"] == {"score": 99, "email": "x"}


def test_fields_of_a_company_are_reachable_by_name() -> None:
    context = build({}, company={"name": "Kaya", "fields": {"size": 80}}, now=NOW)

    assert context["company"] == {"name": "Kaya", "fields": {"size": 80}, "size": 80}


def test_names_are_put_together_unless_they_are_there() -> None:
    context = build({"first_name": "Ayşe", "last_name": "Kaya"}, sender={"name": "Anna Yılmaz"}, now=NOW)

    assert cast(dict[str, object], context["lead"])["name"] == "Ayşe Kaya"
    assert cast(dict[str, object], context["sender"])["first_name"] == "Anna"


def test_secrets_of_a_sender_do_not_get_in() -> None:
    context = build({}, sender={"name": "Anna", "password": "hunter2", "smtp": {"token": "x"}}, now=NOW)

    assert context["sender"] == {"name": "Anna", "first_name": "Anna"}


def test_every_root_is_there_without_any_row() -> None:
    assert build({}, now=NOW) == {
        "lead": {"fields": {}},
        "company": {"fields": {}},
        "sender": {},
        "enrollment": {},
        "events": {},
        "now": NOW,
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Color.RED, "red"),
        (3, 3),
        (True, True),
        (float("nan"), None),
        (float("inf"), None),
        (date(2026, 1, 1), date(2026, 1, 1)),
        ((1, None, "x"), [1, "x"]),
        ({"b", "a"}, ["a", "b"]),
        ({"a": {"b": None}}, {"a": {}}),
        ([], []),
    ],
)
def test_plain_values_stay_what_they_are(value: object, expected: object) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_an_object_is_refused() -> None:
    with pytest.raises(TypeError, match="object is not a plain value"):
        build({"thing": object()}, now=NOW)
