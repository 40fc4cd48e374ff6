"""Refusals as people write them: bare, with a greeting and a signature, and above a quote that speaks of opting out."""

from __future__ import annotations

import pytest

from outreach.mail.understand import understand
from outreach.mail.understood import Kind
from tests.mail.conftest import FOLDER

_HEAD = (
    "From: ada@example.com\nTo: anna@example.org\nSubject: Re: A question\nIn-Reply-To: <e1@example.org>\n"
    "Content-Type: text/plain; charset=utf-8\n\n"
)
_QUOTE = "\n\nOn 2 March 2026 at 10:15, Anna <anna@example.org> wrote:\n> Time?\n> To unsubscribe click here.\n"
_FORMS = {
    "bare": "{}",
    "above a quote": "{}" + _QUOTE,
    "in a letter": "Hello,\n\n{}\n\nAda Example\nHead of Things\nExample Ltd\n+49 555 0100\n" + _QUOTE,
}
REFUSALS = (FOLDER / "opt_outs_in_words.txt").read_text("utf-8").splitlines()[1:]
OTHERS = (FOLDER / "no_opt_outs.txt").read_text("utf-8").splitlines()[1:]


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("said", REFUSALS)
def test_who_refuses_in_words_has_opted_out(said: str, form: str) -> None:
    assert understand((_HEAD + _FORMS[form].format(said)).encode()).kind is Kind.UNSUBSCRIBE


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("said", OTHERS)
def test_who_speaks_of_something_else_has_not(said: str, form: str) -> None:
    assert understand((_HEAD + _FORMS[form].format(said)).encode()).kind is Kind.REPLY
