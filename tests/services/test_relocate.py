"""People who are inside when a sequence changes: `apply --move`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pytest

from outreach.content.revision import freeze
from outreach.content.workspace import load
from outreach.errors import UsageError
from outreach.services.sequences import plan, revise
from outreach.services.sequences.forecast import Forecast
from outreach.store.tables import audit, enrollments, touches
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]

NAME = "two-mails"
HEAD = f"name: {NAME}\nsenders: [anna]\nschedule: always\nsteps:\n"
INTRO = "  - {id: intro, email: intro}\n"
WAIT = "  - wait: 3 days\n"
BUMP = "  - {id: bump, email: bump}\n"
LAST = "  - {id: last, email: bump}\n"


def sequence(*steps: str, head: str = HEAD) -> dict[str, str]:
    return {f"sequences/{NAME}.yaml": head + "".join(steps)}


def change(field: Field, *steps: str, head: str = HEAD, **targets: str) -> revise.Change:
    """Write the sequence anew and apply it to everybody."""
    for name, text in sequence(*steps, head=head).items():
        (field.root / name).write_text(text, encoding="utf-8")
    workspace = load(field.root, {}, needs_secrets=False)
    contents = {NAME: freeze(workspace, NAME)}
    return revise.apply(field.engine, contents, hashes=workspace.hashes, by="test", targets=targets)[0]


def inside(field: Field, email: str = "ayse@one.example") -> str:
    """A lead who has had the first mail and waits for the second."""
    lead = field.add_lead(email)
    field.enroll(lead)
    field.settle()
    return lead


def live(field: Field, *, days: int) -> None:
    """One day after the other."""
    for _ in range(days):
        field.go(days=1)


def sent(field: Field, lead: str) -> list[str]:
    rows = field.rows(touches, lead_id=lead, state="sent")
    return [row["step"] for row in sorted(rows, key=lambda row: row["sent_at"])]


def test_a_planned_touch_of_an_unchanged_step_keeps_its_time_and_takes_the_new_revision(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    before = field.row(touches, step="bump")

    done = change(field, INTRO, WAIT, BUMP, WAIT, LAST)

    after = field.row(touches, step="bump")
    assert (done.moved, done.left, done.number) == (1, 0, 2)
    assert (after["id"], after["due_at"], after["state"]) == (before["id"], before["due_at"], "planned")
    assert after["revision_id"] == field.enrollment(lead)["revision_id"] != before["revision_id"]
    live(field, days=6)
    assert sent(field, lead) == ["intro", "bump", "last"]


def test_without_move_people_stay_on_their_revision(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    field.root.joinpath(f"sequences/{NAME}.yaml").write_text(HEAD + INTRO + WAIT + BUMP + WAIT + LAST)
    workspace = load(field.root, {}, needs_secrets=False)

    done = revise.apply(field.engine, {NAME: freeze(workspace, NAME)}, hashes={}, by="test")[0]
    live(field, days=6)

    assert (done.people_inside, done.moved) == (1, 0)
    assert sent(field, lead) == ["intro", "bump"]


def test_people_may_be_moved_later_when_the_files_are_as_they_were_applied(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    field.root.joinpath(f"sequences/{NAME}.yaml").write_text(HEAD + INTRO + WAIT + BUMP + WAIT + LAST)
    workspace = load(field.root, {}, needs_secrets=False)
    revise.apply(field.engine, {NAME: freeze(workspace, NAME)}, hashes={}, by="test")

    done = change(field, INTRO, WAIT, BUMP, WAIT, LAST)
    live(field, days=6)

    assert (done.is_changed, done.people_behind, done.moved) == (False, 1, 1)
    assert sent(field, lead) == ["intro", "bump", "last"]


def test_a_removed_step_with_people_at_it_needs_a_target(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    revision_id = field.enrollment(lead)["revision_id"]

    with pytest.raises(UsageError, match=r"stand at steps that are gone: bump \(1\).*--map bump=STEP"):
        change(field, INTRO, WAIT, LAST)

    assert field.enrollment(lead)["revision_id"] == revision_id
    assert field.row(touches, step="bump")["state"] == "planned"
    assert len(field.rows(audit, action="apply")) == 1


def test_a_target_takes_the_place_and_the_time_of_what_is_gone(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    due_at = field.row(touches, step="bump")["due_at"]

    change(field, INTRO, "  - wait: 9 days\n", LAST, bump="last")
    field.settle()

    assert field.rows(touches, step="bump") == []
    assert field.row(touches, step="last")["due_at"] == due_at
    field.go(days=3)
    assert sent(field, lead) == ["intro", "last"]


def test_a_target_may_be_the_end(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)

    change(field, INTRO, WAIT, LAST, bump="end")
    field.settle()

    assert field.enrollment(lead)["reason"] == "completed"
    assert sent(field, lead) == ["intro"]


@pytest.mark.parametrize(
    ("targets", "said"),
    [({"bumb": "last"}, "Did you mean 'bump'"), ({"bump": "lasst"}, "has no step 'lasst'. Did you mean 'last'")],
)
def test_a_target_that_is_misspelt_is_refused(make_field: MakeField, targets: dict[str, str], said: str) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    inside(field)

    with pytest.raises(UsageError, match=said):
        change(field, INTRO, WAIT, LAST, **targets)


def test_nobody_gets_a_step_again_that_they_had(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP, WAIT, LAST))
    lead = inside(field)
    field.go(days=3)

    change(field, BUMP, WAIT, LAST, WAIT, INTRO)
    live(field, days=30)

    assert sent(field, lead) == ["intro", "bump", "last"]


def test_a_touch_that_moved_behind_people_is_fetched_back(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP, WAIT, LAST))
    lead = inside(field)

    change(field, INTRO, WAIT, LAST, WAIT, BUMP)
    live(field, days=30)

    assert sent(field, lead) == ["intro", "last", "bump"]


def test_another_wait_before_a_planned_touch_counts_from_where_it_began(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    inside(field)
    before = field.row(touches, step="bump")["due_at"]

    change(field, INTRO, "  - wait: 5 days\n", BUMP)
    field.settle()

    assert field.row(touches, step="bump")["due_at"] == before + timedelta(days=2)


def test_who_waits_for_something_that_is_gone_goes_on_behind_it(make_field: MakeField) -> None:
    waiting = (
        "  - {wait_for: open, at_most: 9 days, then: [{id: warm, email: bump}], else: [{id: cold, email: bump}]}\n"
    )
    field = make_field(sequence(INTRO, waiting, LAST))
    lead = inside(field)

    change(field, INTRO, WAIT, LAST)
    field.go(days=3)

    assert sent(field, lead) == ["intro", "last"]


def test_a_touch_under_way_finishes_under_its_old_revision_and_goes_on_in_the_new_one(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    claims = field.claim()

    done = change(field, INTRO, "  - wait: 1 day\n", LAST)
    old = field.row(touches, step="intro")["revision_id"]
    for claim_id in claims:
        field.carry_out(claim_id)
    field.go(days=1)

    assert done.moved == 1
    assert old != field.enrollment(lead)["revision_id"]
    assert field.row(touches, step="intro")["revision_id"] == old
    assert sent(field, lead) == ["intro", "last"]


def test_who_is_being_written_to_at_a_step_that_is_gone_is_moved_another_time(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP, WAIT, LAST))
    lead = field.add_lead("ayse@one.example")
    field.enroll(lead)
    claims = field.claim()

    done = change(field, BUMP, WAIT, LAST)
    for claim_id in claims:
        field.carry_out(claim_id)

    assert (done.moved, done.left) == (0, 1)
    assert change(field, BUMP, WAIT, LAST).moved == 1
    live(field, days=6)
    assert sent(field, lead) == ["intro", "bump", "last"]


def test_a_planned_touch_is_written_anew_when_its_step_does_something_else(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    inside(field)
    before = field.row(touches, step="bump")

    change(field, INTRO, WAIT, "  - {id: bump, task: call}\n")

    after = field.row(touches, step="bump")
    assert (before["action"], after["action"], after["channel"]) == ("email", "task", "task")
    assert (after["due_at"], after["message_id"]) == (before["due_at"], None)


def test_variants_that_are_gone_are_chosen_again(make_field: MakeField) -> None:
    with_variants = "  - {id: bump, email: bump, variants: {a: intro, b: intro, c: intro}}\n"
    field = make_field(sequence(INTRO, WAIT, with_variants))
    lead = inside(field)

    change(field, INTRO, WAIT, BUMP)
    field.go(days=3)

    assert field.row(touches, step="bump")["variant"] is None
    assert sent(field, lead) == ["intro", "bump"]


def test_other_hours_hold_for_what_is_planned_already(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    evenings = 'schedule: {timezone: sender, days: mon-sun, hours: "20:00-22:00", holidays: none}\n'

    change(field, INTRO, WAIT, BUMP, head=HEAD.replace("schedule: always\n", evenings))
    field.go(days=3)
    assert sent(field, lead) == ["intro"]
    field.go(hours=10, minutes=30)

    assert sent(field, lead) == ["intro", "bump"]


def test_who_is_paused_is_moved_and_stays_paused(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    lead = inside(field)
    with field.app.store.begin() as connection:
        connection.execute(enrollments.update().values(state="paused"))

    change(field, INTRO, WAIT, BUMP, WAIT, LAST)
    field.go(days=9)

    assert field.enrollment(lead)["state"] == "paused"
    assert sent(field, lead) == ["intro"]


def test_the_move_is_written_into_the_audit_trail(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    inside(field)

    change(field, INTRO, WAIT, LAST, bump="last")

    entry = field.row(audit, action="move")
    assert (entry["subject"], entry["data"]) == (NAME, {"moved": 1, "left": 0, "targets": {"bump": "last"}})


def test_the_plan_says_when_they_are_through_and_the_engine_agrees(make_field: MakeField) -> None:
    field = make_field(sequence(INTRO, WAIT, BUMP))
    inside(field)
    steps = (INTRO, WAIT, BUMP, WAIT, LAST)
    field.root.joinpath(f"sequences/{NAME}.yaml").write_text(HEAD + "".join(steps), encoding="utf-8")
    workspace = load(field.root, {}, needs_secrets=False)

    (found,) = plan.plan(field.engine, {NAME: freeze(workspace, NAME)})
    change(field, *steps)
    live(field, days=9)

    assert found.ends == Forecast(new=date(2026, 3, 5), move=date(2026, 3, 8))
    assert field.row(enrollments)["finished_at"].date() == found.ends.move
