"""The new text of a reply, in the languages mail programs speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.mail.html_text import text_of_html
from outreach.mail.new_text import new_text, split_text

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "new_text.txt"


def test_what_is_new_is_kept_and_the_rest_is_cut(case: Case) -> None:
    mail, _, expected = case.text.partition("\n--- new\n")

    assert new_text(mail) == expected.strip()


def test_line_ends_of_any_kind_make_no_difference(case: Case) -> None:
    mail, _, expected = case.text.partition("\n--- new\n")

    assert new_text(mail.replace("\n", "\r\n")) == expected.strip()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_it_is_never_empty_when_there_was_text(text: str) -> None:
    found = new_text(text)

    assert (
        bool(found)
        or not text.strip("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e").strip()
    )


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "> q",
                "Yes.",
                "",
                "On 5 May 2020, Anna wrote:",
                "-- ",
                "From: a",
                "Sent: b",
                "Subject: c",
                "____________",
                "Sent from my iPhone",
            ]
        ),
        max_size=12,
    )
)
def test_every_order_of_quotes_heads_and_signatures_keeps_something(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert bool(new_text(text)) == bool(text.strip())


def test_it_says_whether_anything_was_answered() -> None:
    assert split_text("Yes.\n\n> Shall we?").has_quote
    assert not split_text("Yes.").has_quote
    assert split_text("> Shall we?").is_all_there_was


def test_html_quotes_are_cut_and_answers_between_them_stay() -> None:
    html = """<html><head><style>p{}</style></head><body><div>See below.</div>
    <div class="gmail_quote">
    <div class="gmail_attr">On Tue, 5 May 2020 at 10:00, Anna &lt;anna@example.org&gt; wrote:<br></div>
    <blockquote class="gmail_quote"><div>Who buys?</div></blockquote><div>It is me.</div>
    <blockquote class="gmail_quote"><div>When?</div></blockquote><div>Tuesday&nbsp;at ten.</div></div></body></html>"""

    assert new_text(text_of_html(html)) == "See below.\n\nIt is me.\n\nTuesday at ten."


def test_the_blocks_outlook_and_yahoo_wrap_an_answered_message_in_are_cut() -> None:
    outlook = "<p>Gladly.</p><div id='divRplyFwdMsg'><b>From:</b> Anna<br>Shall we?</div>"
    yahoo = "<div>Gladly.</div><div class='yahoo_quoted'><div>On Tuesday Anna wrote:</div><div>Shall we?</div></div>"

    assert new_text(text_of_html(outlook)) == "Gladly."
    assert new_text(text_of_html(yahoo)) == "Gladly."


def test_scripts_styles_and_comments_are_no_text() -> None:
    html = "<!-- a --><script>var x = '<p>no</p>';</script><style>b{}</style><p>One<br>two &amp; three</p><p>Four</p>"

    assert text_of_html(html) == "One\ntwo & three\n\nFour"
