"""CSV or XLSX files on disk as the system of record: people, activities and deals in one directory.

People may edit the files by hand: columns and rows that are not ours are kept. Every change rewrites a file beside the
old one and puts it in its place (never half a file); one lock file serves all processes and threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

import httpx

from outreach.crm import WRITES, Account, Activity, Deal, Field, Found, Mode, Operation, Person
from outreach.crms.csv_file_formats import FORMATS, Row
from outreach.crms.csv_file_tables import COLUMNS, PROVIDER, Files, digest, person_id_of
from outreach.errors import Outcome, Refused

T = TypeVar("T")

_OURS = frozenset({"id", "email", "do_not_contact", "tags"})  # columns of people that a field mapping must not write
_LONGEST_TEXT = 100_000  # the csv module reads cells of up to 131,072 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`directory` is made if it is missing. Known stages and statuses, where given, are the only ones taken."""

    directory: str
    format: str = "csv"
    known_stages: tuple[str, ...] = ()
    known_statuses: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"'{self.format}' is no format of files here. Write one of {', '.join(FORMATS)}.")


class CsvFile:
    """One directory. Ids come from the address, so that the same person, made again, has the same id."""

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[frozenset[Operation]] = WRITES | {Operation.FORGET}
    is_local: ClassVar[bool] = True  # no requests are made
    lacks: ClassVar[Mapping[Operation, str]] = {Operation.PULL: "files are written only"}

    def __init__(self, options: Options, http: httpx.AsyncClient | None = None) -> None:
        """`http` is taken for the sake of one signature over all CRMs, and not used."""
        self._options = options
        self._files = Files(Path(options.directory), FORMATS[options.format])

    async def check(self) -> Account:
        return await self._locked(self._account)

    async def find_person(self, email: str) -> tuple[Found, ...]:
        return await self._locked(lambda: tuple(_found(row) for row in self._with(email)))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        return await self._locked(lambda: self._upsert(person, person_id))

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        # The file is at hand, so it always looks; `look_first` says nothing new.
        return await self._locked(lambda: self._log(person_id, activity))

    async def set_status(self, person_id: str, status: str) -> None:
        self._prove("status", status, self._options.known_statuses)
        await self._locked(lambda: self._set(person_id, "status", status))

    async def set_stage(self, person_id: str, stage: str) -> bool:
        self._prove("stage", stage, self._options.known_stages)
        return await self._locked(lambda: self._move(person_id, stage))

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        self._prove("stage", deal.stage, self._options.known_stages)
        return await self._locked(lambda: self._deal(person_id, deal))

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._locked(lambda: self._set(person_id, "owner", email))

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        await self._locked(lambda: self._tag(person_id, tags))

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._locked(lambda: self._set(person_id, "do_not_contact", "yes"))

    async def _locked(self, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(self._files.locked, work)

    async def forget(self, person_id: str) -> None:
        await self._locked(lambda: self._forget(person_id))

    def _forget(self, person_id: str) -> None:
        """The person's own row goes last: it is what a repeat looks for."""
        self._row(self._files.load("people"), person_id)
        for table, column in (("activities", "person_id"), ("deals", "person_id"), ("people", "id")):
            self._files.save(table, [row for row in self._files.load(table) if row[column] != person_id])

    def _account(self) -> Account:
        self._files.save("people", self._files.load("people"))  # proves that it can be written, not only read
        known = self._options
        return Account(name=str(self._files.directory), stages=known.known_stages, status_values=known.known_statuses)

    def _with(self, email: str) -> list[Row]:
        people = self._files.load("people")
        return [row for row in people if row["email"].strip().lower() == email.lower()]

    def _upsert(self, person: Person, person_id: str | None) -> Found:
        people = self._files.load("people")
        row = self._same(people, person) if person_id is None else self._row(people, person_id)
        if row is None:
            row = _new_row(people, person)
            self._fill(row, person)
            self._files.save("people", [*people, row])
        elif self._fill(row, person):
            self._files.save("people", people)
        return _found(row)

    def _same(self, people: list[Row], person: Person) -> Row | None:
        if not person.email:
            return None
        same = [row for row in people if row["email"].strip().lower() == person.email.lower()]
        if len(same) > 1:
            raise self._refused(f"{len(same)} rows of the people have the address {person.email}", Outcome.AMBIGUOUS)
        return same[0] if same else None

    def _fill(self, row: Row, person: Person) -> bool:
        """Whether anything changed."""
        before = dict(row)
        names = {"first_name": person.first_name, "last_name": person.last_name, "company": person.company}
        for item in (*(Field(name=name, value=value) for name, value in names.items()), *person.fields):
            if item.name in _OURS:
                raise self._refused(f"column '{item.name}' is not for mapped fields", Outcome.CONFIG)
            if item.value and (item.mode is Mode.OVERWRITE or not row.get(item.name)):
                row[item.name] = item.value
        return row != before

    def _log(self, person_id: str, activity: Activity) -> str:
        self._row(self._files.load("people"), person_id)
        entries = self._files.load("activities")
        for row in entries:
            if row["person_id"] == person_id and row["ref"] == activity.key:
                return row["id"]
        row = _entry(person_id, activity)
        self._files.save("activities", [*entries, row])
        return row["id"]

    def _set(self, person_id: str, name: str, value: str) -> None:
        people = self._files.load("people")
        row = self._row(people, person_id)
        if row[name] != value:
            row[name] = value
            self._files.save("people", people)

    def _move(self, person_id: str, stage: str) -> bool:
        self._set(person_id, "stage", stage)
        deals = self._files.load("deals")
        moving = [row for row in deals if _is_open(row, person_id) and row["stage"] != stage]
        for row in moving:
            row["stage"] = stage
        if moving:
            self._files.save("deals", deals)
        return True

    def _deal(self, person_id: str, deal: Deal) -> str:
        self._row(self._files.load("people"), person_id)
        deals = self._files.load("deals")
        for row in deals:
            if _is_open(row, person_id) and row["pipeline"] == deal.pipeline:
                return row["id"]
        number = sum(row["person_id"] == person_id for row in deals) + 1
        row = dict.fromkeys(COLUMNS["deals"], "") | dict(deal.data)
        row |= {"id": f"d{digest(person_id, str(number))}", "person_id": person_id, "name": deal.name}
        row |= {"pipeline": deal.pipeline, "stage": deal.stage, "value": deal.value, "state": "open"}
        self._files.save("deals", [*deals, row])
        return row["id"]

    def _tag(self, person_id: str, tags: tuple[str, ...]) -> None:
        row = self._row(self._files.load("people"), person_id)
        present = [tag.strip() for tag in row["tags"].split(";") if tag.strip()]
        self._set(person_id, "tags", ";".join(dict.fromkeys([*present, *tags])))

    def _row(self, people: list[Row], person_id: str) -> Row:
        for row in people:
            if row["id"] == person_id:
                return row
        raise self._refused(f"the people have no row with the id {person_id}", Outcome.NOT_FOUND)

    def _prove(self, name: str, value: str, known: tuple[str, ...]) -> None:
        if known and value not in known:
            raise self._refused(f"unknown {name} '{value}'. Known: {', '.join(known)}", Outcome.CONFIG)

    def _refused(self, said: str, outcome: Outcome) -> Refused:
        return Refused(self.provider, said, outcome=outcome)


def _found(row: Row) -> Found:
    return Found(person_id=row["id"])


def _new_row(people: list[Row], person: Person) -> Row:
    row = dict.fromkeys(COLUMNS["people"], "") | {"email": person.email}
    return row | {"id": person_id_of(people, person.email or person.key)}


def _entry(person_id: str, activity: Activity) -> Row:
    return {
        "id": f"a{digest(person_id, activity.key)}",
        "person_id": person_id,
        "at": activity.at.isoformat(),
        "kind": activity.kind,
        "channel": activity.channel,
        "direction": activity.direction,
        "subject": activity.subject,
        "from": activity.from_address,
        "to": activity.to_address,
        "text": activity.text[:_LONGEST_TEXT],
        "ref": activity.key,
    }


def _is_open(row: Row, person_id: str) -> bool:
    return row["person_id"] == person_id and row["state"].strip().lower() in ("open", "")
