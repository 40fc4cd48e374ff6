"""What a template says beside its text: the name of an approved one, and values for channels that want them apart."""

from __future__ import annotations

import pytest

from outreach.content.templates import compile_template
from outreach.errors import ConfigError

SOURCE = """---
language: en-GB
approved_as: intro_1
values:
  "1": "{{ lead.first_name }}"
  company: "{{ company.name | default('your company') }}"
  button.0: spring
---
Hello {{ lead.first_name }}.
"""


def test_values_are_rendered_beside_the_text() -> None:
    template = compile_template("approved", SOURCE)

    rendered = template.render({"lead": {"first_name": "Ayşe <b>"}, "company": {}}, key="l1.s1")

    assert dict(rendered.values) == {"1": "Ayşe <b>", "company": "your company", "button.0": "spring"}
    assert template.approved_as == "intro_1"


def test_a_value_that_is_printed_whatever_happens_is_needed() -> None:
    template = compile_template("approved", SOURCE.replace("Hello {{ lead.first_name }}", "Hello"))

    assert template.variables == ("lead.first_name",)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("values: {}", "approved.md:2:9: 'values' must be names with texts."),
        ("values: [a]", "approved.md:2:9: 'values' must be names with texts."),
        ("values:\n  a b: c", "approved.md:3:3: 'a b' is not a name."),
        ("values:\n  a: 5", "approved.md:3:6: 'a' must be a text."),
        ('values:\n  a: "{{ nobody }}"', "nobody"),
        ("approved_as: [a]", "approved.md:2:14: 'approved_as' must be a text."),
    ],
)
def test_what_is_wrong_with_them_is_told_with_its_place(head: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compile_template("approved", f"---\n{head}\n---\nHello.\n")

    assert told in str(caught.value)
