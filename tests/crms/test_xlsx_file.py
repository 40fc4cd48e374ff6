"""XLSX files as the system of record: the contract, and what spreadsheets make of cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from outreach.crms.csv_file import CsvFile, Options
from outreach.errors import Unavailable
from outreach.testing.crm import AYSE, REPLY, CrmContract, run


class XlsxWorld:
    secrets = ()
    text_field = "jobtitle"
    stage, other_stage, unknown_stage, pipeline = "discovery", "proposal", "nowhere", "sales"
    status, owner = "responded", "anna@example.com"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        known = ("discovery", "proposal")
        self.crm = CsvFile(Options(directory=str(directory), format="xlsx", known_stages=known))

    def rows(self, table: str) -> list[dict[str, str]]:
        path = self.directory / f"{table}.xlsx"
        if not path.exists():
            return []
        lines = list(openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True))
        return [dict(zip(map(str, lines[0]), (str(one or "") for one in line), strict=True)) for line in lines[1:]]

    def write(self, table: str, rows: list[dict[str, str]]) -> None:
        self.directory.mkdir(exist_ok=True)
        names = list(dict.fromkeys(name for row in rows for name in row)) or ["id", "email"]
        book = openpyxl.Workbook()
        for line in (names, *([row.get(name, "") for name in names] for row in rows)):
            book.worksheets[0].append(line)
        book.save(self.directory / f"{table}.xlsx")

    def add_person(self, email: str, **values: str) -> str:
        rows = self.rows("people")
        self.write("people", [*rows, {"id": f"typed-{len(rows)}", "email": email, **values}])
        return f"typed-{len(rows)}"

    def remove_person(self, person_id: str) -> None:
        self.write("people", [row for row in self.rows("people") if row["id"] != person_id])

    def people(self) -> list[str]:
        return [row["email"] for row in self.rows("people")]

    def value(self, person_id: str, field: str) -> str:
        return next(row.get(field, "") for row in self.rows("people") if row["id"] == person_id)

    def entries(self, person_id: str) -> list[str]:
        mine = [row for row in self.rows("activities") if row["person_id"] == person_id]
        return [f"{row['text']}\n{replace(REPLY, key=row['ref']).marker}" for row in mine]

    def deals(self, person_id: str) -> list[str]:
        return [row["stage"] for row in self.rows("deals") if row["person_id"] == person_id]

    def is_opted_out(self, person_id: str) -> bool:
        return self.value(person_id, "do_not_contact") == "yes"


class TestXlsxFile(CrmContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> XlsxWorld:
        return XlsxWorld(tmp_path / "crm")

    def test_what_looks_like_a_formula_is_a_text_in_the_file(self, world: XlsxWorld) -> None:
        bad = replace(AYSE, first_name="=HYPERLINK(1)", last_name="'-1", company="@SUM(1)")

        made = run(world.crm.upsert_person(bad, person_id=None))
        run(world.crm.set_status(made.person_id, "responded"))

        sheet = openpyxl.load_workbook(world.directory / "people.xlsx").worksheets[0]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
        [row] = world.rows("people")
        assert (row["first_name"], row["last_name"], row["company"]) == ("=HYPERLINK(1)", "'-1", "@SUM(1)")

    def test_numbers_and_dates_that_people_typed_are_read_as_they_look(self, world: XlsxWorld) -> None:
        world.directory.mkdir()
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet.append(["id", "email", "Budget", "Since"])
        sheet.append([7, "own@example.com", 1200.0, datetime(2026, 3, 2, 9, 0)])  # noqa: DTZ001  # cells know no zone
        book.save(world.directory / "people.xlsx")

        run(world.crm.set_status("7", "responded"))

        [row] = world.rows("people")
        assert (row["id"], row["Budget"], row["Since"]) == ("7", "1200", "2026-03-02T09:00:00")

    def test_a_long_text_is_cut_to_what_a_cell_holds_and_control_characters_go(self, world: XlsxWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id

        run(world.crm.log(person, replace(REPLY, text="a\x00b\x1b" + "ş" * 90_000), look_first=False))

        [row] = world.rows("activities")
        assert len(row["text"]) == 32_767
        assert row["text"].startswith("abş")

    @pytest.mark.parametrize("content", [b"", b"email\nown@example.com\n", b"PK\x03\x04broken"])
    def test_a_damaged_file_is_left_alone_and_the_work_waits(self, world: XlsxWorld, content: bytes) -> None:
        world.directory.mkdir()
        (world.directory / "people.xlsx").write_bytes(content)

        with pytest.raises(Unavailable, match="not readable as XLSX"):
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert (world.directory / "people.xlsx").read_bytes() == content

    def test_a_workbook_with_a_second_sheet_is_not_written_over(self, world: XlsxWorld) -> None:
        world.add_person("own@example.com")
        book = openpyxl.load_workbook(world.directory / "people.xlsx")
        book.create_sheet("Notes")
        book.save(world.directory / "people.xlsx")

        with pytest.raises(Unavailable, match="several sheets"):
            run(world.crm.upsert_person(AYSE, person_id=None))

    def test_another_format_is_refused_when_it_is_read(self) -> None:
        with pytest.raises(ValueError, match="csv, xlsx"):
            Options(directory="crm", format="ods")
