"""Lists of leads are read as they really are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content.csv_rows import MAX_ROW, BadRow, Row
from outreach.content.lead_columns import guess_columns
from outreach.content.lead_files import ErrorFile, LeadFile, as_written, neutral, open_lead_file
from outreach.errors import ConfigError

WriteFile = Callable[[bytes], Path]


@pytest.fixture
def write_list(tmp_path: Path) -> WriteFile:
    def write(content: bytes) -> Path:
        path = tmp_path / "leads.csv"
        path.write_bytes(content)
        return path

    return write


def _rows(file: LeadFile) -> list[Row | BadRow]:
    return list(file.rows())


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1254", "cp1254"),
    ],
)
def test_usual_delimiters_and_encodings_are_found_out(
    write_list: WriteFile, delimiter: str, encoding: str, found: str
) -> None:
    text = "E-posta|Adı|Soyadı\r\nayse@example.com|Ayşe|Yıldız\r\ncan@example.com|Can|Öğüt\r\n"
    path = write_list(text.replace("|", delimiter).encode(encoding))

    file = open_lead_file(path)

    assert (file.encoding, file.delimiter) == (found, delimiter)
    assert [column.field for column in file.columns] == ["email", "first_name", "last_name"]
    assert _rows(file) == [
        Row(2, ("ayse@example.com", "Ayşe", "Yıldız")),
        Row(3, ("can@example.com", "Can", "Öğüt")),
    ]


def test_western_european_letters_are_read_as_windows_1252(write_list: WriteFile) -> None:
    path = write_list("email;prénom\njose@example.com;José\nzoe@example.com;Žoë\n".encode("cp1252"))

    file = open_lead_file(path)

    assert file.encoding == "cp1252"
    assert [row.cells[1] for row in _rows(file)] == ["José", "Žoë"]


def test_quoted_delimiters_quotes_and_line_ends_belong_to_the_value(write_list: WriteFile) -> None:
    path = write_list(b'email,notes\r\na@example.com,"said ""yes"",\r\nthen left"\r\nb@example.com,fine\r\n')

    assert _rows(open_lead_file(path)) == [
        Row(2, ("a@example.com", 'said "yes",\r\nthen left')),
        Row(4, ("b@example.com", "fine")),
    ]


def test_empty_lines_short_rows_and_a_missing_last_line_end_do_no_harm(write_list: WriteFile) -> None:
    path = write_list(b"email,first_name,city\n\na@example.com\n,,\nb@example.com,Bob,Bonn,,")

    assert _rows(open_lead_file(path)) == [
        Row(3, ("a@example.com", "", "")),
        Row(5, ("b@example.com", "Bob", "Bonn")),
    ]


def test_a_list_of_addresses_alone_has_one_column(write_list: WriteFile) -> None:
    path = write_list(b"email\na@example.com\n")

    assert _rows(open_lead_file(path)) == [Row(2, ("a@example.com",))]


def test_the_line_excel_puts_first_is_understood(write_list: WriteFile) -> None:
    path = write_list(b"sep=;\r\nemail;city\r\na@example.com;Bonn, Berlin\r\n")

    assert _rows(open_lead_file(path)) == [Row(3, ("a@example.com", "Bonn, Berlin"))]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'x@example.com,"never closed', "opened and not closed"),
        (b'x@example.com,"said "yes" twice"', "Write it twice there"),
        (b"x@example.com,a\0b", "NUL"),
        (b"x@example.com,a,b", "3 values for 2 columns"),
        (b"x@example.com," + b"y" * (MAX_ROW + 10), "longer than 64 KiB"),
        (b"x@example.com," + b"y" * (5 * MAX_ROW), "longer than 64 KiB"),
        (b'x@example.com,"' + b"yyyyyyyyyyyyyyy\n" * 5000, "longer than 64 KiB"),
    ],
)
def test_a_bad_row_is_told_and_the_others_are_read(write_list: WriteFile, bad: bytes, reason: str) -> None:
    path = write_list(b"email,notes\nb@example.com,before\n" + bad + b"\nc@example.com,after\n")

    rows = _rows(open_lead_file(path))

    told = [row for row in rows if isinstance(row, BadRow)]
    assert told[0].line == 3
    assert reason in told[0].reason
    assert told[0].cells[0].startswith("x@example.com")
    good = [row.cells for row in rows if isinstance(row, Row)]
    assert good[0] == ("b@example.com", "before")
    assert good[-1] == ("c@example.com", "after")


def test_a_row_of_just_64_kib_is_read(write_list: WriteFile) -> None:
    begin = b"a@example.com,"
    path = write_list(b"email,notes\n" + begin + b"y" * (MAX_ROW - len(begin) - 1) + b"\n")

    assert [type(row) for row in _rows(open_lead_file(path))] == [Row]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"PK\x03\x04rest", "Save the sheet as 'CSV UTF-8'"),
        (b"\xd0\xcf\x11\xe0rest", "Save the sheet as 'CSV UTF-8'"),
        (
            b"first_name,company\nAda,Example\n",
            "missing column: none holds an address. Found: 'first_name', 'company'.",
        ),
        (b"ada@example.com,Ada\n", "the first line is no header: it holds the address 'ada@example.com'"),
        (b"email,na\0me\na@example.com,b\n", "the header cannot be read"),
        (b"email," + b",".join(b"c%d" % number for number in range(200)), "has 201 columns"),
        (b"email\n\x81\x8d\x8f\n", "encoding"),
    ],
)
def test_a_file_that_is_no_list_of_leads_is_refused(write_list: WriteFile, content: bytes, says: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        open_lead_file(write_list(content))

    assert says in str(refusal.value)
    assert str(refusal.value).startswith(str(refusal.value.problems[0].file))


def test_a_missing_column_says_what_to_write(write_list: WriteFile) -> None:
    with pytest.raises(ConfigError, match="one of them email, linkedin, phone"):
        open_lead_file(write_list(b"first_name,company\nAda,Example\n"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.csv: cannot be read: No such file"):
        open_lead_file(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        ("E-mail Address,First Name,Last Name,Company Name,Job Title", "email,first_name,last_name,company,title"),
        ("E-posta,Ad Soyad,Şirket,Ünvan,Cep Telefonu,Ülke", "email,name,company,title,phone,country"),
        ("E-Mail-Adresse,Vorname,Name,Firma,Land,Sprache", "email,first_name,last_name,company,country,language"),
        ("Courriel,Prénom,Nom,Société,Poste,Téléphone portable", "email,first_name,last_name,company,title,phone"),
        ("Correo electrónico,Nombre,Apellidos,Empresa,Móvil", "email,first_name,last_name,company,phone"),
        ("email,Ad,Soyad", "email,first_name,last_name"),
        ("email,isim", "email,name"),
        ("email,name", "email,name"),
        ("LinkedIn Profile URL,Twitter,Website,Time Zone", "linkedin,x,domain,timezone"),
        ("email,Work Email,source,tags,Lead Score,owner,stage", "email,email,source,tags,score,owner,stage"),
        ("email,Pain Point,Şehir,2024 revenue", "email,fields.pain_point,fields.sehir,fields.own_2024_revenue"),
        ("email,Status,ID,name", "email,fields.own_status,fields.own_id,name"),
        ("email,company,Company Size,company.industry", "email,company,company.fields.size,company.fields.industry"),
        ("email,city,City,,outreach_error", "email,fields.city,fields.city_3,,"),
        ("email,title,position", "email,title,fields.position"),
    ],
)
def test_headers_are_understood_as_people_write_them(headers: str, fields: str) -> None:
    assert [column.field for column in guess_columns(headers.split(","))] == fields.split(",")


def test_rejected_rows_are_written_with_line_and_reason(write_list: WriteFile) -> None:
    file = open_lead_file(write_list(b"email,notes\nbad,=1+1\n"))

    with ErrorFile(file) as errors:
        errors.add(2, ("bad", "=1+1"), "No address.")

    assert errors.path == file.error_path == file.path.with_name("leads.csv.errors.csv")
    content = file.error_path.read_bytes().decode("utf-8-sig")
    assert content == "email,notes,outreach_line,outreach_error\r\nbad,'=1+1,2,No address.\r\n"


def test_without_a_rejected_row_no_error_file_is_made(write_list: WriteFile) -> None:
    file = open_lead_file(write_list(b"email\na@example.com\n"))

    with ErrorFile(file) as errors:
        pass

    assert errors.path is None
    assert list(file.path.parent.iterdir()) == [file.path]


def test_a_mended_error_file_is_a_list_of_leads_again(write_list: WriteFile) -> None:
    file = open_lead_file(write_list(b"email;phone\na@example.com;+90 532 123 45 67\n"))
    with ErrorFile(file) as errors:
        errors.add(2, ("a@example.com", "+90 532 123 45 67"), "why")

    again = open_lead_file(file.error_path)

    assert [column.field for column in again.columns] == ["email", "phone", "", ""]
    assert as_written(_rows(again)[0].cells[1]) == "+90 532 123 45 67"
    with ErrorFile(again) as more:
        more.add(2, _rows(again)[0].cells, "still")
    assert more.path is not None
    assert more.path.read_text("utf-8-sig").splitlines()[0] == "email;phone;outreach_line;outreach_error"


@pytest.mark.parametrize("cell", ["=1+1", "+90532", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "'=1", "''+1"])
def test_what_a_spreadsheet_would_run_is_neutral_text(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert as_written(neutral(cell)) == cell.strip()


def test_the_share_of_the_file_read_grows_to_the_whole(write_list: WriteFile) -> None:
    path = write_list(b"email\n" + b"".join(b"a%d@example.com\n" % number for number in range(5000)))
    rows = open_lead_file(path).rows()

    shares = [rows.share for _ in rows]

    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert rows.share == 1
