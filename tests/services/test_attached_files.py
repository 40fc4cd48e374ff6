"""Files of a workspace that mails carry: checked when it is loaded, kept with the revision, found by their content."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content.attached_files import MAX_FILE, MAX_TOGETHER, read_file
from outreach.content.workspace import validate
from outreach.errors import UsageError
from outreach.services.sequences.apply_files import apply
from outreach.store.tables import contents, touches
from outreach.testing.field import Field

MakeField = Callable[[dict[str, str]], Field]
PDF = b"%PDF-1.7 the brochure"
PNG = b"\x89PNG\r\n\x1a\n"


def template(front: str, text: str = "Hello") -> dict[str, str]:
    return {"templates/intro.md": f"---\nsubject: Hello\n{front}\n---\n{text}\n"}


@pytest.fixture
def make_with_files(tmp_path: Path, make_field: MakeField) -> MakeField:
    """A field whose workspace has a brochure and a logo."""
    folder = tmp_path / "workspace" / "attachments"
    folder.mkdir(parents=True)
    (folder / "brochure.pdf").write_bytes(PDF)
    (folder / "logo.png").write_bytes(PNG)
    return make_field


def problems(field: Field) -> str:
    return "\n".join(map(str, validate(field.root, {})))


def sent_files(field: Field) -> list[list[tuple[str, bytes]]]:
    return [[(each.name, each.content) for each in message.attachments] for message in field.memory().sent]


def test_the_file_goes_out_as_it_was_applied_whatever_became_of_it(make_with_files: MakeField) -> None:
    field = make_with_files(template("attachments: [brochure.pdf]"))
    apply(field.engine, field.app.workspace, by="test")
    (field.root / "attachments/brochure.pdf").write_bytes(b"%PDF-1.7 another one")

    field.enroll(field.add_lead("ada@lead.example"))
    field.settle()

    assert sent_files(field) == [[("brochure.pdf", PDF)]]


def test_contents_are_kept_once(make_with_files: MakeField) -> None:
    field = make_with_files(template("attachments: [brochure.pdf]"))

    for _ in range(2):
        apply(field.engine, field.app.workspace, by="test")

    assert [bytes(row["body"]) for row in field.rows(contents)] == [PDF]


def test_a_file_that_changes_while_it_is_applied_is_refused(make_with_files: MakeField) -> None:
    field = make_with_files(template("attachments: [brochure.pdf]"))
    assert field.app.workspace.files
    (field.root / "attachments/brochure.pdf").write_bytes(b"%PDF-1.7 another one")

    with pytest.raises(UsageError, match="Run outreach apply again"):
        apply(field.engine, field.app.workspace, by="test")


def test_a_file_that_is_nowhere_any_more_keeps_the_mail_back_with_the_reason(make_with_files: MakeField) -> None:
    field = make_with_files(template("attachments: [brochure.pdf]"))
    (field.root / "attachments/brochure.pdf").unlink()

    field.enroll(field.add_lead("ada@lead.example"))
    field.settle()

    assert field.memory().sent == []
    assert "missing file brochure.pdf" in str(field.row(touches)["block"])


def test_a_revision_without_files_is_as_it_was(make_field: MakeField) -> None:
    field = make_field({})

    assert field.app.workspace.files == {}
    assert field.rows(contents) == []


def test_an_image_is_known_by_the_name_the_text_shows_it_by(make_with_files: MakeField) -> None:
    field = make_with_files(template("images: {logo: logo.png}", "![Our logo](cid:logo)\n\nHello"))

    field.enroll(field.add_lead("ada@lead.example"))
    field.settle()

    (message,) = field.memory().sent
    assert [(each.content_id, each.content_type) for each in message.attachments] == [("logo", "image/png")]
    assert 'src="cid:logo"' in message.html
    assert "cid:" not in message.text


@pytest.mark.parametrize(
    ("front", "text", "said"),
    [
        ("attachments: [nothing.pdf]", "Hello", "there is no file attachments/nothing.pdf"),
        ("attachments: [../config/outreach.yaml]", "Hello", "is of no kind that may be attached"),
        ("attachments: [../secret.pdf]", "Hello", "lies outside of attachments/"),
        ("attachments: [run.exe]", "Hello", "is of no kind that may be attached"),
        ("attachments: brochure.pdf", "Hello", "must be a list of files"),
        ("attachments: []", "Hello", "must be a list of files"),
        ("images: {logo: brochure.pdf}", "Hello", "must be a png, jpg, gif or webp file"),
        ("images: {'a b': logo.png}", "Hello", "is not a name"),
        ("images: [logo.png]", "Hello", "must be names with files"),
        ("images: {logo: logo.png}", "![Logo](cid:lgo)", "names no such image. Did you mean 'logo'?"),
        ("language: en", "![Logo](cid:logo)", "names no such image"),
        ("atachments: [brochure.pdf]", "Hello", "Did you mean 'attachments'?"),
    ],
)
def test_what_is_wrong_is_said_when_files_are_checked(
    make_with_files: MakeField, front: str, text: str, said: str
) -> None:
    field = make_with_files({})
    (field.root / "secret.pdf").write_bytes(PDF)
    (field.root / "templates/intro.md").write_text(template(front, text)["templates/intro.md"], "utf-8")

    assert said in problems(field)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"MZ an executable", "is not what its name says"),
        (PDF + b"x" * MAX_FILE, "larger than 5 MB"),
    ],
)
def test_a_file_that_should_not_go_out_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments/a.pdf").write_bytes(content)

    with pytest.raises(ValueError, match=said):
        read_file(tmp_path, "a.pdf")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "attachments").mkdir()
    (tmp_path / "secret.pdf").write_bytes(PDF)
    (tmp_path / "attachments/a.pdf").symlink_to(tmp_path / "secret.pdf")

    with pytest.raises(ValueError, match="lies outside"):
        read_file(tmp_path, "a.pdf")


def test_files_may_not_be_too_large_together(make_with_files: MakeField) -> None:
    field = make_with_files({})
    for name in ("one", "two"):
        (field.root / f"attachments/{name}.pdf").write_bytes(PDF + b"x" * (MAX_TOGETHER // 2))
    written = template("attachments: [one.pdf, two.pdf]")["templates/intro.md"]
    (field.root / "templates/intro.md").write_text(written, "utf-8")

    assert "larger than 7 MB together" in problems(field)
