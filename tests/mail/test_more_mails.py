"""Mails of many programs, and of people who write about the same things: each is told for what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from outreach.mail.html_text import text_of_html
from outreach.mail.new_text import new_text
from outreach.mail.understand import understand

if TYPE_CHECKING:
    from tests.mail.conftest import Case

CASES = "more_mails.txt"
_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_NEW = "Sounds good, Tuesday works."


def test_a_mail_is_what_it_is(case: Case) -> None:
    kind, reason = case.expected

    found = understand(case.text.encode(), now=_NOW)

    assert (found.kind, found.reason or "-") == (kind, reason)


@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_line_ends_make_no_difference(case: Case, ending: bytes) -> None:
    raw = case.text.encode().replace(b"\n", ending)

    assert understand(b"From someone Mon Mar  2 10:00:00 2026" + ending + raw, now=_NOW).kind == case.expected[0]


@pytest.mark.parametrize(
    "source",
    [
        (
            f'<div dir="ltr">{_NEW}</div><br><div class="gmail_quote"><div class="gmail_attr">On 2 March 2026 at 10:00'
            " Anna &lt;anna@example.org&gt; wrote:<br></div><blockquote>hi</blockquote></div>"
        ),
        (
            f"<p class=MsoNormal>{_NEW}</p><div><p><b>From:</b> Anna &lt;anna@example.org&gt;<br><b>Sent:</b> Mon<br>"
            "<b>To:</b> Ada<br><b>Subject:</b> Hi</p></div><p>hi</p>"
        ),
        f'<div>{_NEW}</div><hr><div id="divRplyFwdMsg"><b>Von:</b> Anna<br><b>Gesendet:</b> x</div><div>hi</div>',
        f'<div>{_NEW}</div><div class="yahoo_quoted"><div>On Monday, Anna wrote:</div><div>hi</div></div>',
        f'{_NEW}<br><blockquote type="cite"><div>On Mar 2, 2026, Anna wrote:</div><div>hi</div></blockquote>',
        (
            f'<p>{_NEW}</p><div class="moz-cite-prefix">Am 02.03.26 um 10:00 schrieb Anna:<br></div>'
            '<blockquote type="cite">hi</blockquote>'
        ),
        f"<style>p{{}}</style><p>{_NEW}</p><!--[if mso]><p>x</p><![endif]-->",
    ],
    ids=["gmail", "outlook", "outlook on the web", "yahoo", "apple", "thunderbird", "hidden parts"],
)
def test_what_is_new_in_html_is_found(source: str) -> None:
    assert new_text(text_of_html(source)) == _NEW
