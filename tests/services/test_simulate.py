"""Simulations: who gets what when, what stands in the way, and the same answer to the same question."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from outreach.content.workspace import Workspace, load
from outreach.domain.simulation import Rates
from outreach.errors import UsageError
from outreach.services.simulating import simulate_halves
from outreach.services.simulating.simulate import Simulation
from outreach.services.simulating.simulate_html import page
from outreach.services.simulating.simulate_json import write_csv, write_json
from outreach.services.simulating.simulate_list import Question, begin, revision_of, simulate
from outreach.services.simulating.simulate_people import Listed, from_file
from outreach.services.simulating.simulate_report import Report, report_of
from outreach.services.simulating.simulate_stored import people_of
from outreach.services.simulating.simulate_words import finishing_words
from outreach.store import stops
from outreach.store.tables import metadata
from outreach.testing.field import FILES, Field

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

Ask = Callable[..., Report]


def _workspace(root: Path, files: Mapping[str, str]) -> Workspace:
    for name, text in {**FILES, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return load(root, {}, needs_secrets=False)


def _senders(*limits: str) -> dict[str, str]:
    """Senders s0, s1, … with these limits, in UTC."""
    text = "".join(
        f"s{place}:\n  name: Sender {place}\n  timezone: UTC\n"
        f"  email: {{address: s{place}@sender.example, use: memory{each and f', limits: {each}'}}}\n"
        for place, each in enumerate(limits)
    )
    return {"config/senders.yaml": text}


def _sequence(steps: str, *, senders: int = 1, more: str = "") -> dict[str, str]:
    names = ", ".join(f"s{place}" for place in range(senders))
    text = f"name: list\npipeline: default\nsenders: [{names}]\nschedule: always\n{more}steps:\n{steps}"
    return {"sequences/two-mails.yaml": text}


def _rows(number: int) -> list[dict[str, str]]:
    return [
        {"email": f"lead{place:03}@company{place}.example", "first_name": f"Lead {place}"} for place in range(number)
    ]


ONE = "  - id: intro\n    email: intro\n"
TWO = ONE + "  - wait: 3 days\n  - id: bump\n    email: bump\n"


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Simulate files for the rows of a list."""

    def ask(files: Mapping[str, str], rows: Sequence[Mapping[str, str]], **question: Any) -> Report:
        workspace = _workspace(tmp_path / "workspace", files)
        asked = Question(sequence="list", start=MONDAY, **question)
        simulation = begin(workspace, asked)
        simulate(simulation, asked, _listed(tmp_path, workspace, rows).people)
        return report_of(simulation, asked)

    return ask


def _listed(tmp_path: Path, workspace: Workspace, rows: Sequence[Mapping[str, str]]) -> Listed:
    path = tmp_path / "leads.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return from_file(path, workspace.pipelines["default"], MONDAY)


def _sent(report: Report) -> list[tuple[str, str, datetime]]:
    return [(sent.person.known.name, sent.step, sent.at) for sent in report.record.sent()]


def test_the_calendar_says_who_gets_what_when(ask: Ask) -> None:
    report = ask({**_senders(""), **_sequence(TWO)}, _rows(1))

    lead = "lead000@company0.example"
    assert _sent(report) == [(lead, "intro", MONDAY), (lead, "bump", MONDAY + timedelta(days=3))]
    assert report.finishing.on == date(2026, 3, 5)


def test_a_daily_cap_decides_when_the_list_is_finished(ask: Ask) -> None:
    report = ask({**_senders("{per_day: 2}"), **_sequence(ONE)}, _rows(9))

    assert [found.total() for _, found in report.days()] == [2, 2, 2, 2, 1]
    assert report.finishing.on == date(2026, 3, 6)
    assert report.record.late["daily cap"].touches == 7


def test_a_ramp_lets_a_new_mailbox_begin_slowly(ask: Ask) -> None:
    report = ask({**_senders("{ramp: {start: 1, step: 2}}"), **_sequence(ONE)}, _rows(9))

    assert [found.total() for _, found in report.days()] == [1, 3, 5]


def test_a_gap_lies_between_two_touches_of_a_sender(ask: Ask) -> None:
    report = ask({**_senders("{gap: 9 minutes}"), **_sequence(ONE)}, _rows(3))

    assert [at - MONDAY for _, _, at in _sent(report)] == [timedelta(minutes=9 * place) for place in range(3)]


def test_senders_share_a_list(ask: Ask) -> None:
    report = ask({**_senders("{per_day: 1}", "{per_day: 1}"), **_sequence(ONE, senders=2)}, _rows(12))

    assert {line.sender for line in report.by_sender()} == {"s0", "s1"}
    assert max(found.total() for _, found in report.days()) == 2


def test_somebody_away_waits_beside_others_who_wait_for_the_cap(ask: Ask) -> None:
    report = ask({**_senders("{per_day: 4}"), **_sequence(TWO)}, _rows(30), rates=Rates(out_of_office=1.0))

    assert report.record.finished == Counter({"completed": 30})
    assert report.record.blocked["snoozed"] > 0
    assert max(found.total() for _, found in report.days()) == 4


def test_nobody_gets_anything_on_a_day_off_of_the_sender(ask: Ask) -> None:
    files = _senders("{per_day: 1}")
    off = {"config/senders.yaml": files["config/senders.yaml"] + "  freeze: [2026-03-03, 2026-03-04]\n"}

    report = ask({**off, **_sequence(ONE)}, _rows(2))

    assert [day for day, found in report.days() if found] == ["2026-03-02", "2026-03-05"]


def test_missing_values_are_told_with_the_step_that_needs_them(ask: Ask) -> None:
    template = {"templates/bump.md": "---\nsubject: Again\n---\nAs {{ lead.title }} you know.\n"}
    rows = [*_rows(3), {"email": "ceo@company9.example", "title": "CEO"}]

    report = ask({**_senders(""), **_sequence(TWO), **template}, rows)

    assert report.missing == [("title", "bump", 3)]
    assert report.refused == [("missing title (step bump)", 3)]
    assert len(report.record.people) == 1


def test_conditions_see_what_the_list_says(ask: Ask) -> None:
    steps = "  - if: lead.pain_point == 'audit'\n    then:\n      - id: audit\n        email: intro\n" + ONE.replace(
        "id: intro", "id: usual"
    )
    rows = [{"email": "a@one.example", "pain_point": "audit"}, {"email": "b@two.example", "pain_point": "cost"}]

    report = ask({**_senders(""), **_sequence(steps)}, rows)

    assert {(lead[0], step) for lead, step, _ in _sent(report)} == {("a", "audit"), ("a", "usual"), ("b", "usual")}


def test_the_same_question_has_the_same_answer(ask: Ask) -> None:
    rates = Rates(replies=0.3, bounces=0.1, opens=0.5, out_of_office=0.2)
    files = {**_senders("{per_day: 7, gap: 2 minutes, jitter: 9 minutes}"), **_sequence(TWO)}

    first, again = (ask(files, _rows(60), rates=rates) for _ in range(2))

    assert _sent(first) == _sent(again)
    assert first.record.reactions == again.record.reactions


def test_another_seed_has_other_people_answer(ask: Ask) -> None:
    files = {**_senders(""), **_sequence(TWO)}

    who = [
        {person.known.name for person in ask(files, _rows(60), rates=Rates(replies=0.3), seed=seed).record.people
         if person.reason == "replied"}
        for seed in (1, 2)
    ]  # fmt: skip

    assert who[0] != who[1]


def test_more_leads_change_nothing_for_those_who_are_there(ask: Ask) -> None:
    files = {**_senders(""), **_sequence(TWO)}
    rates = Rates(replies=0.3, out_of_office=0.2)

    few, many = (ask(files, _rows(number), rates=rates) for number in (20, 40))

    assert set(_sent(few)) <= set(_sent(many))


def test_a_reply_ends_it_and_colleagues_may_be_left_in_peace(ask: Ask) -> None:
    rows = [{"email": f"lead{place}@one.example"} for place in range(10)]
    more = "stop_on: [reply, unsubscribe, complaint, company_reply]\n"

    report = ask({**_senders(""), **_sequence(TWO, more=more)}, rows, rates=Rates(replies=0.5))

    assert report.record.finished["replied"] >= 1
    assert report.record.finished["company_replied"] >= 1


def test_a_dead_address_gets_one_mail(ask: Ask) -> None:
    report = ask({**_senders(""), **_sequence(TWO)}, _rows(5), rates=Rates(bounces=1.0))

    assert report.record.touches == 5
    assert report.record.finished == Counter({"bounced": 5})


def test_a_list_longer_than_the_days_has_an_estimate(ask: Ask) -> None:
    report = ask({**_senders("{per_day: 2}"), **_sequence(ONE)}, _rows(100), days=20)

    assert report.finishing.on is None
    assert report.finishing.touches_left == 58
    assert report.finishing.about_on == date(2026, 4, 20)
    assert "about 2026-04-20" in finishing_words(report)


def test_a_step_without_an_address_is_passed_over(ask: Ask) -> None:
    files = _senders("")
    linked = {"config/senders.yaml": files["config/senders.yaml"] + "  linkedin: {use: memory}\n"}
    steps = "  - id: connect\n    linkedin.invite:\n"

    report = ask({**linked, **_sequence(steps)}, _rows(2))

    assert report.record.touches == 0
    assert report.record.blocked == Counter({"no address for this channel": 2})
    assert report.record.touches == 0


def test_a_task_is_done_by_as_many_as_said(ask: Ask) -> None:
    steps = "  - id: call\n    task: call\n    within: 2 days\n    or: skip\n" + ONE

    done, left = (ask({**_senders(""), **_sequence(steps)}, _rows(4), rates=Rates(tasks=rate)) for rate in (1, 0))

    assert done.record.reactions == Counter({"completed": 4})
    assert {at for _, step, at in _sent(left) if step == "intro"} == {MONDAY + timedelta(days=2)}


def test_one_sequence_hands_over_to_another(ask: Ask) -> None:
    other = FILES["sequences/two-mails.yaml"].replace("[anna]", "[s0]")

    report = ask(
        {**_senders(""), **_sequence(ONE + "  - enroll: two-mails\n"), "sequences/other.yaml": other}, _rows(1)
    )

    names = [(sent.person.course.sequence.name, sent.step) for sent in report.record.sent()]
    assert names == [("list", "intro"), ("two-mails", "intro"), ("two-mails", "bump")]


def test_a_holdout_is_never_contacted(ask: Ask) -> None:
    report = ask({**_senders(""), **_sequence(ONE, more="holdout: 30%\n")}, _rows(50))

    assert 5 <= report.record.held_out <= 25
    assert report.record.touches == 50 - report.record.held_out


COLLEAGUES = "stop_on: [reply, bounce, unsubscribe, complaint, company_reply]\n"


@pytest.mark.parametrize("more", ["", COLLEAGUES], ids=["alone", "colleagues"])
@pytest.mark.parametrize(
    "limits", [("",), ("{per_day: 5, gap: 3 minutes}", "{per_day: 4}", ""), ("", "")], ids=["one", "three", "two"]
)
def test_two_processes_say_what_one_says(tmp_path: Path, limits: tuple[str, ...], more: str) -> None:
    workspace = _workspace(
        tmp_path / "workspace", {**_senders(*limits), **_sequence(TWO, senders=len(limits), more=more)}
    )
    question = Question(sequence="list", start=MONDAY, rates=Rates(replies=0.3, bounces=0.1, out_of_office=0.3))
    rows = [{"email": f"lead{place:03}@company{place // 3}.example"} for place in range(90)]
    people = _listed(tmp_path, workspace, rows).people

    def run(worth_it: int) -> Report:
        simulation: Simulation = begin(workspace, question)
        simulation.enter(people, "list")
        simulate_halves.run(simulation, question.until, on_day=lambda _: None, worth_it=worth_it)
        return report_of(simulation, question)

    alone, together = run(1_000), run(1)

    assert _sent(alone) == _sent(together)
    assert _document(alone) == _document(together)


def _document(report: Report) -> Any:
    out = io.StringIO()
    write_json(report, out)
    return json.loads(out.getvalue())


def test_json_holds_everything(ask: Ask) -> None:
    document = _document(ask({**_senders(""), **_sequence(TWO)}, _rows(2)))

    assert document["sent"] == len(document["touches"]) == 4
    assert document["finishing"] == {
        "on": "2026-03-05",
        "people_left": 0,
        "touches_left_at_most": 0,
        "estimated_on": None,
        "slowest": None,
        "slowest_per_day": None,
    }
    assert document["touches"][0] == {
        "lead": "lead000@company0.example",
        "lead_id": document["leads"][0]["lead_id"],
        "sequence": "list",
        "step": "intro",
        "action": "email",
        "variant": None,
        "sender": "s0",
        "at": "2026-03-02T07:00:00Z",
        "local_time": "2026-03-02 07:00",
        "zone": "UTC",
    }


def test_no_cell_of_the_csv_is_a_formula(ask: Ask) -> None:
    rows = [{"email": "a@one.example", "first_name": "=HYPERLINK()", "company": "+1"}]
    out = io.StringIO()

    write_csv(ask({**_senders(""), **_sequence(ONE)}, rows), out)

    cells = next(iter(csv.DictReader(io.StringIO(out.getvalue()))))
    assert (cells["name"], cells["company"]) == ("'=HYPERLINK()", "'+1")


def test_the_page_stands_alone_and_shows_names_as_text(ask: Ask) -> None:
    rows = [*_rows(2), {"email": '"<script>alert(1)</script>"@one.example'}, {"email": "x@<b>.example"}]

    html = page(ask({**_senders(""), **_sequence(TWO)}, rows))

    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert html.count("<svg") >= 2
    assert "prefers-color-scheme" in html
    assert "width=device-width" in html


def test_a_sequence_that_is_not_there_is_told(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path, {})

    with pytest.raises(UsageError, match="Did you mean 'two-mails'"):
        revision_of(workspace, "two-mail")


def test_somebody_twice_in_a_file_counts_once(tmp_path: Path) -> None:
    workspace = _workspace(tmp_path / "workspace", {})

    listed = _listed(tmp_path, workspace, [*_rows(2), _rows(1)[0] | {"first_name": "Again"}, {"email": "nothing"}])

    assert (listed.rows, len(listed.people), listed.repeated, listed.rejected) == (4, 2, 1, 1)
    assert listed.examples[0][0] == 5


def test_the_database_says_who_may_enter_and_what_was_used(field: Field) -> None:
    inside, barred, free = (field.add_lead(f"{name}@{name}.example") for name in ("inside", "barred", "free"))
    field.enroll(inside)
    field.settle()
    row = {
        "id": "1",
        "scope": "lead",
        "value": barred,
        "reason": "by_hand",
        "by": "test",
        "created_at": field.clock.now(),
    }
    with field.app.store.begin() as connection:
        stops.suppress(connection, [row])
    before = _everything(field)

    question = Question(sequence="two-mails", start=field.clock.now())
    simulation = begin(field.app.workspace, question, field.app.store)
    simulate(simulation, question, people_of(field.app.store, "two-mails"))

    report = report_of(simulation, question)
    assert dict(report.refused) == {"already inside this sequence": 1, "suppressed": 1}
    assert [person.known.lead_id for person in report.record.people] == [free]
    assert simulation.queue(field.engine.sender("anna"), "email").last_used_at is not None
    assert _everything(field) == before


def _everything(field: Field) -> dict[str, int]:
    """Rows of every table."""
    with field.app.store.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
        }
