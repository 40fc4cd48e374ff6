"""A CRM in memory: the dry run, the sandbox and the test double in one. It can be told to fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import ClassVar, TypeVar

import httpx

from outreach.clock import Clock
from outreach.crm import (
    READS_AND_WRITES,
    Account,
    Activity,
    Deal,
    DealState,
    Field,
    Found,
    Mode,
    Operation,
    Page,
    Person,
    RemotePerson,
    Selection,
    Wanted,
)
from outreach.crms.memory_records import EPOCH, PROVIDER, Reading, Record, prove
from outreach.errors import Outcome, Refused

T = TypeVar("T")

__all__ = ["Fault", "Memory", "Options", "Record"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the pretended account knows. Empty: anything goes."""

    stages: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    status_values: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    page: int = 100  # people on one page of `pull`


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure to come. `is_after`: the work is done first and its answer lost."""

    error: Exception
    is_after: bool = False


class Memory:
    """Holds people in `records` by id, oldest first; `calls` names every method called.

    `faults` is asked at every call, with the method's name; `fail_next` queues one failure for one method.
    """

    provider: ClassVar[str] = PROVIDER
    can: ClassVar[frozenset[Operation]] = READS_AND_WRITES | {Operation.FORGET}
    is_local: ClassVar[bool] = True  # no requests are made
    selections: ClassVar[frozenset[Selection]] = frozenset(Selection)

    def __init__(
        self, options: Options | None = None, http: httpx.AsyncClient | None = None, clock: Clock | None = None
    ) -> None:
        """`http` is taken for the sake of one signature over all CRMs, and not used. Without a clock time stands."""
        self.options = options or Options()
        self.now: Callable[[], datetime] = clock.now if clock else lambda: EPOCH
        self.records: dict[str, Record] = {}
        self.gone: dict[str, RemotePerson] = {}
        self.calls: list[str] = []
        self.faults: Callable[[str], Fault | None] = lambda method: None
        self._queued: dict[str, deque[Fault]] = {}
        self._numbers = count(1)

    def fail_next(self, method: str, error: Exception, *, is_after: bool = False) -> None:
        self._queued.setdefault(method, deque()).append(Fault(error, is_after))

    async def check(self) -> Account:
        return await self._do("check", self._account)

    async def find_person(self, email: str) -> tuple[Found, ...]:
        return await self._do("find_person", lambda: tuple(self._found(record) for record in self._with(email)))

    async def upsert_person(self, person: Person, *, person_id: str | None) -> Found:
        return await self._do("upsert_person", lambda: self._upsert(person, person_id))

    async def log(self, person_id: str, activity: Activity, *, look_first: bool) -> str:
        return await self._do("log", lambda: self._log(person_id, activity, look_first))

    async def set_status(self, person_id: str, status: str) -> None:
        await self._do("set_status", lambda: self._set(person_id, "status", status, self.options.status_values))

    async def set_stage(self, person_id: str, stage: str) -> bool:
        await self._do("set_stage", lambda: self._set(person_id, "stage", stage, self.options.stages))
        return True

    async def ensure_deal(self, person_id: str, deal: Deal) -> str:
        return await self._do("ensure_deal", lambda: self._deal(person_id, deal))

    async def assign_owner(self, person_id: str, email: str) -> None:
        await self._do("assign_owner", lambda: self._set(person_id, "owner", email, self.options.users))

    async def add_tags(self, person_id: str, tags: tuple[str, ...]) -> None:
        await self._do("add_tags", lambda: self._tag(person_id, tags))

    async def set_do_not_contact(self, person_id: str, email: str) -> None:
        await self._do("set_do_not_contact", lambda: self.change(person_id, is_opted_out=True))

    async def forget(self, person_id: str) -> None:
        await self._do("forget", lambda: self._forget(person_id))

    async def pull(self, wanted: Wanted, *, cursor: str | None) -> Page:
        return await self._do("pull", lambda: self._reading().pull(wanted, cursor))

    def change(self, person_id: str, **values: object) -> None:
        """Write attributes of a record, as somebody of the team would."""
        record = self._record(person_id)
        for name, value in values.items():
            setattr(record, name, value)
        record.changed_at = self.now()

    def close_deal(self, person_id: str, state: DealState, value: str = "") -> None:
        """End the person's newest deal, as somebody of the team would."""
        record = self._record(person_id)
        self.change(person_id, results={**record.results, record.deals[-1][0]: (state, value)})

    def remove(self, person_id: str, *, into: str = "") -> None:
        """Delete a record, or merge it into another, as somebody of the team would."""
        del self.records[person_id]
        self.gone[person_id] = RemotePerson(
            person_id=person_id, is_deleted=not into, merged_into=into, changed_at=self.now()
        )

    async def _do(self, method: str, work: Callable[[], T]) -> T:
        self.calls.append(method)
        await asyncio.sleep(0)  # others run here, as they would while a network answers
        queued = self._queued.get(method)
        fault = queued.popleft() if queued else self.faults(method)
        if fault and not fault.is_after:
            raise fault.error
        result = work()
        if fault:
            raise fault.error
        return result

    def _forget(self, person_id: str) -> None:
        self._record(person_id)
        self.remove(person_id)

    def _account(self) -> Account:
        known = self.options
        return Account(
            name="in memory",
            stages=known.stages,
            users=known.users,
            status_values=known.status_values,
            pipelines=known.pipelines,
        )

    def _with(self, email: str) -> list[Record]:
        return [record for record in self.records.values() if record.email.lower() == email.lower()]

    def _upsert(self, person: Person, person_id: str | None) -> Found:
        if person_id is not None:
            return self._update(self._record(person_id), person)
        same = self._with(person.email) if person.email else []
        if len(same) > 1:
            raise self._refused(f"{len(same)} records have the address {person.email}", Outcome.AMBIGUOUS)
        if same:
            return self._update(same[0], person)
        record = Record(id=f"person-{next(self._numbers)}", email=person.email, changed_at=self.now())
        self.records[record.id] = record
        return self._update(record, person)

    def _update(self, record: Record, person: Person) -> Found:
        names = {"first_name": person.first_name, "last_name": person.last_name, "company": person.company}
        for item in (*(Field(name=name, value=value) for name, value in names.items()), *person.fields):
            if item.value and (item.mode is Mode.OVERWRITE or not record.values.get(item.name)):
                record.values[item.name] = item.value
                record.changed_at = self.now()
        return self._found(record)

    def _log(self, person_id: str, activity: Activity, look_first: bool) -> str:
        record = self._record(person_id)
        if look_first:
            for entry_id, text in reversed(record.entries):
                if activity.is_marked(text):
                    return entry_id
        entry_id = f"entry-{next(self._numbers)}"
        record.entries.append((entry_id, activity.marked_text))
        return entry_id

    def _set(self, person_id: str, name: str, value: str, known: tuple[str, ...]) -> None:
        record = self._record(person_id)
        prove(name, value, known)
        self.change(record.id, **{name: value})

    def _deal(self, person_id: str, deal: Deal) -> str:
        record = self._record(person_id)
        for name, value, known in (
            ("pipeline", deal.pipeline, self.options.pipelines),
            ("stage", deal.stage, self.options.stages),
        ):
            prove(name, value, known)
        for deal_id, present in record.deals:
            if present.pipeline == deal.pipeline and deal_id not in record.results:
                return deal_id
        deal_id = f"deal-{next(self._numbers)}"
        record.deals.append((deal_id, deal))
        return deal_id

    def _tag(self, person_id: str, tags: tuple[str, ...]) -> None:
        record = self._record(person_id)
        self.change(person_id, tags=list(dict.fromkeys([*record.tags, *tags])))

    def _reading(self) -> Reading:
        return Reading(self.records, self.gone, self.options.stages, self.options.page)

    def _record(self, person_id: str) -> Record:
        if person_id not in self.records:
            raise self._refused(f"no person with the id {person_id}", Outcome.NOT_FOUND)
        return self.records[person_id]

    def _found(self, record: Record) -> Found:
        return Found(person_id=record.id, url=f"memory://{record.id}")

    def _refused(self, said: str, outcome: Outcome) -> Refused:
        return Refused(self.provider, said, outcome=outcome)
