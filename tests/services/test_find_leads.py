"""Leads found by an expression: the database and the expression itself say the same of everybody, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from outreach.clock import MovableClock
from outreach.content.conditions import condition_of
from outreach.content.expressions import evaluate
from outreach.domain.condition import Unclear
from outreach.domain.sender import Sender
from outreach.errors import UsageError
from outreach.services.people import find_leads as service
from outreach.services.people.find_leads import SORTS, Wanted, WrongFilter, find_leads
from outreach.services.sending.engine import Engine, Policy
from outreach.services.sending.facts import lead_context
from outreach.store import lead_lists, lead_rows, stops
from outreach.store.lead_conditions import where
from outreach.store.lead_lists import Asked, Order
from outreach.store.lead_search import search
from outreach.store.session import Store, open_store
from outreach.store.tables import addresses, companies, leads
from outreach.testing.servers import PostgresServer

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
MANY = 64


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def people(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Sixty-four leads as odd as they come, on both databases; read by every test of this file."""
    server: PostgresServer | None = None
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("found") / "outreach.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        store = open_store(f"sqlite:///{path}")
    else:
        server = request.getfixturevalue("postgres")
        assert server is not None
        store = open_store(server.create("found", template=request.getfixturevalue("postgres_template")))
    _fill(store)
    yield Engine(store=store, clock=MovableClock(NOW), senders={}, pipelines={}, policy=Policy(), opt_out_token=str)
    store.dispose()
    if server is not None:
        server.drop("found")


def _fill(store: Store) -> None:
    with store.begin() as connection:
        connection.execute(companies.insert(), [_company(n) for n in range(8)])
        connection.execute(leads.insert(), [_lead(n) for n in range(MANY)])
        connection.execute(addresses.insert(), [each for n in range(MANY) for each in _addresses(n)])


def _company(n: int) -> dict[str, Any]:
    size = (50, 51, "80", " 7 ", "many", True, None, 12.5)[n]
    fields = {"size": size, "domain": "own.example"} if size is not None else {}
    return {"id": f"c{n}", "name": ("Pay", "", "Bank 1")[n % 3], "domain": None if n == 3 else f"c{n}.example",
            "fields": fields, "created_at": NOW}  # fmt: skip


def _lead(n: int) -> dict[str, Any]:
    """Each value is absent, blank, plain or odd in turn; own values stand where a column is empty."""
    own: dict[str, Any] = {}
    if n % 3 == 0:
        own["industry"] = ("bank", "BANK", "5", 5, True, ["bank"], "", None)[n % 8]
    if n % 5 == 0:
        own |= {"title": "Owner", "country": "IT", "phone": "+90 1"}
    return {
        "id": f"l{n:03}",
        "company_id": f"c{n % 8}" if n % 4 else None,
        "first_name": ("Ada", "ada", None, " ", "İpek", "5")[n % 6],
        "last_name": ("Bir", None, "O'Neil", "%")[n % 4],
        "title": (None, "", "CTO", "Founder and CTO", "Owner")[n % 5],
        "country": (None, "TR", "DE")[n % 3],
        "owner": (None, "anna", "deniz")[n % 3],
        "source": ("fair", "webinar")[n % 2],
        "status": ("new", "responded", "in_sequence")[n % 3],
        "pipeline": "default",
        "stage": ("prospect", "contacted")[n % 2],
        "stage_since_at": NOW - timedelta(days=n % 7),
        "score": n % 10 - 2,
        "tags": ([], ["vip"], ["vip", "5"], ["a b"])[n % 4],
        "fields": own,
        "created_at": NOW - timedelta(days=n // 4),
        "updated_at": NOW,
    }


def _addresses(n: int) -> Iterator[dict[str, Any]]:
    same = {"lead_id": f"l{n:03}", "is_dead": False, "created_at": NOW}
    if n % 6:
        yield {"id": f"a{n:03}", "kind": "email", "value": f"p{n}@c{n % 8}.example", **same}
    if n % 7 == 0:
        yield {"id": f"b{n:03}", "kind": "email", "value": f"second{n}@x.example", **same}
    if n % 9 == 0:
        yield {"id": f"x{n:03}", "kind": "linkedin", "value": f"https://www.linkedin.com/in/p{n}", **same}


PARTS = (
    "lead.status == 'new'",
    "lead.status != 'new'",
    "lead.status in ['new', 'responded']",
    "lead.status not in ['new']",
    "lead.stage == 'contacted' or lead.score > 5",
    "lead.score >= 3",
    "3 > lead.score",
    "lead.score == 2.0",
    "lead.score < 2.5",
    "lead.score == '3'",
    "lead.score",
    "lead.title == 'CTO'",
    "lead.title == 'Owner'",
    "lead.title != 'CTO'",
    "'CTO' in lead.title",
    "'CTO' not in lead.title",
    "lead.title is defined",
    "lead.title is not defined",
    "lead.title | lower == 'cto'",
    "lead.country == 'IT'",
    "lead.country in ['TR', 'IT']",
    "lead.country not in ['TR', 'IT']",
    "lead.owner == 'anna'",
    "not lead.owner == 'anna'",
    "lead.owner is not defined",
    "lead.first_name == 'Ada'",
    "lead.first_name == '5'",
    "lead.first_name == 5",
    "lead.first_name > 'B'",
    "lead.name == 'Ada Bir'",
    'lead.last_name == "O\'Neil"',
    "'%' in lead.last_name",
    "'vip' in lead.tags",
    "'vip' not in lead.tags",
    "'5' in lead.tags",
    "'a' in lead.tags",
    "lead.industry == 'bank'",
    "lead.fields.industry == 'bank'",
    "lead.industry == '5'",
    "lead.industry == 5",
    "lead.industry >= 4",
    "lead.industry != 'bank'",
    "lead.industry is defined",
    "lead.industry in ['bank', 'BANK']",
    "'ban' in lead.industry",
    "company.size > 50",
    "company.size <= 12.5",
    "company.fields.size == 80",
    "not company.size > 50",
    "company.size > '50'",
    "company.name == 'Pay'",
    "company.name is defined",
    "company.domain == 'own.example'",
    "company.domain != 'c1.example'",
    "company.domain is not defined",
    "lead.email == 'p1@c1.example'",
    "lead.email == 'second7@x.example'",
    "lead.email is defined",
    "lead.email is not defined",
    "lead.linkedin is defined",
    "lead.phone is defined",
    "lead.phone == '+90 1'",
    "lead.email != 'p1@c1.example'",
    "lead.created_at >= '2026-02-20'",
    "lead.created_at < now - 5",
    "now - lead.created_at > 5",
    "lead.created_at == '2026-03-02T07:00:00+00:00'",
    "lead.source",
    "not lead.source",
    "events.replied > 0",
    "sender.name == 'anna'",
    "true",
    "lead.country if lead.owner else lead.title == 'CTO'",
)


def _expected(people: Engine, expression: str) -> set[str]:
    """Everybody, asked one by one."""
    with people.store.read() as connection:
        rows = lead_rows.load(connection, lead_rows.all_ids(connection))
        own = stops.addresses_of(connection, [row["leads_id"] for row in rows])
    contexts = {row["leads_id"]: lead_context(row, own.get(row["leads_id"], []), Sender(name=""), NOW) for row in rows}
    return {lead_id for lead_id, context in contexts.items() if evaluate(expression, context)}


def _agrees(people: Engine, expression: str) -> None:
    expected = _expected(people, expression)

    found = find_leads(people, Wanted(where=expression, size=MANY + 1))

    assert {row.id for row in found.rows} == expected
    assert found.total in (None, len(expected))
    with people.store.read() as connection:
        sql = where(condition_of(expression, NOW), dialect=connection.dialect.name)
        rows = lead_lists.page(connection, Asked(also=sql.sql), SORTS["newest"], after=None, most=MANY + 1)
    by_database = {row["id"] for row in rows}
    assert expected <= by_database, "the database let somebody go"
    assert not sql.is_exact or expected == by_database


@pytest.mark.parametrize("expression", PARTS)
def test_the_database_and_the_expression_say_the_same(people: Engine, expression: str) -> None:
    _agrees(people, expression)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(data=st.data())
def test_so_do_their_combinations(people: Engine, data: st.DataObject) -> None:
    part = st.sampled_from(PARTS).map(lambda each: f"({each})")
    joined = st.recursive(
        part,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda each: f"({' '.join(each)})"),
            inner.map(lambda each: f"(not {each})"),
        ),
        max_leaves=4,
    )

    _agrees(people, data.draw(joined))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("expression", ["", "lead.score >= 2", "lead.title | lower == 'cto'"])
def test_pages_put_together_are_the_whole_list_in_order(people: Engine, sort: str, expression: str) -> None:
    asked = Asked(stage="prospect")
    whole = find_leads(people, Wanted(asked=asked, where=expression, sort=sort, size=MANY)).rows
    ids, after = [], ""

    for _ in range(MANY):
        page = find_leads(people, Wanted(asked=asked, where=expression, sort=sort, size=5, after=after))
        ids += [row.id for row in page.rows]
        after = page.next
        if not after:
            break

    assert ids == [row.id for row in whole]
    assert ids


def test_a_page_that_only_the_expression_can_fill_ends_somewhere(
    people: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_BATCH", 8)
    monkeypatch.setattr(service, "MOST_LOOKED_AT", 16)

    first = find_leads(people, Wanted(where="lead.title | upper == 'NOBODY'", size=4))

    assert (first.rows, first.total, first.stopped_after) == ((), None, 16)
    assert first.next
    rest = find_leads(people, Wanted(where="lead.title | upper == 'NOBODY'", size=4, after=first.next))
    assert rest.next != first.next


def test_a_count_ends_at_its_bound(people: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_COUNTED", 20)

    found = find_leads(people, Wanted(size=5))

    assert (found.total, found.is_more) == (20, True)


@pytest.mark.parametrize("expression", ["lead.score >", "leed.score", "lead.__class__", "", "x" * 3000])
def test_what_is_no_expression_is_refused_with_a_sentence(people: Engine, expression: str) -> None:
    if not expression:
        assert find_leads(people, Wanted(where=expression)).total == MANY
        return
    with pytest.raises(WrongFilter):
        find_leads(people, Wanted(where=expression))


@pytest.mark.parametrize(
    "wanted", [Wanted(sort="colour"), Wanted(sort="waiting"), Wanted(after="x"), Wanted(after="2026-01-01~l1")]
)
def test_orders_and_places_that_are_none_are_refused(people: Engine, wanted: Wanted) -> None:
    with pytest.raises(UsageError):
        find_leads(people, wanted)


def test_a_part_that_says_nothing_of_the_lead_is_left_to_the_expression() -> None:
    assert condition_of("events.replied > 0", NOW) == Unclear()


@pytest.mark.parametrize(
    ("asked", "sort", "index"),
    [
        (Asked(), "newest", "ix_leads_created_at"),
        (Asked(), "oldest", "ix_leads_created_at"),
        (Asked(), "score", "ix_leads_score"),
        (Asked(stage="contacted"), "waiting", "ix_leads_stage"),
    ],
)
def test_lists_are_read_by_an_index_on_postgresql(postgres_url: str, asked: Asked, sort: str, index: str) -> None:
    store = open_store(postgres_url)
    with store.begin() as connection:
        connection.execute(text(_THOUSANDS))
        connection.execute(text("ANALYZE leads"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        seen = _plans(connection, asked, SORTS[sort])
    store.dispose()

    assert index in seen
    assert "Sort" not in seen


def test_words_are_looked_for_by_indexes_on_postgresql(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.begin() as connection:
        connection.execute(text(_THOUSANDS))
        connection.execute(text("ANALYZE leads"))
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        seen = _plan(connection, lambda: search(connection, "rare7"))
    store.dispose()

    for index in ("ix_leads_first_name", "ix_leads_last_name", "ix_companies_name", "ix_addresses_value"):
        assert index in seen


_THOUSANDS = """
INSERT INTO leads (id, first_name, last_name, source, status, pipeline, stage, stage_since_at, score, tags, fields,
                   created_at, updated_at)
SELECT 'l' || n, 'Ada' || n, 'Rare' || n, 'fair', 'new', 'default', CASE WHEN n % 2 = 0 THEN 'prospect' ELSE 'contacted'
       END, now() - n * interval '1 hour', n % 100, '[]', '{}', now() - n * interval '1 minute', now()
FROM generate_series(1, 5000) n
"""


def _plans(connection: Any, asked: Asked, order: Order) -> str:
    return _plan(connection, lambda: lead_lists.page(connection, asked, order, after=None, most=51))


def _plan(connection: Any, work: Callable[[], object]) -> str:
    """What PostgreSQL would do for the first statement of it."""
    seen: list[tuple[str, Any]] = []
    event.listen(connection, "before_cursor_execute", lambda *each: seen.append((each[2], each[3])))
    work()
    statement, parameters = seen[0]
    plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join(row[0] for row in plan)
