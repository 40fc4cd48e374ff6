"""CSV files as the system of record: the contract, and what spreadsheets and other processes do to files."""

from __future__ import annotations

import csv
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from outreach.crm import Field, Mode
from outreach.crms.csv_file import CsvFile, Options
from outreach.errors import Outcome, Refused, Unavailable
from outreach.testing.crm import AYSE, REPLY, CrmContract, run


class CsvWorld:
    secrets = ()
    text_field = "jobtitle"
    stage, other_stage, unknown_stage, pipeline = "discovery", "proposal", "nowhere", "sales"
    status, owner = "responded", "anna@example.com"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        options = Options(directory=str(directory), known_stages=("discovery", "proposal"))
        self.crm = CsvFile(options)

    def rows(self, table: str) -> list[dict[str, str]]:
        path = self.directory / f"{table}.csv"
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def write(self, table: str, rows: list[dict[str, str]]) -> None:
        self.directory.mkdir(exist_ok=True)
        names = dict.fromkeys(name for row in rows for name in row) or {"id": None, "email": None}
        with (self.directory / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(names), restval="")
            writer.writeheader()
            writer.writerows(rows)

    def add_person(self, email: str, **values: str) -> str:
        rows = self.rows("people")
        person_id = f"typed-{len(rows)}"
        self.write("people", [*rows, {"id": person_id, "email": email, **values}])
        return person_id

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


def _log_many(directory: str, person_id: str, first: int) -> None:
    crm = CsvFile(Options(directory=directory))
    for number in range(first, first + 20):
        run(crm.log(person_id, replace(REPLY, key=f"evt-{number}"), look_first=False))


class TestCsvFile(CrmContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> CsvWorld:
        return CsvWorld(tmp_path / "crm")

    def test_a_formula_stands_as_text_in_the_file_and_comes_back_whole(self, world: CsvWorld) -> None:
        bad = replace(AYSE, first_name="=cmd|'/C calc'!A0", last_name="'-1", company="@SUM(1)")

        made = run(world.crm.upsert_person(bad, person_id=None))
        run(world.crm.upsert_person(bad, person_id=made.person_id))

        [row] = world.rows("people")
        assert (row["first_name"], row["last_name"], row["company"]) == ("'=cmd|'/C calc'!A0", "''-1", "'@SUM(1)")

    def test_an_address_that_looks_like_a_formula_is_found(self, world: CsvWorld) -> None:
        made = run(world.crm.upsert_person(replace(AYSE, email="+x@example.com"), person_id=None))

        assert [one.person_id for one in run(world.crm.find_person("+x@example.com"))] == [made.person_id]

    def test_columns_and_rows_of_people_are_kept(self, world: CsvWorld) -> None:
        world.write("people", [{"email": "own@example.com", "Favourite tea": "black", "id": ""}])

        run(world.crm.upsert_person(AYSE, person_id=None))

        own, ours = world.rows("people")
        assert (own["Favourite tea"], ours["email"]) == ("black", AYSE.email)

    def test_a_row_typed_without_an_id_is_given_one_that_stays(self, world: CsvWorld) -> None:
        world.write("people", [{"email": "own@example.com"}])

        [first] = run(world.crm.find_person("own@example.com"))
        run(world.crm.set_status(first.person_id, "responded"))
        [second] = run(world.crm.find_person("own@example.com"))

        assert first == second
        assert world.value(first.person_id, "status") == "responded"

    def test_a_file_saved_by_a_spreadsheet_with_semicolons_is_read(self, world: CsvWorld) -> None:
        world.directory.mkdir()
        text = "\ufeffid;email;first_name\r\np1;own@example.com;Çağla\r\n"
        (world.directory / "people.csv").write_text(text, encoding="utf-8", newline="")

        [found] = run(world.crm.find_person("own@example.com"))

        assert found.person_id == "p1"

    @pytest.mark.parametrize(
        "content", [b"email,name\xff\n", b"email,email\na@example.com,b\n", b"email\na@example.com,b,c\n", b'email\n"a']
    )
    def test_a_damaged_file_is_left_alone_and_the_work_waits(self, world: CsvWorld, content: bytes) -> None:
        world.directory.mkdir()
        (world.directory / "people.csv").write_bytes(content)

        with pytest.raises(Unavailable, match="not readable as CSV"):
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert (world.directory / "people.csv").read_bytes() == content

    def test_a_directory_that_cannot_be_used_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "crm").write_text("a file, not a directory")

        with pytest.raises(Unavailable):
            run(CsvFile(Options(directory=str(tmp_path / "crm"))).check())

    def test_our_own_columns_cannot_be_mapped(self, world: CsvWorld) -> None:
        mapped = replace(AYSE, fields=(Field(name="id", value="x", mode=Mode.OVERWRITE),))

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(mapped, person_id=None))

        assert refusal.value.outcome is Outcome.CONFIG

    def test_two_rows_of_one_address_are_ambiguous_for_a_write_without_id(self, world: CsvWorld) -> None:
        world.add_person(AYSE.email)
        world.add_person(AYSE.email)

        with pytest.raises(Refused) as refusal:
            run(world.crm.upsert_person(AYSE, person_id=None))

        assert refusal.value.outcome is Outcome.AMBIGUOUS

    def test_several_processes_write_without_losing_a_row(self, world: CsvWorld) -> None:
        person = run(world.crm.upsert_person(AYSE, person_id=None)).person_id
        fresh = multiprocessing.get_context("spawn")
        processes = [fresh.Process(target=_log_many, args=(str(world.directory), person, at)) for at in (0, 20, 40)]

        for process in processes:
            process.start()
        for process in processes:
            process.join(60)

        assert [process.exitcode for process in processes] == [0, 0, 0]
        assert {row["ref"] for row in world.rows("activities")} == {f"evt-{number}" for number in range(60)}
        assert len(world.rows("activities")) == 60
