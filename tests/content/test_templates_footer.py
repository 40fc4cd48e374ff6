"""What an e-mail ends with."""

from __future__ import annotations

import pytest

from outreach.content.message_text import LANGUAGES, with_footer, with_signature
from outreach.content.templates import Rendered

MESSAGE = Rendered(subject="Hello", text="Hi Ayşe", html="<p>Hi Ayşe</p>\n", preheader="Two <minutes>")
URL = "https://outreach.example.com/u/abc?x=1&y=2"


def footed(language: str | None = "en", message: Rendered = MESSAGE) -> Rendered:
    return with_footer(
        message,
        organisation_name="Example & Co",
        postal_address="1 Example St,\nIstanbul",
        unsubscribe_url=URL,
        language=language,
    )


def test_both_parts_say_who_writes_and_how_to_stop_it() -> None:
    message = footed()

    assert message.text == (
        "Hi Ayşe\n\n--\nExample & Co, 1 Example St, Istanbul\n"
        f"If you would rather not hear from us, unsubscribe here: {URL}\n"
    )
    assert "Example &amp; Co, 1 Example St, Istanbul<br>" in message.html
    assert '<a href="https://outreach.example.com/u/abc?x=1&amp;y=2">unsubscribe here</a>.</p>' in message.html


def test_the_html_part_becomes_one_whole_page_with_its_preheader() -> None:
    html = footed("pt-BR").html

    assert html.startswith('<!doctype html>\n<html lang="pt-BR">\n')
    assert "Two &lt;minutes&gt;</div>\n<p>Hi Ayşe</p>\n" in html
    assert html.endswith("</body>\n</html>\n")
    assert html.count("<html") == html.count("</html>") == 1


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_has_words_of_its_own(language: str) -> None:
    message = footed(language)

    assert URL in message.text
    assert (language == "en") is ("unsubscribe here" in message.text)
    assert (language == "en") is ("unsubscribe here" in message.html)
    assert f'<html lang="{language}">' in message.html


def test_a_region_is_read_and_an_unknown_language_is_english() -> None:
    assert "melden Sie sich hier ab" in footed("de-AT").text
    assert "unsubscribe here" in footed("fi").text
    assert "unsubscribe here" in footed(None).text
    assert '<html lang="ar" dir="rtl">' in footed("ar").html
    assert '<html lang="en">' in footed('"><script>').html


def test_nine_languages_are_there() -> None:
    assert sorted(LANGUAGES) == ["de", "en", "es", "fr", "it", "nl", "pl", "pt", "tr"]


def test_braces_in_a_message_are_left_alone() -> None:
    message = footed(message=Rendered(subject="s", text="{0} {} {x}", html="<p>{0} {} {x}</p>\n", preheader="{} {y}"))

    assert message.text.startswith("{0} {} {x}\n\n")
    assert "{} {y}</div>\n<p>{0} {} {x}</p>" in message.html


def test_a_signature_is_written_once_and_escaped() -> None:
    signed = with_signature(MESSAGE, "Anna <Yılmaz>\nExample Ltd\n")

    assert signed.text == "Hi Ayşe\n\nAnna <Yılmaz>\nExample Ltd"
    assert signed.html == "<p>Hi Ayşe</p>\n<p>Anna &lt;Yılmaz&gt;<br>\nExample Ltd</p>\n"
    assert with_signature(signed, "Anna <Yılmaz>\nExample Ltd") is signed
    assert with_signature(MESSAGE, " \n") is MESSAGE
