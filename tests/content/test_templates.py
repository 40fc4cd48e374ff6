"""Templates as people write them: both parts, places of errors, missing values, and values that mean harm."""

from __future__ import annotations

from datetime import UTC, date, datetime
from textwrap import dedent

import pytest

from outreach.content.context import build
from outreach.content.front_matter import FunnelStage
from outreach.content.templates import MissingValue, Rendered, RenderError, Template, UnsafeLink, compile_template

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def template(body: str, subject: str = "Hello", **keys: str) -> Template:
    head = "\n".join([f"subject: '{subject}'", *(f"{key}: {value}" for key, value in keys.items())])
    return compile_template("sample", f"---\n{head}\n---\n{dedent(body).lstrip()}")


def rendered(body: str, subject: str = "Hello", **lead: object) -> Rendered:
    return template(body, subject).render(build(lead, now=NOW), key="lead.step")


FOUNDERS = """\
---
subject: "{{ lead.first_name }}, a question"
preheader: Two minutes about {{ company.name }}
language: en
funnel_stage: consideration
---
Hi {{ lead.first_name }},

we help **fintechs** such as *{{ company.name }}*.
See [our page](https://example.com/a?c={{ company.name }}) or <https://example.com/b>.

{% if lead.pain_point == 'compliance' %}
Compliance takes weeks.

It need not.
{% else %}
It takes days.
{% endif %}

What you get:

- an *audit*
- a `report`
  in two lines

1. first
2. second

> Anna,
> Example Ltd

Best,
{{ sender.name }}
"""


def test_a_template_becomes_readable_text_and_html() -> None:
    context = build(
        {"first_name": "Ayşe", "pain_point": "compliance"},
        company={"name": "Kaya & Co"},
        sender={"name": "Anna Yılmaz"},
        now=NOW,
    )

    message = compile_template("founders/intro", FOUNDERS).render(context, key="1.intro")

    assert message.subject == "Ayşe, a question"
    assert message.preheader == "Two minutes about Kaya & Co"
    assert message.text == dedent(
        """\
        Hi Ayşe,

        we help fintechs such as Kaya & Co.
        See our page (https://example.com/a?c=Kaya%20%26%20Co) or https://example.com/b.

        Compliance takes weeks.

        It need not.

        What you get:

        - an audit
        - a report
          in two lines

        1. first
        2. second

        > Anna,
        > Example Ltd

        Best,
        Anna Yılmaz"""
    )
    assert message.html == dedent(
        """\
        <p>Hi Ayşe,</p>
        <p>we help <strong>fintechs</strong> such as <em>Kaya &amp; Co</em>.<br>
        See <a href="https://example.com/a?c=Kaya%20%26%20Co">our page</a> or
        <a href="https://example.com/b">https://example.com/b</a>.</p>
        <p>Compliance takes weeks.</p>
        <p>It need not.</p>

        <p>What you get:</p>
        <ul>
        <li>an <em>audit</em></li>
        <li>a <code>report</code><br>
        in two lines</li>
        </ul>
        <ol>
        <li>first</li>
        <li>second</li>
        </ol>
        <blockquote>
        <p>Anna,<br>
        Example Ltd</p>
        </blockquote>
        <p>Best,<br>
        Anna Yılmaz</p>
        """
    ).replace("or\n<a", "or <a")


def test_a_template_tells_what_its_front_matter_says() -> None:
    compiled = compile_template("founders/intro", FOUNDERS)

    assert compiled.has_subject
    assert (compiled.language, compiled.funnel_stage) == ("en", FunnelStage.CONSIDERATION)
    assert compiled.variables == ("lead.first_name", "company.name", "sender.name")


def test_a_template_without_front_matter_is_a_plain_message() -> None:
    compiled = compile_template("founders/note", "Hi {{ lead.first_name }}, *nice* to meet you")

    message = compiled.render(build({"first_name": "Deniz"}, now=NOW))

    assert not compiled.has_subject
    assert (message.subject, message.text) == ("", "Hi Deniz, nice to meet you")


def test_a_template_is_compiled_once_for_its_content() -> None:
    assert compile_template("a", "Hi") is compile_template("a", "Hi")
    assert compile_template("a", "Hi") is not compile_template("a", "Hi!")


@pytest.mark.parametrize("absent", [None, "", "  \n", "\u00a0", "\x1b\x00", "\u200b\u200e "])
def test_a_missing_value_is_an_error_and_never_a_gap(absent: object) -> None:
    with pytest.raises(MissingValue, match=r"^missing first_name$") as missing:
        rendered("Hi {{ lead.first_name }}", first_name=absent)

    assert missing.value.name == "lead.first_name"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("{{ lead.first_name | upper }}", "lead.first_name"),
        ("{{ 'Dear ' ~ lead.first_name }}", "lead.first_name"),
        ("{{ company.name }}", "company.name"),
        ("{{ lead.fields.pain_point }}", "lead.fields.pain_point"),
        ("{{ lead.score + 1 }}", "lead.score"),
        ("[here]({{ sender.booking_url }})", "sender.booking_url"),
        ("{{ spin(lead.first_name, lead.first_name) }}", "lead.first_name"),
    ],
)
def test_a_missing_value_is_named_wherever_it_hides(body: str, name: str) -> None:
    with pytest.raises(MissingValue) as missing:
        rendered(body)

    assert missing.value.name == name


def test_a_fallback_takes_the_place_of_a_missing_value() -> None:
    body = "{{ lead.first_name | default('there') }}, {{ lead.title | upper | default('friend') }}"

    assert rendered(body).text == "there, friend"
    assert rendered(body, first_name="Ayşe", title="CEO").text == "Ayşe, CEO"


def test_variables_are_those_without_which_nothing_can_be_rendered() -> None:
    body = """
        {{ lead.title | lower }} {{ lead.country | default(lead.language) }} [x](https://example.com/{{ company.id }})
        {% if lead.owner %}{{ lead.phone }}{% endif %}{% for tag in lead.tags %}{{ tag }}{% endfor %}
        {{ lead.x if lead.linkedin else lead.email }} {{ lead.title }}"""

    compiled = template(body, "{{ lead.first_name }}")

    assert compiled.variables == ("lead.first_name", "lead.title", "company.id")


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "*bold* [x](https://evil.example) `code`",
        "# Heading\n\n- item\n\n<b>",
        "{{ sender.name }}{% if 1 %}",
        "&lt;b&gt; &amp; '",
        "qax0z qaxz q0x",
    ],
)
def test_values_are_neither_markdown_nor_html_nor_template(value: str) -> None:
    message = rendered("Hi **{{ lead.first_name }}**!", "About {{ lead.first_name }}", first_name=value)

    escaped = (
        value.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&#34;")
        .replace("'", "&#39;")
    )
    assert message.text == f"Hi {value}!"
    assert message.html == f"<p>Hi <strong>{escaped}</strong>!</p>\n".replace("\n", "<br>\n", escaped.count("\n"))
    assert message.subject == "About " + " ".join(value.split())


def test_html_in_a_template_is_text() -> None:
    message = rendered("Look: <b onclick=x>this</b> <script>1</script>")

    assert message.html == "<p>Look: &lt;b onclick=x&gt;this&lt;/b&gt; &lt;script&gt;1&lt;/script&gt;</p>\n"


def test_a_subject_stays_one_line() -> None:
    value = "Ayşe\r\nBcc: victim@example.com\n\n\x00\u2028body\x85x"

    message = rendered("Hi", "Hi {{ lead.first_name }}", first_name=value)

    assert message.subject == "Hi Ayşe Bcc: victim@example.com bodyx"
    assert message.subject.isprintable()


def test_control_characters_and_broken_characters_do_not_come_through() -> None:
    message = rendered("Hi {{ lead.first_name }}", first_name="A\x00\x1b[31m\ud800y\x7fşe\r\nx")

    assert message.text == "Hi A[31myşe\nx"
    assert message.html.encode() == "<p>Hi A[31myşe<br>\nx</p>\n".encode()


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,<script>",
        "//evil.example/x",
        "/relative",
        "java\nscript:alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "https://",
        "ftp://example.com",
        "not an address",
    ],
)
def test_a_link_to_anything_but_web_and_mail_is_refused(address: str) -> None:
    with pytest.raises(UnsafeLink, match="unsafe link"):
        rendered("[here]({{ lead.website }})", website=address)


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://example.com/ş?a=1&b=2#c", "https://example.com/ş?a=1&b=2#c"),
        ("HTTP://EXAMPLE.COM", "HTTP://EXAMPLE.COM"),
        ("example.com", "https://example.com"),
        ("example.com/a b", "https://example.com/a%20b"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ('https://example.com/"onclick="x', "https://example.com/%22onclick=%22x"),
        ("https://example.com/\r\nX: y", "https://example.com/%0AX:%20y"),
    ],
)
def test_a_value_may_be_a_whole_link(address: str, target: str) -> None:
    message = rendered("[here]({{ lead.website }})", website=address)

    assert message.text == f"here ({target})"
    assert message.html == f'<p><a href="{target.replace("&", "&amp;")}">here</a></p>\n'


def test_a_value_inside_a_link_cannot_leave_its_place() -> None:
    body = "[x](https://{{ company.domain }}/p/{{ lead.id }}?q={{ lead.title }})"
    context = build({"id": "../a?b=c", "title": "a&admin=1#x y"}, company={"domain": "evil.example/@"}, now=NOW)

    message = template(body).render(context)

    assert message.text == "x (https://evil.example%2F%40/p/..%2Fa%3Fb%3Dc?q=a%26admin%3D1%23x%20y)"


def test_a_link_whose_words_are_its_address_is_written_once() -> None:
    body = (
        "[{{ lead.website }}]({{ lead.website }}) [https://example.com/a](https://example.com/a) <mailto:a@example.com>"
    )

    assert rendered(body, website="https://example.com").text == (
        "https://example.com https://example.com/a a@example.com"
    )


def test_lines_of_a_condition_in_a_paragraph_leave_nothing_behind() -> None:
    body = """
        First.
        {% if lead.vip %}
        Second, *very* important.
        {% endif %}
        Third.
        {% if lead.vip %}
        Fourth.
        {% endif %}

        Last."""

    assert rendered(body, vip=True).text == "First.\nSecond, very important.\nThird.\nFourth.\n\nLast."
    assert rendered(body).text == "First.\nThird.\n\nLast."
    assert rendered(body).html == "<p>First.<br>\nThird.</p>\n<p>Last.</p>\n"


def test_a_condition_inside_a_line_is_a_part_of_the_line() -> None:
    body = "A {% if lead.vip %}**big**{% elif lead.title %}{{ lead.title }}{% else %}small{% endif %} thing\n\nEnd"

    assert rendered(body, vip=True).html == "<p>A <strong>big</strong> thing</p>\n<p>End</p>\n"
    assert rendered(body, title="fine").text == "A fine thing\n\nEnd"
    assert rendered(body).text == "A small thing\n\nEnd"


def test_a_paragraph_that_is_only_a_condition_disappears_as_a_whole() -> None:
    body = "A\n\n{% if lead.vip %}B{% endif %}\n\nC"

    assert rendered(body).html == "<p>A</p>\n\n<p>C</p>\n"
    assert rendered(body).text == "A\n\nC"
    assert rendered(body, vip=1).text == "A\n\nB\n\nC"


def test_conditions_may_stand_in_conditions() -> None:
    body = """
        {% if lead.vip %}
        Hello
        {% if lead.title %}
        dear {{ lead.title }}
        {% endif %}
        {% endif %}
        Bye"""

    assert rendered(body, vip=True, title="CEO").text == "Hello\ndear CEO\n\nBye"
    assert rendered(body, vip=True).text == "Hello\n\nBye"
    assert rendered(body).text == "Bye"


def test_a_loop_over_items_is_one_list() -> None:
    body = """
        You are:
        {% for tag in lead.tags %}
        - a **{{ tag }}**
        {% endfor %}
        Right?"""

    message = rendered(body, tags=["founder", "<cto>"])

    assert message.text == "You are:\n\n- a founder\n- a <cto>\n\nRight?"
    assert message.html == (
        "<p>You are:</p>\n<ul>\n<li>a <strong>founder</strong></li>\n<li>a <strong>&lt;cto&gt;</strong></li>\n</ul>\n"
        "\n<p>Right?</p>\n"
    )
    assert rendered(body).text == "You are:\n\nRight?"
    assert "<ul>" not in rendered(body).html


def test_a_loop_inside_a_line_repeats_words() -> None:
    assert rendered("Tags:{% for t in lead.tags %} {{ t }}{% endfor %}.", tags=["a", "b"]).text == "Tags: a b."


def test_comments_leave_nothing_behind() -> None:
    assert rendered("A\n{# for the team #}\nB {# here #}C").text == "A\nB C"


def test_dashes_in_tags_strip_white_space() -> None:
    assert rendered("A\n\n{{- ' x' -}}\n\nB").text == "A xB"


def test_values_are_written_as_people_write_them() -> None:
    body = """{{ lead.tags }} | {{ lead.score }} | {{ lead.rate }} | {{ lead.whole }} | {{ lead.vip }} | {{ lead.day }}|
        {{ lead.day | date("%d.%m.%Y") }} | {{ lead.text_day | date("%d %B") }} | {{ now }}"""

    text = rendered(
        body, tags=["a", "b"], score=3, rate=0.5, whole=4.0, vip=True, day=date(2026, 3, 2), text_day="2026-12-24"
    ).text

    assert text.split(" |") == [
        "a, b", " 3", " 0.5", " 4", " true", " 2026-03-02|\n02.03.2026", " 24 December", " 2026-03-02 09:00",
    ]  # fmt: skip


def test_turkish_letters_keep_their_dots() -> None:
    body = "{{ lead.city | upper }} {{ lead.city | lower }} {{ lead.name2 | title }} {{ lead.name2 | capitalize }}"
    context = build({"city": "Iğdır istanbul", "name2": "ışık İNCİ"}, now=NOW)

    assert template(body, language="tr").render(context).text == "IĞDIR İSTANBUL ığdır istanbul Işık İnci Işık İNCİ"
    assert template(body, language="en").render(context).text.startswith("IĞDIR ISTANBUL")


def test_spin_chooses_by_lead_and_step_and_the_same_in_both_parts() -> None:
    compiled = template('{{ spin("Hi", "Hello", "Dear") }} {{ spin("a", "b") }}', '{{ spin("Hi", "Hello", "Dear") }}')
    context = build({}, now=NOW)

    messages = [compiled.render(context, key=f"lead{number}.intro") for number in range(300)]

    first = [message.text.split()[0] for message in messages]
    assert all(60 < first.count(word) < 140 for word in ("Hi", "Hello", "Dear"))
    assert all(f"<p>{message.text}</p>\n" == message.html for message in messages)
    assert all(message.subject == word for message, word in zip(messages, first, strict=True))
    assert len({message.text for message in messages}) == 6
    assert compiled.render(context, key="lead7.intro") == messages[7]


def test_an_empty_message_or_subject_is_never_sent() -> None:
    with pytest.raises(RenderError, match="empty message"):
        rendered("{% if lead.vip %}Hi{% endif %}")
    with pytest.raises(RenderError, match="empty subject"):
        rendered("Hi", "{% if lead.vip %}Hi{% endif %}")


def test_output_is_bounded() -> None:
    with pytest.raises(RenderError, match="the message is longer"):
        rendered("{% for x in lead.list %}{{ x }}{{ x }}{{ x }}\n{% endfor %}", list=["x" * 16_000] * 90)
    with pytest.raises(RenderError, match="a value is longer"):
        rendered("{{ lead.note }}", note="x" * 20_000)
    with pytest.raises(RenderError, match="the subject is longer"):
        rendered("Hi", "{{ lead.note }}", note="x" * 2_000)


def test_a_loop_ends_after_a_hundred_turns() -> None:
    assert rendered("{% for x in lead.list %}.{% endfor %}", list=["x"] * 1000).text == "." * 100


@pytest.mark.parametrize("value", [{"a": 1}, [{"a": 1}]])
def test_a_group_of_values_has_no_text(value: object) -> None:
    with pytest.raises(RenderError, match="has no text of its own"):
        rendered("{{ lead.thing }}", thing=value)


def test_an_object_handed_in_by_mistake_is_not_reached_into() -> None:
    class Secret:
        token = "hunter2"

    with pytest.raises(MissingValue):
        compile_template("x", "{{ lead.token }}").render({"lead": Secret()})
    with pytest.raises(RenderError, match="a Secret has no text"):
        compile_template("x", "{{ lead }}").render({"lead": Secret()})


def test_dates_speak_the_language_of_the_template() -> None:
    context = build({"day": "2026-03-02"}, now=NOW)
    body = "{{ lead.day | date('%d %B %Y, %A 100%% %%B') }}"

    assert template(body, language="tr").render(context).text == "02 Mart 2026, Pazartesi 100% %B"
    assert template(body, language="de-AT").render(context).text == "02 März 2026, Montag 100% %B"
    assert template(body, language="fi").render(context).text == "02 March 2026, Monday 100% %B"


@pytest.mark.parametrize("pattern", ["%999999999d", "%-d", "%s", "%n", "%", "%Y" * 60])
def test_a_date_has_no_other_patterns(pattern: str) -> None:
    with pytest.raises(RenderError, match="date in the pattern"):
        rendered("{{ lead.day | date(lead.pattern) }}", day="2026-03-02", pattern=pattern)


def test_a_template_says_which_values_a_lead_lacks() -> None:
    body = "{{ lead.first_name }} {{ lead.tags[0] }} {{ lead.fields['Pain point'] }} {{ lead.x | default(1) }}"
    compiled = template(body)

    assert compiled.missing(build({"tags": ["a"]}, now=NOW)) == ("lead.first_name", "lead.fields.Pain point")
    assert compiled.missing(build({"first_name": "A", "tags": ["a"], "fields": {"Pain point": "x"}}, now=NOW)) == ()


def test_indented_and_underlined_lines_are_text() -> None:
    message = rendered("Hi\n\n    indented\n\nBest,\n--\nAnna\n===\nx")

    assert message.html == "<p>Hi</p>\n<p>indented</p>\n<p>Best,<br>\n--<br>\nAnna<br>\n===<br>\nx</p>\n"


def test_a_bare_address_is_a_link_in_html() -> None:
    body = (
        "See https://example.com/a?b=c, or (http://example.com/{{ lead.id }}). [https://a.example/x](https://b.example)"
    )
    message = rendered(body, id="ş 1")

    assert message.text == (
        "See https://example.com/a?b=c, or (http://example.com/%C5%9F%201). https://a.example/x (https://b.example)"
    )
    assert message.html == (
        '<p>See <a href="https://example.com/a?b=c">https://example.com/a?b=c</a>, '
        'or (<a href="http://example.com/%C5%9F%201">http://example.com/ş 1</a>). '
        '<a href="https://b.example">https://a.example/x</a></p>\n'
    )


def test_what_spin_chose_is_told_once_in_the_order_of_the_text() -> None:
    source = '{{ spin("Hi", "Hello") }} {{ spin("a", "b") }} {{ spin("Hi", "Hello") }}'
    compiled = compile_template("intro", source)

    rendered = compiled.render({}, key="lead-1.intro")

    first, second, again = rendered.text.split()
    assert first == again
    assert rendered.wording == f"{first} | {second}"
    assert compile_template("plain", "Hello").render({}, key="lead-1.intro").wording == ""
