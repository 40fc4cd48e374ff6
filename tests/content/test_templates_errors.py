"""What is wrong in a template is told with file, line, column and what to write instead."""

from __future__ import annotations

import pytest

from outreach.content.templates import compile_template
from outreach.errors import ConfigError


def problems(source: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        compile_template("sample", source)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("---\nsubjct: x\n---\nHi", "2:1: unknown key 'subjct'. Did you mean 'subject'?"),
        ("---\nsubject: x\nfunnel_stage: awarenes\n---\nHi",
         "3:15: unknown funnel stage 'awarenes'. Did you mean 'awareness'?"),
        ("---\nlanguage: 'english!'\n---\nHi",
         "2:11: 'english!' is no language. Write a code such as en, tr or pt-BR."),
        ("---\nsubject: 12\n---\nHi", "2:10: 'subject' must be a text. Put it in quotes: subject: \"…\"."),
        ("---\nsubject: {{ lead.x }}\n---\nHi", "2:11: a key must be a word."),
        ("---\nsubject: x\nHi", "1:1: the front matter that begins here has no end."),
        ("---\n- a\n---\nHi", "2:1: the front matter holds no keys."),
        ("---\nsubject: a\nsubject: b\n---\nHi", "3:1: the key 'subject' is there twice"),
        ("---\nsubject: x\n---\n\nHi {{ lad.first_name }}",
         "5:4: Unknown name 'lad'. Did you mean 'lead'?"),
        ("---\nsubject: Hi {{ lad.x }}\n---\nHi", "2:13: Unknown name 'lad'."),
        ("Hi\n{{ lead.x | uper }}", "2:1: Unknown filter 'uper'. Did you mean 'upper'?"),
        ("Hi\n\n{% if lead.x %}\nfoo", "3:1: this {% if … %} is never closed. Write {% endif %} behind it."),
        ("Hi {% for x in lead.tags %}", "1:4: this {% for … %} is never closed."),
        ("Hi\n{% endif %}", "2:1: this {% endif %} has no {% if … %} before it. Remove it."),
        ("{% if lead.x %}{% endfor %}", "1:16: {% endfor %} stands inside the {% if … %} of line 1."),
        ("{% if lead.x %}{% else %}{% else %}{% endif %}", "1:26: {% else %} cannot follow {% else %}."),
        ("Hi {{ lead.x", "1:4: this '{{' is never closed. Write '}}' behind it."),
        ("Hi {{ 'x }}", "1:4: "),
        ("{% iff lead.x %}", "1:1: unknown tag 'iff'. Did you mean 'if'?"),
        ("{% macro x() %}{% endmacro %}", "1:1: unknown tag 'macro'."),
        ("{% include '/etc/passwd' %}", "1:1: unknown tag 'include'."),
        ("{% set x = 1 %}", "1:1: unknown tag 'set'."),
        ("{% raw %}{{ x }}{% endraw %}", "1:1: {% raw %} is not allowed."),
        ("{% for a in lead.tags %}{% for b in lead.tags %}{% endfor %}{% endfor %}",
         "1:25: a loop inside a loop is not allowed."),
        ("{% for x in range(9) %}{% endfor %}", "1:1: 'range(…)' is not known."),
        ("{% for lead in lead.tags %}{% endfor %}", "1:1: 'lead' cannot be the name of an item."),
        ("{% for a, b in lead.tags %}{% endfor %}", "1:1: this loop cannot be read."),
        ("{{ 'a'*10**8 }}", "1:1: '*' is not allowed."),
        ("{{ '%999999999d'|format(1) }}", "1:1: Unknown filter 'format'."),
        ("{{ lead.__class__.__mro__ }}", "1:1: '__class__' is not allowed"),
        ("{{ lead|attr('__class__') }}", "1:1: Unknown filter 'attr'."),
        ("{{ lead.first_name.format(lead) }}", "1:1: '.format()' is not allowed."),
        ("{{ self._TemplateReference__context }}", "1:1: "),
        ("a\n[x](javascript:alert)", "2:5: the link target 'javascript:alert' does not say where it leads."),
        ("[x](/pricing)", "the link target '/pricing' does not say where it leads. Begin it with https://"),
        ("![x](data:image/png;base64,AAAA)", "does not say where it leads"),
        ("[x](java{{ lead.x }})", "does not say where it leads"),
        ("[x](https://example.com/{% if lead.x %}a{% endif %})", "1:25: a link target cannot hold a tag."),
        ("[x](https://example.com '{{ lead.x }}')", "1:26: a title cannot hold a tag or a value."),
        ("![{{ lead.x }}](https://example.com/x.png)", "1:3: the description of an image cannot hold"),
        ("`{% if lead.x %}a{% endif %}`", "1:2: code and images cannot hold a tag."),
        ("```{{ lead.x }}\na\n```", "1:4: the name of a language cannot hold"),
        ("A {% if lead.x %}one\n\ntwo{% endif %}", "1:3: paragraphs and lists cannot stand inside a line."),
        ("  \n", "the template has no text."),
        ("a\nb\x07", "2:2: the character U+0007 is not allowed. Remove it."),
        ("x" * 70_000, "the template is longer than 65,536 characters."),
        ("{{ spin('a') }}", "spin takes two or more texts"),
        ("{% if spin('a', 'b') %}x{% endif %}", "It has no place in a condition."),
        ("{{ lead.x if }}", "1:1: "),
        ("{% if lead.x %}" * 7 + "{% endif %}" * 7, "this is nested deeper than 5 levels"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(source: str, expected: str) -> None:
    assert expected in "\n".join(problems(source))


def test_all_wrong_expressions_are_told_at_once_and_in_order() -> None:
    told = problems("---\nsubject: '{{ lad.a }}'\n---\n{{ lead.x * 2 }}\n\n{% if foo %}{{ bar }}{% endif %}")

    assert [line.split(": ")[0].removeprefix("templates/sample.md:") for line in told] == ["2:10", "4:1", "6:1", "6:13"]


def test_more_work_than_a_message_needs_is_refused() -> None:
    loop = "{% for x in lead.tags %}" + "{% if x == 'a' %}{% endif %}" * 2_000 + "{% endfor %}"

    assert "more expressions than a message needs" in problems(loop)[0]
