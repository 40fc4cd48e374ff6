"""Whatever a template says and a value holds: an error with a place, or a bounded, harmless message."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given, settings
from hypothesis import strategies as st

from outreach.content.message_text import with_footer
from outreach.content.templates import MAX_OUTPUT, Rendered, RenderError, Template, compile_template
from outreach.errors import ConfigError

PIECES = st.sampled_from(
    [
        "---\n", "subject: a\n", "subject: '{{ lead.a }}'\n", "language: tr\n", "{{ ", " }}", "{% ", " %}", "{# ",
        " #}", "{{ lead.a }}", "{{ lead.b | default('x') }}", "{{- lead.a -}}", "{% if lead.a %}", "{% elif lead.b %}",
        "{% else %}", "{% endif %}", "\n{% if lead.a %}\n", "\n{% endif %}\n", "{% for x in lead.c %}", "{{ x }}",
        "{% endfor %}", "\n{% for x in lead.c %}\n", "\n{% endfor %}\n", "{% if lead.a %}k{% endif %}", "\n", "\n\n",
        "  ", "    ", "\t", "- ", "1. ", "> ", "# ", "```", "`", "*", "**", "_", "[", "](", ")", "](https://a.example/",
        "![", "<https://a.example>", "[k]: https://a.example\n", "[k]", "<b>", "&amp;", "&#x7b;", "---", "===", "\\",
        "word", "ş", "'", '"', "qax0z", "qaxz", "qbx1z", "{{ spin('a', lead.a) }}", "{{ lead.c | join }}", "(", "|",
    ]
)  # fmt: skip
VALUES = st.none() | st.text(max_size=12) | st.integers() | st.floats() | st.lists(st.text(max_size=4), max_size=3)
EVIL = st.sampled_from(
    [
        "<script>x</script>",
        "\" onload='x'",
        "javascript:x",
        "](javascript:x)",
        "{{ lead.b }}",
        "qax0z",
        "\n\n# x",
        "*a*",
    ]
)
HARMLESS = {
    "p", "strong", "em", "a", "br", "ul", "ol", "li", "blockquote", "code", "pre", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "img",
}  # fmt: skip


class Markup(HTMLParser):
    """Gathers tags and targets, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.targets: list[str] = []
        self.open: list[str] = []
        self.is_balanced = True
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.targets += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.is_balanced = self.is_balanced and bool(self.open) and self.open.pop() == tag


def compiled(source: str) -> Template | None:
    try:
        return compile_template.__wrapped__("sample", source)
    except ConfigError as error:
        if any(problem.file != "templates/sample.md" for problem in error.problems):
            raise
        return None


def check_message(message: Rendered) -> None:
    markup = Markup(message.html)
    assert markup.tags <= HARMLESS
    assert markup.attributes <= {"href", "src", "alt", "title", "start", "class"}
    assert markup.is_balanced
    assert not markup.open
    assert all(target.lower().startswith(("https://", "http://", "mailto:")) for target in markup.targets)
    assert len(message.text) <= MAX_OUTPUT
    assert not any(line_end in message.subject for line_end in "\r\n\x00\u2028\x85")
    message.text.encode()
    message.html.encode()


@settings(max_examples=500, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14), a=VALUES | EVIL, b=VALUES | EVIL, c=st.lists(VALUES | EVIL, max_size=3))
@example(pieces=["> ", "\n{% if lead.a %}\n", "k", "\n{% endif %}\n"], a="x", b=None, c=[])
@example(
    pieces=["- ", "\n{% for x in lead.c %}\n", "- ", "{{ x }}", "\n{% endfor %}\n"], a="x", b=None, c=["<p>", None]
)
@example(pieces=["[k]: https://a.example/", "{{ lead.a }}", "\n\n", "[k]"], a="x/../y", b=None, c=[])
@example(pieces=["[k]: ", "{{ lead.a }}", "\n\n", "[k]"], a="javascript:x", b=None, c=[])
def test_any_text_is_refused_or_becomes_a_harmless_message(
    pieces: list[str], a: object, b: object, c: list[object]
) -> None:
    template = compiled("".join(pieces))
    if template is None:
        return

    try:
        message = template.render({"lead": {"a": a, "b": b, "c": c}}, key="1.a")
    except RenderError:
        return

    check_message(message)


@settings(max_examples=200, deadline=None)
@given(source=st.text(alphabet=st.characters(codec=None, categories=None), max_size=200))
@example(source="---\n\ud800")
@example(source="{{ 1 if 2 }}")
@example(source="\ufeff---\nsubject: a\n---\nb")
@example(source="[" * 5_000)
@example(source="> " * 5_000 + "a")
@example(source="- " * 500 + "a")
@example(source="*a " * 5_000)
@example(source="{{" * 5_000)
@example(source="{{ ((((" * 200)
@example(source="{% if 1 %}" * 2_000)
@example(source="---\na: " + "[" * 5_000 + "\n---\nx")
def test_any_characters_are_refused_or_become_a_template(source: str) -> None:
    template = compiled(source)

    if template is not None:
        try:
            check_message(template.render({}, key="1.a"))
        except RenderError:
            return


@settings(max_examples=200, deadline=None)
@given(value=st.text(max_size=40) | EVIL)
def test_no_value_becomes_a_tag_an_attribute_or_a_header(value: str) -> None:
    head = "---\nsubject: 'Hi {{ lead.a }}'\npreheader: '{{ lead.a }}'\n---\n"
    source = head + "Hi **{{ lead.a }}** [x](https://a.example/{{ lead.a }})"
    try:
        message = compile_template("values", source).render({"lead": {"a": value}})
    except RenderError:
        return

    page = with_footer(
        message,
        organisation_name="Example",
        postal_address="1 St",
        unsubscribe_url="https://o.example/u/1",
        language="en",
    )

    check_message(message)
    assert Markup(message.html).tags == {"p", "strong", "a"} | ({"br"} if "<br>" in message.html else set())
    assert page.html.count("<div") == 1
