"""A list of leads comes in: every row imported or rejected with its reason, and nothing twice."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import RowMapping, func, select, update

from outreach.clock import MovableClock
from outreach.content.lead_files import open_lead_file
from outreach.domain.pipeline import Pipeline, Stage, Status
from outreach.services.people import import_leads as importing
from outreach.services.people.import_leads import Summary, import_leads
from outreach.store import leads as lead_store
from outreach.store import stops
from outreach.store.session import Store, open_store
from outreach.store.tables import addresses, companies, leads

Import = Callable[..., Summary]

PIPELINE = Pipeline(name="default", stages=(Stage(name="prospect"), Stage(name="qualified")))


@pytest.fixture
def bring_in(store: Store, clock: MovableClock, tmp_path: Path) -> Import:
    """Write these lines to a file and import it."""

    def bring_in(*lines: str, name: str = "leads.csv", **options: Any) -> Summary:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return import_leads(store, open_lead_file(path), clock=clock, default_pipeline=PIPELINE, **options)

    return bring_in


def _leads(store: Store) -> Sequence[RowMapping]:
    with store.read() as connection:
        return connection.execute(select(leads).order_by(leads.c.first_name, leads.c.id)).mappings().all()


def _addresses(store: Store) -> set[tuple[str, str]]:
    with store.read() as connection:
        return {(row.kind, row.value) for row in connection.execute(select(addresses))}


def _companies(store: Store) -> list[tuple[str, str | None, object]]:
    with store.read() as connection:
        rows = connection.execute(select(companies).order_by(companies.c.name))
        return [(row.name, row.domain, row.fields) for row in rows]


def _numbers(summary: Summary) -> tuple[int, int, int, int]:
    assert summary.rows_read == summary.imported + summary.updated + summary.unchanged + summary.rejected
    return summary.imported, summary.updated, summary.unchanged, summary.rejected


def test_a_row_becomes_a_lead_with_its_addresses_and_company(bring_in: Import, store: Store) -> None:
    summary = bring_in(
        "email,first_name,last_name,company,title,phone,country,tags,score,owner,stage,pain point",
        "Ayse@Example.com,Ayşe,Yılmaz,Example Ltd,CFO,0532 123 45 67,Türkiye,vip;fintech,20,anna,qualified,audit",
    )

    assert _numbers(summary) == (1, 0, 0, 0)
    lead = _leads(store)[0]
    assert (lead["first_name"], lead["last_name"], lead["title"], lead["country"]) == ("Ayşe", "Yılmaz", "CFO", "TR")
    assert (lead["status"], lead["pipeline"], lead["stage"]) == (Status.NEW, "default", "qualified")
    assert (lead["score"], lead["owner"], lead["source"]) == (20, "anna", "import:leads.csv")
    assert (lead["tags"], lead["fields"]) == (["vip", "fintech"], {"pain_point": "audit"})
    assert _addresses(store) == {("email", "ayse@example.com"), ("phone", "+905321234567")}
    assert _companies(store) == [("Example Ltd", "example.com", {})]


def test_a_long_list_needs_no_more_memory_than_a_short_one(
    sqlite_url: str, clock: MovableClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_CHUNK", 100)
    opened, peaks = open_store(sqlite_url), []
    for name, rows in (("warm", 200), ("short", 200), ("long", 1_000)):
        path = tmp_path / f"{name}.csv"
        path.write_text(
            "email,city\n" + "".join(f"{name}{n}@firm{n % 50}.com,Bonn\n" for n in range(rows)), encoding="utf-8"
        )
        tracemalloc.start()
        import_leads(opened, open_lead_file(path), clock=clock, default_pipeline=PIPELINE)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    opened.dispose()

    assert peaks[2] < 1.5 * peaks[1]


def test_importing_again_changes_nothing(bring_in: Import, store: Store, clock: MovableClock) -> None:
    lines = ("email,first_name,company,city", "a@example.com,Ada,Example,Bonn", "b@example.com,Bob,Example,Köln")
    bring_in(*lines)
    before = _leads(store)

    summary = bring_in(*lines)

    assert _numbers(summary) == (0, 0, 2, 0)
    assert _leads(store) == before
    assert len(_companies(store)) == 1


def test_bad_rows_are_rejected_and_the_others_imported(bring_in: Import, store: Store) -> None:
    summary = bring_in(
        "email,first_name,notes",
        "a@example.com,Ada,",
        "not an address,Bob,=HYPERLINK(1)",
        ",Cem,",
        "d@example.com,Dora,,one too many",
        'e@example.com,"Eve',
    )

    assert _numbers(summary) == (1, 0, 0, 4)
    assert [(each.line, each.reason.partition(".")[0]) for each in summary.examples] == [
        (3, "'not an address' is not an e-mail address: an email address must have an @-sign"),
        (4, "The row holds no address"),
        (5, "The row has 4 values for 3 columns"),
        (6, "A double quote is opened and not closed"),
    ]
    assert summary.error_file is not None
    written = summary.error_file.read_text("utf-8-sig").splitlines()
    assert len(written) == 5
    assert written[1].startswith("not an address,Bob,'=HYPERLINK(1),3,")


def test_mended_rows_are_imported_from_the_error_file(bring_in: Import, store: Store) -> None:
    summary = bring_in("email,first_name", "ada(at)example.com,Ada")
    assert summary.error_file is not None
    mended = summary.error_file.read_text("utf-8-sig").replace("(at)", "@").splitlines()

    again = bring_in(*mended, name="mended.csv")

    assert _numbers(again) == (1, 0, 0, 0)
    assert _leads(store)[0]["fields"] == {}


def test_what_is_missing_is_filled_and_what_is_known_stays(bring_in: Import, store: Store, clock: MovableClock) -> None:
    bring_in("email,first_name,owner,stage,tags,city", "a@example.com,Ada,anna,qualified,vip,Bonn", source="fair")

    summary = bring_in(
        "email,first_name,last_name,owner,stage,tags,city,source",
        "a@example.com,Adelheid,Lang,deniz,prospect,vip;new,Köln,web",
    )

    assert _numbers(summary) == (0, 1, 0, 0)
    lead = _leads(store)[0]
    assert (lead["first_name"], lead["last_name"]) == ("Ada", "Lang")
    assert (lead["owner"], lead["stage"], lead["source"]) == ("anna", "qualified", "fair")
    assert (lead["tags"], lead["fields"]) == (["vip", "new"], {"city": "Köln"})


def test_an_empty_cell_takes_nothing_away(bring_in: Import, store: Store) -> None:
    bring_in("email,title,city", "a@example.com,CFO,Bonn")

    summary = bring_in("email,title,city", "a@example.com,,")

    assert _numbers(summary) == (0, 0, 1, 0)
    assert (_leads(store)[0]["title"], _leads(store)[0]["fields"]) == ("CFO", {"city": "Bonn"})


@pytest.mark.parametrize(
    "second",
    [
        "A+x@EXAMPLE.com,,,",
        "new@example.com,https://www.linkedin.com/in/ada-lang/,,",
        ",,+49 30 901820,",
        "A+x@example.com,,+49 30 901820,",
    ],
)
def test_the_same_person_is_found_again_by_any_address(bring_in: Import, store: Store, second: str) -> None:
    header = "email,linkedin,phone,city"
    bring_in(header, "a+x@example.com,linkedin.com/in/Ada-Lang,+4930901820,Bonn")

    bring_in(header, second)

    assert len(_leads(store)) == 1


def test_colleagues_who_share_a_number_stay_two(bring_in: Import, store: Store) -> None:
    summary = bring_in("email,first_name,phone", "a@example.com,Ada,+49 30 901820", "b@example.com,Bob,+49 30 901820")

    assert _numbers(summary) == (2, 0, 0, 0)
    assert [lead["first_name"] for lead in _leads(store)] == ["Ada", "Bob"]
    assert summary.remarks == {"address of another lead": 1}


def test_rows_about_one_person_in_one_file_become_one_lead(bring_in: Import, store: Store) -> None:
    summary = bring_in(
        "email,linkedin,last_name",
        "a@example.com,,",
        "a@example.com,linkedin.com/in/ada,Lang",
        "ada@private.example,linkedin.com/in/ada,",
        "A@example.com,,",
    )

    assert _numbers(summary) == (1, 2, 1, 0)
    assert [lead["last_name"] for lead in _leads(store)] == ["Lang"]
    assert len(_addresses(store)) == 3


def test_the_first_of_several_e_mail_addresses_is_the_one_used(bring_in: Import, store: Store) -> None:
    bring_in("email,work email", "first@example.com,second@example.com", "third@example.com; fourth@example.com,")

    ids = [lead["id"] for lead in _leads(store)]
    with store.read() as connection:
        first = {rows[0]["value"] for rows in stops.addresses_of(connection, ids).values()}
    assert first == {"first@example.com", "third@example.com"}


def test_companies_are_one_by_domain_and_one_by_name(bring_in: Import, store: Store) -> None:
    bring_in(
        "email,company,website,company size",
        "a@example.com,Example Ltd,,50",
        "b@sub.example.com,,,",
        "c@gmail.com,Example Ltd,,",
        "d@gmail.com,Solo,,",
        "e@gmail.com,,https://www.example.org/about,9",
    )

    assert _companies(store) == [
        ("", "example.org", {"size": "9"}),
        ("Example Ltd", "example.com", {"size": "50"}),
        ("Solo", None, {}),
    ]
    with store.read() as connection:
        staff = connection.execute(
            select(func.count()).select_from(leads.join(companies)).where(companies.c.domain == "example.com")
        )
        assert staff.scalar_one() == 3


def test_a_company_known_by_name_learns_its_domain_and_fields(bring_in: Import, store: Store) -> None:
    bring_in("email,company", "a@gmail.com,Example Ltd")

    bring_in("email,company,company industry", "b@example.com,Example Ltd,banking")

    assert _companies(store) == [("Example Ltd", "example.com", {"industry": "banking"})]


@pytest.mark.parametrize(
    ("scope", "value"),
    [("address", "email:a@example.com"), ("address", "phone:+4930901820"), ("domain", "example.com")],
)
def test_suppressed_people_are_kept_counted_and_never_contacted(
    bring_in: Import, store: Store, clock: MovableClock, scope: str, value: str
) -> None:
    row = {"id": clock.fresh_id(), "scope": scope, "value": value, "reason": "unsubscribed", "by": "anna"}
    with store.begin() as connection:
        stops.suppress(connection, [{**row, "detail": "", "created_at": clock.now()}])

    summary = bring_in("email,first_name,phone", "a@example.com,Ada,+4930901820", "b@other.example,Bob,")

    assert (summary.imported, summary.suppressed) == (2, 1)
    assert [lead["status"] for lead in _leads(store)] == [Status.DO_NOT_CONTACT, Status.NEW]
    with store.read() as connection:
        assert len(stops.list_suppressions(connection)) == 1


def test_a_status_that_says_more_is_not_replaced(bring_in: Import, store: Store, clock: MovableClock) -> None:
    bring_in("email", "a@example.com")
    row = {"id": clock.fresh_id(), "scope": "domain", "value": "example.com", "reason": "by_hand", "by": "anna"}
    with store.begin() as connection:
        connection.execute(update(leads).values(status=Status.CUSTOMER))
        stops.suppress(connection, [{**row, "detail": "", "created_at": clock.now()}])

    summary = bring_in("email", "a@example.com")

    assert (summary.unchanged, summary.suppressed) == (1, 1)
    assert _leads(store)[0]["status"] == Status.CUSTOMER


def test_the_source_is_by_hand_or_by_column_or_the_file(bring_in: Import, store: Store) -> None:
    by_hand = bring_in("email,first_name", "a@example.com,A", source="fair")
    by_column = bring_in("email,first_name,source", "b@example.com,B,web", "c@example.com,C,", name="list.csv")

    assert (by_hand.source, by_column.source) == ("fair", "import:list.csv")
    assert [lead["source"] for lead in _leads(store)] == ["fair", "web", "import:list.csv"]


def test_unclear_values_are_told_and_kept(bring_in: Import, store: Store) -> None:
    summary = bring_in("email,phone,country", "a@example.com,0532 123 45 67,Atlantis")

    assert summary.remarks == {"phone": 1, "country": 1}
    assert _leads(store)[0]["fields"] == {"phone_as_written": "0532 123 45 67", "country_as_written": "Atlantis"}


def test_the_default_country_reads_local_numbers(bring_in: Import, store: Store) -> None:
    bring_in("email,phone", "a@example.com,0532 123 45 67", default_country="TR")

    assert ("phone", "+905321234567") in _addresses(store)


def test_new_leads_begin_where_they_are_told_to(bring_in: Import, store: Store) -> None:
    bring_in("email", "a@example.com", default_stage="qualified")

    assert _leads(store)[0]["stage"] == "qualified"


def test_long_lists_come_in_chunks_with_progress(bring_in: Import, store: Store) -> None:
    progress: list[tuple[int, float]] = []

    summary = bring_in(
        "email,linkedin,company",
        *(f"p{number}@c{number % 40}.example,linkedin.com/in/p-{number},C{number % 40}" for number in range(2500)),
        on_progress=lambda rows, share: progress.append((rows, share)),
    )

    assert summary.imported == 2500
    assert [rows for rows, _ in progress] == [1000, 2000, 2500]
    assert progress[-1][1] == 1
    assert len(_companies(store)) == 40


def test_a_file_that_breaks_off_keeps_the_chunks_before_and_goes_on_when_imported_again(
    bring_in: Import, store: Store
) -> None:
    lines = ["email", *(f"p{number}@example.com" for number in range(1500))]

    def break_off(rows: int, share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(*lines, on_progress=break_off)
    assert len(_leads(store)) == 1000

    assert _numbers(bring_in(*lines)) == (500, 0, 1000, 0)
    assert len(_leads(store)) == 1500


def test_two_imports_at_once_make_each_lead_once(bring_in: Import, store: Store) -> None:
    lines = ("email,company", *(f"p{number}@c{number % 7}.example,C{number % 7}" for number in range(300)))
    summaries: list[Summary] = []

    def work(name: str) -> None:
        summaries.append(bring_in(*lines, name=name))

    threads = [Thread(target=work, args=(f"{number}.csv",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(summary.imported for summary in summaries) == 300
    assert len(_leads(store)) == len(_addresses(store)) == 300
    assert len(_companies(store)) == 7


def test_a_lead_whose_address_was_taken_meanwhile_is_not_left_without_any(
    bring_in: Import, store: Store, clock: MovableClock
) -> None:
    bring_in("email", "a@example.com")
    lead = {str(name): value for name, value in _leads(store)[0].items()}
    late = {**lead, "id": clock.fresh_id()}

    with store.begin() as connection:
        lead_store.insert(connection, [late])
        row = {"id": clock.fresh_id(), "lead_id": late["id"], "kind": "email", "value": "a@example.com"}
        lead_store.add_addresses(connection, [{**row, "created_at": clock.now()}])
        dropped = lead_store.drop_unreachable(connection, [late["id"]])

    assert dropped == [late["id"]]
    assert [each["id"] for each in _leads(store)] == [lead["id"]]
