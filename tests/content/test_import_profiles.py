"""Whose export a list is: profiles that come along, and those a team has saved."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from outreach.content.csv_rows import BadRow, Row
from outreach.content.import_profiles import NAMES, load_profile, save_profile
from outreach.content.lead_files import LeadFile, open_lead_file
from outreach.content.lead_rows import Terms, understand
from outreach.domain.lead import LeadDraft
from outreach.errors import ConfigError

HEADERS = {
    "lemlist": ("email,firstName,lastName,companyName,linkedinUrl,jobTitle,lastState,icebreaker", "emailsUnsubscribed"),
    "lagrowthmachine": ("proEmail,firstname,lastname,companyName,linkedinUrl,jobTitle,doNotContact,gender", "true"),
    "outreach": ("Emails,First Name,Last Name,Account,LinkedIn URL,Title,Opted Out,Persona", "Yes"),
    "hubspot": (
        "Email,First Name,Last Name,Company Name,LinkedIn URL,Job Title,Unsubscribed from all email,City",
        "true",
    ),
    "mautic": ("email,firstname,lastname,company,linkedin,position,dnc,city", "1"),
}


def drafts(file: LeadFile) -> list[LeadDraft]:
    terms = Terms(columns=file.columns, default_source="list")
    return [understand(row.cells, terms).draft for row in file.rows() if isinstance(row, Row)]


@pytest.mark.parametrize("name", NAMES)
def test_an_export_is_understood_with_its_opt_outs(tmp_path: Path, name: str) -> None:
    header, yes = HEADERS[name]
    person = "Ada,Byron,Sample Firm,https://www.linkedin.com/in/ada,CTO"
    path = tmp_path / "export.csv"
    path.write_text(f"{header}\na@one.example,{person},{yes},x\nb@one.example,{person.replace('/ada', '/bea')},,x\n")

    gone, open_one = drafts(open_lead_file(path, load_profile(tmp_path, name).columns))

    assert (gone.first_name, gone.last_name, gone.company.name, gone.title) == ("Ada", "Byron", "Sample Firm", "CTO")
    assert len(gone.addresses) == 2
    assert (gone.never, open_one.never) == ("unsubscribed", "")


@pytest.mark.parametrize(
    ("row", "never"),
    [
        ("TRUE,,,,", "bounced"),
        (",TRUE,,,", "unsubscribed"),
        (",,TRUE,,", "complained"),
        ("FALSE,FALSE,FALSE,TRUE,", "bounced"),
        ("FALSE,FALSE,FALSE,FALSE,", ""),
    ],
)
def test_the_list_of_unsubscribes_and_bounces_of_hubspot_says_why(tmp_path: Path, row: str, never: str) -> None:
    header = "Email,Portal Bounce,Portal Unsubscribe,Portal Spam Report,Global Bounce,Marketing Information"
    path = tmp_path / "unsubscribes.csv"
    path.write_text(f"{header}\na@one.example,{row}\n", encoding="utf-8")

    found = drafts(open_lead_file(path, load_profile(tmp_path, "hubspot").columns))

    assert [each.never for each in found] == [never]


@pytest.mark.parametrize(
    ("header", "value", "never"),
    [
        ("Unsubscribed", "yes", "unsubscribed"),
        ("Unsubscribed", "2025-04-01", "unsubscribed"),
        ("Unsubscribed", "No", ""),
        ("Unsubscribed", "Hayır", ""),
        ("Do Not Contact", "FALSE", ""),
        ("Bounced", "true", "bounced"),
        ("DNC", "0", ""),
    ],
)
def test_any_list_may_say_who_opted_out(tmp_path: Path, header: str, value: str, never: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"email,{header}\na@one.example,{value}\n", encoding="utf-8")

    assert drafts(open_lead_file(path))[0].never == never


def test_a_mapping_is_saved_mended_and_used(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Visitor,Badge,Day\na@one.example,7,monday\n", encoding="utf-8")
    mine = tmp_path / "config/imports/fairs.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("columns:\n  Visitor: email\n  Badge: ''\n", encoding="utf-8")

    file = open_lead_file(path, load_profile(tmp_path, "fairs").columns)
    saved = save_profile(tmp_path, "again", file.columns)

    assert [column.field for column in file.columns] == ["email", "", "fields.day"]
    assert open_lead_file(path, load_profile(tmp_path, "again").columns).columns == file.columns
    assert "Visitor: email" in saved.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "columns: {Mail: emial}\n",
            "config/imports/bad.yaml:1:17: 'emial' is no field of a lead. Did you mean 'email'?",
        ),
        ("columns: {Mail: zzzzzz}\n", "Write `fields.<name>` for a field of your own."),
        ("colums: {Mail: email}\n", "holds one key, 'columns'."),
    ],
)
def test_a_profile_that_is_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config/imports/bad.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as error:
        load_profile(tmp_path, "bad")

    assert told in str(error.value)


def test_a_profile_nobody_knows_is_told_with_one_that_is_near(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Did you mean 'lemlist'"):
        load_profile(tmp_path, "lemlst")


def test_a_workbook_is_read_as_it_looks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["E-posta", "Ad", "Puan", "Gün", "Saat"])
    sheet.append(["ayse@one.example", "Ayşe", 42.0, date(2026, 3, 2), datetime.fromisoformat("2026-03-02T09:30")])
    sheet.append([None] * 5)
    sheet.append(["can@one.example", "x" * 30_000, "y" * 30_000, "z" * 30_000])
    sheet.append(["eda@one.example", "Eda\nDeniz", 0.5, True])
    path = tmp_path / "list.xlsx"
    book.save(path)

    file = open_lead_file(path)
    rows = list(file.rows())

    assert (file.encoding, [column.field for column in file.columns][:3]) == ("xlsx", ["email", "name", "score"])
    assert rows[0] == Row(2, ("ayse@one.example", "Ayşe", "42", "2026-03-02", "2026-03-02 09:30:00"))
    assert isinstance(rows[1], BadRow)
    assert (rows[1].line, rows[1].reason) == (4, "The row is longer than 64 KiB.")
    assert rows[2] == Row(5, ("eda@one.example", "Eda\nDeniz", "0.5", "true", ""))
