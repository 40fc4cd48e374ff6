"""A template brings its own HTML: values keep their place in it, and nothing in it can hide what stands behind it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content import workspace
from outreach.content.message_text import with_footer
from outreach.content.revision import freeze, thaw
from outreach.content.templates import MissingValue, Rendered, UnsafeLink, compile_template, compiled
from outreach.errors import ConfigError

Maker = Callable[..., Path]

MARKDOWN = "---\nsubject: Hello\n---\nHello {{ lead.first_name }}\n"
HOSTILE = "\"><script>alert('1')</script>&"


def rendered(html: str, key: str = "1.a", **lead: object) -> Rendered:
    return compile_template("intro", MARKDOWN, html).render({"lead": {"first_name": "Ada", **lead}}, key)


def problem(html: str) -> str:
    with pytest.raises(ConfigError) as caught:
        compile_template("intro", MARKDOWN, html)
    return str(caught.value.problems[0])


def test_the_html_is_sent_as_written_and_the_markdown_stays_the_text() -> None:
    html = '<h1 style="color:#036">Hello <b>{{ lead.first_name }}</b></h1>\n<br/><hr>\n'

    message = rendered(html)

    assert message == Rendered(
        "Hello", "Hello Ada", '<h1 style="color:#036">Hello <b>Ada</b></h1>\n<br/><hr>\n', preheader=""
    )


def test_the_footer_follows_with_opt_out_and_address() -> None:
    message = with_footer(
        rendered("<p>Hi</p>"),
        organisation_name="Example Ltd",
        postal_address="1 Example Street",
        unsubscribe_url="https://example.com/u/1",
        language="en",
    )

    before, after = message.html.split("<p>Hi</p>")
    assert before.startswith("<!doctype html>")
    assert "1 Example Street" in after
    assert '<a href="https://example.com/u/1">' in after


@pytest.mark.parametrize(
    ("html", "sent"),
    [
        ("<p>{{ lead.v }}</p>", "<p>&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;</p>"),
        (
            "<p title='a {{ lead.v }}'>x</p>",
            "<p title='a &#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;'>x</p>",
        ),
        (
            '<a href="https://example.com/?a=1&amp;b={{ lead.v }}">x</a>',
            '<a href="https://example.com/?a=1&amp;b=%22%3E%3Cscript%3Ealert%28%271%27%29%3C%2Fscript%3E%26">x</a>',
        ),
    ],
)  # fmt: skip
def test_a_value_cannot_leave_its_place(html: str, sent: str) -> None:
    assert rendered(html, v=HOSTILE).html == sent


def test_a_value_that_begins_a_link_must_lead_to_the_web() -> None:
    html = '<a href="{{ lead.site }}">site</a>'

    assert rendered(html, site="example.com/a?b=1&c=2").html == '<a href="https://example.com/a?b=1&amp;c=2">site</a>'
    with pytest.raises(UnsafeLink):
        rendered(html, site="javascript:alert(1)")


@pytest.mark.parametrize("html", ["<p>{{ lead.city }}</p>", '<p title="{{ lead.city }}">x</p>'])
def test_a_value_that_only_the_html_prints_is_needed_too(html: str) -> None:
    template = compile_template("intro", MARKDOWN, html)

    assert template.variables == ("lead.first_name", "lead.city")
    with pytest.raises(MissingValue):
        rendered(html)


def test_conditions_and_loops_choose_whole_tags() -> None:
    html = (
        "{% if lead.vip %}\n<p>Dear</p>\n{% else %}\n<p>Hi</p>\n{% endif %}\n"
        '<ul>{% for tag in lead.tags %}<li title="{{ tag }}">{{ tag }}</li>{% endfor %}</ul>'
    )

    assert rendered(html, tags=["a", "b"]).html == (
        '<p>Hi</p>\n<ul><li title="a">a</li><li title="b">b</li></ul>'
    )  # fmt: skip
    assert rendered(html, tags=[], vip=True).html == "<p>Dear</p>\n<ul></ul>"


def test_spin_chooses_the_same_wording_in_both_parts() -> None:
    spin = '{{ spin("Hi", "Hello", "Good day") }}'
    template = compile_template("intro", spin, f"<p>{spin}</p>")

    messages = [template.render({}, f"{lead}.a") for lead in range(20)]

    assert len({message.text for message in messages}) == 3
    assert all(message.html == f"<p>{message.text}</p>" for message in messages)


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ("", "templates/intro.html: the file has no HTML."),
        ("---\nsubject: x\n---\n<p>Hi</p>", "1:1: the front matter of a template stands in its .md file."),
        ("<p>\x07</p>", "1:4: the character U+0007 is not allowed."),
        ("<p>Hi</p>\n<p>{{ lead.first_name | uper }}</p>", "2:4: Unknown filter 'uper'. Did you mean 'upper'?"),
        ("<p>Hi</p>\n  {% if lead.a %}x", "2:3: this {% if … %} is never closed."),
        ("<html><p>Hi</p></html>", "1:1: <html> is not needed. Write only what stands inside <body>"),
        ("<p>Hi</p>\n <script>x()</script>", "2:2: the tag <script> is not allowed in a message."),
        ("<tabel></tabel>", "1:1: the tag <tabel> is not allowed in a message. Did you mean 'table'?"),
        ("<p>a</p>\n<!-- hidden", "2:1: '<!' is not allowed here. Write a remark as {# … #}"),
        ("<p>1 < 2</p>", "1:6: '<' is not allowed here."),
        ("<{{ lead.first_name }}>", "1:1: '<' is not allowed here."),
        ("<{# #}script>", "the tag <script> is not allowed"),
        ('<p onclick="x()">a</p>', "1:4: the attribute 'onclick' is not allowed in a message."),
        ('<p algin="left">a</p>', "1:4: the attribute 'algin' is not allowed in a message. Did you mean 'align'?"),
        ("<img width=3>", "1:6: the value of 'width' needs quotes. Write width=\"…\"."),
        ("<img alt={{ lead.first_name }}>", "1:6: the value of 'alt' needs quotes."),
        ("<img {{ lead.first_name }}>", "1:6: a value inside a tag needs quotes."),
        ('<p style="color:{{ lead.color }}">a</p>', "1:17: a value cannot stand in a style."),
        ('<p {% if lead.a %}title="x"{% endif %}>a</p>', "1:4: a condition cannot stand inside an HTML tag."),
        ('<a href="{% if lead.a %}x{% endif %}">a</a>', "1:10: a condition cannot stand inside an HTML tag."),
        ('<p>a</p>\n<a href="javascript:x()">a</a>', "2:4: the target in 'href' does not say where it leads."),
        ('<a href=" java&#115;cript:x()">a</a>', "the target in 'href' does not say where it leads."),
        ('<img src="">', "the target in 'src' does not say where it leads."),
        ("<p>a</p>\n<div>a", "2:1: this <div> is never closed. Write </div>"),
        ('<a href="https://example.com', "1:1: this <a> is never closed."),
        ("{% if lead.a %}<b>{% endif %}x</b>", "1:16: this <b> is never closed."),
        ("<p>a</p></p>", "1:9: this </p> closes nothing."),
        ("<b><i>a</b></i>", "1:8: this </b> closes nothing."),
        ("<p =>a</p>", "1:1: this <p> cannot be read."),
    ],
)
def test_what_the_html_may_not_hold_is_told_with_its_place(html: str, told: str) -> None:
    found = problem(html)

    assert found.startswith("templates/intro.html")
    assert told in found


def test_a_workspace_freezes_the_html_into_the_revision(a_workspace: Maker) -> None:
    root = a_workspace({"templates/intro.html": "<p>Hi {{ lead.first_name | default('there') }}</p>\r\n"})

    found = workspace.load(root, {})
    revision = thaw(json.loads(json.dumps(freeze(found, "first"))))

    assert set(revision.templates) == {"intro", "intro.html"}
    assert compiled("intro", revision.templates).render({}).html == "<p>Hi there</p>\n"
    assert "templates/intro.html" in found.hashes


def test_other_html_makes_another_revision(a_workspace: Maker) -> None:
    before = freeze(workspace.load(a_workspace(), {}), "first")
    after = freeze(workspace.load(a_workspace({"templates/intro.html": "<p>Hi</p>"}), {}), "first")

    assert before["hash"] != after["hash"]


@pytest.mark.parametrize(
    ("name", "html", "told"),
    [
        (
            "templates/a/other.html",
            "<p>Hi</p>",
            "this HTML has no text beside it. Write the text part and the subject as templates/a/other.md.",
        ),
        ("templates/intro.html", "<p>Hi", "templates/intro.html:1:1: this <p> is never closed."),
        ("templates/intro.html", b"Hi \xff", "templates/intro.html:1:4: this is not text in UTF-8."),
    ],
)
def test_problems_of_html_files_are_told_with_those_of_the_workspace(
    a_workspace: Maker, name: str, html: str | bytes, told: str
) -> None:
    root = a_workspace({name: html})

    with pytest.raises(ConfigError) as caught:
        workspace.load(root, {})

    assert [told in str(each) for each in caught.value.problems] == [True]
