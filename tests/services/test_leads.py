"""Lists of leads, and everything about one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table

from outreach.clock import MovableClock
from outreach.content.lead_files import open_lead_file
from outreach.domain.pipeline import Pipeline, Stage
from outreach.errors import UsageError
from outreach.services.people import find_leads as service
from outreach.services.people.find_leads import Wanted, find_leads
from outreach.services.people.import_leads import import_leads
from outreach.services.people.leads import show_lead
from outreach.services.sending.engine import Engine, Policy
from outreach.store import lead_search
from outreach.store.lead_lists import Asked
from outreach.store.session import Store
from outreach.store.tables import enrollments, notes, revisions, suppressions, tasks, touches

PIPELINE = Pipeline(name="default", stages=(Stage(name="prospect"), Stage(name="won")))
LINES = (
    "email,linkedin,first_name,last_name,company,stage,owner,tags",
    "ayse@example.com,linkedin.com/in/ayse,Ayşe,Yılmaz,Example Ltd,prospect,anna,vip",
    "bob@other.example,,Bob,,Other 100% Inc,won,deniz,",
    ",linkedin.com/in/cem,Cem,,,,,",
)


@pytest.fixture
def people(store: Store, clock: MovableClock, tmp_path: Path) -> Engine:
    """An engine with three leads."""
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(LINES), encoding="utf-8")
    import_leads(store, open_lead_file(path), clock=clock, default_pipeline=PIPELINE)
    return Engine(
        store=store, clock=clock, senders={}, pipelines={"default": PIPELINE}, policy=Policy(), opt_out_token=str
    )


def _add(people: Engine, table: Table, **values: Any) -> None:
    with people.store.begin() as connection:
        connection.execute(table.insert().values(**values))


def _enrolled(people: Engine, lead_id: str) -> None:
    """Inside a sequence, one touch sent and one blocked."""
    now = people.clock.now()
    _add(people, revisions, id="r1", sequence="intro", number=1, hash="h", content={}, created_at=now)
    about = {"lead_id": lead_id, "sequence": "intro", "revision_id": "r1", "sender": "anna"}
    _add(people, enrollments, id="e1", state="active", cursor="bump", cursor_at=now, due_at=None, zone="UTC",
         entered_at=now, **about)  # fmt: skip
    touch = {"enrollment_id": "e1", "action": "email", "channel": "email", "wanted_at": now, **about}
    _add(people, touches, id="t1", step="intro", state="sent", sent_at=now, subject="Hello", finished_at=now, **touch)
    _add(people, touches, id="t2", step="bump", state="planned", due_at=now + timedelta(days=3), block="missing city",
         **touch)  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Asked(), {"Ayşe Yılmaz", "Bob", "Cem"}),
        (Asked(stage="won"), {"Bob"}),
        (Asked(owner="anna", status="new"), {"Ayşe Yılmaz"}),
        (Asked(sequence="intro"), {"Ayşe Yılmaz"}),
        (Asked(source="import:leads.csv", pipeline="default"), {"Ayşe Yılmaz", "Bob", "Cem"}),
    ],
)
def test_a_filter_finds_the_leads_it_names(people: Engine, wanted: Asked, names: set[str]) -> None:
    _enrolled(people, show_lead(people, "ayse@example.com")["id"])

    found = find_leads(people, Wanted(asked=wanted))

    assert {line.name for line in found.rows} == names
    assert found.total == len(names)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("yılmaz", {"Ayşe Yılmaz"}),
        ("Yıl", {"Ayşe Yılmaz"}),
        ("EXAMPLE.COM", {"Ayşe Yılmaz"}),
        ("ayse@", {"Ayşe Yılmaz"}),
        ("bob other", {"Bob"}),
        ("other 100%", {"Bob"}),
        ("bob 100%", {"Bob"}),
        ("%", set()),
        ("cem", {"Cem"}),
        ("linkedin.com/in/cem", {"Cem"}),
        ("in/cem ayşe", set()),
        ("nobody", set()),
    ],
)
def test_words_find_leads_by_how_names_and_addresses_begin(people: Engine, words: str, names: set[str]) -> None:
    assert {line.name for line in find_leads(people, Wanted(search=words)).rows} == names


def test_a_common_word_is_looked_for_along_the_list(people: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lead_search, "FEW", 0)
    monkeypatch.setattr(service, "MOST_LOOKED_AT", 2)

    first = find_leads(people, Wanted(search="bob", size=1))
    ids, page = [row.name for row in first.rows], first
    while page.next:
        page = find_leads(people, Wanted(search="bob", size=1, after=page.next))
        ids += [row.name for row in page.rows]

    assert (ids, first.total) == (["Bob"], None)


def test_a_line_tells_where_the_lead_stands(people: Engine) -> None:
    _enrolled(people, show_lead(people, "ayse@example.com")["id"])

    line = find_leads(people, Wanted(search="ayse@example.com")).rows[0]

    assert (line.name, line.company, line.address) == ("Ayşe Yılmaz", "Example Ltd", "ayse@example.com")
    assert (line.status, line.stage, line.owner, line.tags) == ("new", "prospect", "anna", ("vip",))
    assert (line.sequence, line.next_at) == ("intro", people.clock.now() + timedelta(days=3))


def test_a_long_list_has_pages(people: Engine) -> None:
    first = find_leads(people, Wanted(size=2))
    second = find_leads(people, Wanted(size=2, after=first.next))

    assert (len(first.rows), len(second.rows), second.next) == (2, 1, "")
    assert (first.total, first.is_more) == (3, False)
    assert not {line.id for line in first.rows} & {line.id for line in second.rows}


@pytest.mark.parametrize("text", ["ayse@example.com", "AYSE@example.com", "https://www.linkedin.com/in/Ayse/"])
def test_a_lead_is_shown_by_id_or_any_address(people: Engine, text: str) -> None:
    shown = show_lead(people, text)

    assert shown["name"] == "Ayşe Yılmaz"
    assert show_lead(people, shown["id"]) == shown


def test_everything_about_a_lead_is_plain_json(people: Engine) -> None:
    lead_id = show_lead(people, "ayse@example.com")["id"]
    now = people.clock.now()
    _enrolled(people, lead_id)
    _add(people, notes, id="n1", lead_id=lead_id, author="anna", text="Met at the fair", created_at=now)
    _add(people, tasks, id="k1", lead_id=lead_id, kind="call", state="open", created_at=now)
    _add(people, suppressions, id="s1", scope="domain", value="example.com", reason="by_hand", by="anna",
         created_at=now)  # fmt: skip

    shown = json.loads(json.dumps(show_lead(people, lead_id)))

    assert [(each["kind"], each["value"]) for each in shown["addresses"]] == [
        ("email", "ayse@example.com"),
        ("linkedin", "https://www.linkedin.com/in/ayse"),
    ]
    assert (shown["company"]["name"], shown["company"]["domain"]) == ("Example Ltd", "example.com")
    assert shown["suppressions"] == [{"scope": "domain", "value": "example.com", "reason": "by_hand"}]
    enrollment = shown["enrollments"][0]
    assert (enrollment["sequence"], enrollment["step"], enrollment["block"]) == ("intro", "bump", "missing city")
    assert enrollment["next_at"] == "2026-03-05T07:00:00+00:00"
    assert [touch["state"] for touch in enrollment["touches"]] == ["sent", "planned"]
    assert (shown["notes"][0]["text"], shown["tasks"][0]["kind"]) == ("Met at the fair", "call")
    assert [entry["kind"] for entry in shown["timeline"]] == ["enrolled", "sent", "note"]


def test_every_key_is_there_when_there_is_nothing_to_tell(people: Engine) -> None:
    shown = show_lead(people, "linkedin.com/in/cem")

    assert shown["company"] is None
    assert (shown["last_name"], shown["enrollments"], shown["timeline"]) == (None, [], [])


def test_nobody_is_said_to_be_nobody(people: Engine) -> None:
    with pytest.raises(UsageError, match=r"there is no lead 'x@example\.com'"):
        show_lead(people, "x@example.com")
