"""What the CRM in memory holds, and how people are read back from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from outreach.crm import Deal, DealState, Page, RemoteDeal, RemotePerson, Selection, Wanted
from outreach.errors import Outcome, Refused

PROVIDER = "memory"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Record:
    """A person as this CRM holds it."""

    id: str
    email: str
    values: dict[str, str] = field(default_factory=dict)
    status: str = ""
    stage: str = ""
    owner: str = ""
    tags: list[str] = field(default_factory=list)
    is_opted_out: bool = False
    entries: list[tuple[str, str]] = field(default_factory=list)  # (id, text), oldest first
    deals: list[tuple[str, Deal]] = field(default_factory=list)
    results: dict[str, tuple[DealState, str]] = field(default_factory=dict)  # closed deals: how, and for how much
    lists: list[str] = field(default_factory=list)
    changed_at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of everybody. `gone`: who was deleted or merged; `stages`: those that there are, empty: any."""

    records: Mapping[str, Record]
    gone: Mapping[str, RemotePerson]
    stages: tuple[str, ...]
    page: int

    def pull(self, wanted: Wanted, cursor: str | None) -> Page:
        """Ordered by id; the cursor is the last id that was given."""
        everybody = {**self.gone, **{record.id: _remote(record, wanted) for record in self._selected(wanted)}}
        if wanted.by is Selection.PERSON:
            lost = RemotePerson(person_id=wanted.value, is_deleted=True)
            return Page(people=(everybody.get(wanted.value, lost),), total=1)
        asked = [
            person
            for person_id, person in sorted(everybody.items())
            if (wanted.since is not None or person_id not in self.gone)
            and (wanted.since is None or (person.changed_at or EPOCH) >= wanted.since)
        ]
        rest = [person for person in asked if cursor is None or person.person_id > cursor]
        page = tuple(rest[: self.page])
        return Page(people=page, cursor=page[-1].person_id if len(page) < len(rest) else None, total=len(asked))

    def _selected(self, wanted: Wanted) -> list[Record]:
        records = list(self.records.values())
        match wanted.by:
            case Selection.LIST:
                prove("list", wanted.value, {name for record in records for name in record.lists})
                return [record for record in records if wanted.value in record.lists]
            case Selection.STAGE:
                prove("stage", wanted.value, self.stages)
                return [record for record in records if record.stage == wanted.value]
            case Selection.FILTER:
                name, equals, value = wanted.value.partition("=")
                if not equals:
                    raise Refused(
                        PROVIDER, f"'{wanted.value}' is no filter. Write field=value.", outcome=Outcome.CONFIG
                    )
                return [record for record in records if record.values.get(name.strip()) == value.strip()]
            case Selection.DEAL:
                return [record for record in records if wanted.value in dict(record.deals)]
            case _:
                return records


def prove(name: str, value: str, known: Collection[str]) -> None:
    if known and value not in known:
        said = f"unknown {name} '{value}'. Known: {', '.join(sorted(known))}"
        raise Refused(PROVIDER, said, outcome=Outcome.CONFIG)


def _remote(record: Record, wanted: Wanted) -> RemotePerson:
    fields = {name: value for name in wanted.fields if (value := record.values.get(name))}
    deal_id, deal = record.deals[-1] if record.deals else ("", None)
    state, value = record.results.get(deal_id, (DealState.OPEN, deal.value if deal else ""))
    return RemotePerson(
        person_id=record.id,
        url=f"memory://{record.id}",
        emails=(record.email,) if record.email else (),
        first_name=record.values.get("first_name", ""),
        last_name=record.values.get("last_name", ""),
        company=record.values.get("company", ""),
        values=fields,
        owner=record.owner,
        status=record.status,
        stage=record.stage,
        tags=tuple(record.tags),
        is_opted_out=record.is_opted_out,
        deal=RemoteDeal(deal_id=deal_id, state=state, pipeline=deal.pipeline, stage=record.stage, value=value)
        if deal
        else None,
        changed_at=record.changed_at,
    )
