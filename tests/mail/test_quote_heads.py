"""The heads that mail programs put above what is answered, in many languages; and texts that only look like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from outreach.mail.new_text import new_text, split_text
from tests.mail.conftest import FOLDER, read_cases

_NEW = "Thanks, that sounds good.\n\nLet us speak on Tuesday at ten.\n\nBest\nAda"
_OLD = ("Hello Ada,", "", "would you have time next week?", "", "Anna")
_MARKED = "\n".join(f"> {line}".rstrip() for line in _OLD)


def _heads(path: Path) -> list[str]:
    lines = path.read_text("utf-8").splitlines()[1:]
    return [line.replace("\\n", "\n").replace("\\t", "\t") for line in lines]


HEADS = _heads(FOLDER / "quote_heads.txt")
WHOLE = read_cases("whole_texts.txt")


@pytest.mark.parametrize("head", HEADS)
def test_what_stands_above_a_marked_quote_is_new(head: str) -> None:
    found = split_text(f"{_NEW}\n\n{head}\n\n{_MARKED}\n")

    assert found.text == _NEW
    assert found.has_quote


@pytest.mark.parametrize("head", HEADS)
def test_a_head_right_below_the_signature_takes_nothing_with_it(head: str) -> None:
    assert new_text(f"{_NEW}\n{head}\n{_MARKED}\n") == _NEW


@pytest.mark.parametrize("head", [head for head in HEADS if "\n>" not in head])
def test_what_stands_above_a_quote_that_is_not_marked_is_new(head: str) -> None:
    old = "\n".join(_OLD)

    assert new_text(f"{_NEW}\n\n{head}\n\n{old}\n") == _NEW


@pytest.mark.parametrize("rule", ["—————", "_______________________", "-----"])
def test_a_card_below_a_rule_is_a_signature(rule: str) -> None:
    assert new_text(f"{_NEW}\n\n{rule}\nAda Example\nHead of Things\n+49 555 0100\n") == _NEW


@pytest.mark.parametrize("text", [case.text for case in WHOLE], ids=[case.name for case in WHOLE])
def test_a_text_without_a_quote_is_kept_whole(text: str) -> None:
    assert new_text(text) == text.strip()


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Yes, gladly. On Wed, Apr 4, 2026 at 3:59 PM, anna@example.org wrote:\n> Hi", "Yes, gladly."),
        ("Yes, gladly.--- On Wed, Apr 4, 2026 at 3:59 PM, anna@example.org wrote:\n> Hi", "Yes, gladly."),
        ("Gerne! Am 04.03.2026 um 10:15 schrieb Anna Example:\n> Hallo", "Gerne!"),
        ("Yes.\n\n---- Ada Example wrote ----\n\nHello there", "Yes."),
        ("Vâng.\n\nTừ: anna@example.org\nĐã gửi: 2 tháng 3, 2026\nTới: ada@example.com\nChủ đề: Hỏi\n\nChào", "Vâng."),
        ("Yes.\n\nOn 2 March 2026, Anna wrote:\n> our page (\nhttp://example.org/c/Yz) >\n> and tell me\n", "Yes."),
    ],
)
def test_a_head_or_a_link_that_lost_its_line_is_still_no_new_text(text: str, new: str) -> None:
    assert new_text(text) == new


@pytest.mark.parametrize(
    "text",
    [
        "On Monday he wrote: no.\n\nSo that is settled.",
        "Look what Ada wrote: On 4 March 2026 we met, and that was that.",
        ">>> our new page <<<\n\nHave a look.",
    ],
)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert new_text(text) == text


def test_a_link_between_quotes_may_be_the_answer() -> None:
    assert new_text("> Where is it\nhttps://example.com/here\n> and when\n") == "https://example.com/here"
