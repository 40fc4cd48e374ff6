"""The HTML a template brings itself goes out from the revision that was applied, whatever became of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from outreach.testing.field import Field

HTML = "templates/intro.html"


def test_a_mail_has_the_own_html_with_the_opt_out_behind_it(make_field: Callable[[Mapping[str, str]], Field]) -> None:
    field = make_field({HTML: '<h1>Hello {{ lead.first_name | default("there") }}</h1>\n'})
    (field.root / HTML).unlink()

    field.enroll(field.add_lead("ayse@one.example", first_name="<Ayşe>"))
    field.settle()

    (message,) = field.memory().sent
    _, after = message.html.split("<h1>Hello &lt;Ayşe&gt;</h1>")
    assert "/u/" in after
    assert message.text.startswith("Hi <Ayşe>, a word about your work.")
    assert "<h1>" not in message.text


def test_html_that_only_one_field_of_the_lead_can_fill_is_asked_for_at_the_door(
    make_field: Callable[[Mapping[str, str]], Field],
) -> None:
    field = make_field({HTML: "<p>{{ lead.pain_point }}</p>\n"})

    summary = field.enroll(field.add_lead("ayse@one.example"))

    assert "missing pain_point (step intro)" in str(summary)
