"""Messages as they would go out, before anything is applied."""

from __future__ import annotations

import pytest

from outreach.content.revision import Revision, freeze, thaw
from outreach.errors import UsageError
from outreach.services.sequences.preview import as_test, preview
from outreach.services.sequences.preview_page import page_of
from outreach.store.tables import touches
from outreach.testing.field import Field


def revision_of(field: Field) -> Revision:
    return thaw(freeze(field.app.workspace, "two-mails"))


def test_every_message_is_shown_as_it_goes_out(field: Field) -> None:
    lead = field.add_lead("ayse@one.example", first_name="Ayşe")

    pages = preview(field.engine, revision_of(field), lead)
    field.enroll(lead)
    field.settle()
    field.go(days=3)

    sent = field.memory().sent
    assert [page.message.subject for page in pages] == [message.subject for message in sent]
    assert [page.message.text.splitlines()[0] for page in pages] == [message.text.splitlines()[0] for message in sent]
    assert [page.message.to for page in pages] == ["ayse@one.example"] * 2


def test_a_preview_stores_nothing(field: Field) -> None:
    preview(field.engine, revision_of(field), field.add_lead("ayse@one.example"))

    assert field.rows(touches) == []


def test_a_test_mail_goes_to_oneself_and_says_so(field: Field) -> None:
    first = preview(field.engine, revision_of(field), field.add_lead("ayse@one.example"))[0]

    message = as_test(first, "me@sender.example")

    assert (message.to, message.is_test) == ("me@sender.example", True)
    assert message.subject.startswith("[test] ")


def test_what_cannot_be_written_says_why(make_field: object) -> None:
    files = {"templates/intro.md": "---\nsubject: Hello\n---\nHi {{ lead.nickname }}.\n"}
    field = make_field(files)  # type: ignore[operator]
    first = preview(field.engine, revision_of(field), field.add_lead("ayse@one.example"))[0]

    assert first.problem == "missing nickname"
    with pytest.raises(UsageError, match="step intro cannot be sent: missing nickname"):
        as_test(first, "me@sender.example")


def test_the_page_escapes_what_leads_are_called(field: Field) -> None:
    lead = field.add_lead("ayse@one.example", first_name="<script>alert(1)</script>")

    page = page_of("two-mails", preview(field.engine, revision_of(field), lead))

    assert "<script>" not in page
    assert page.count("<iframe sandbox") == 2
