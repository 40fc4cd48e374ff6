"""A restored backup does not send last week's mail again."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import update

from outreach.store.journal import KEPT
from outreach.store.tables import touches
from outreach.testing.field import Field


def test_what_was_sent_before_a_restore_is_in_doubt(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    with field.app.store.begin() as connection:  # the state an older backup would hold
        intro = touches.c.step == "intro"
        connection.execute(update(touches).where(intro).values(state="planned", due_at=field.clock.now(), sent_at=None))

    found = field.app.journal.compare(field.app.store, field.clock.now())
    field.settle()

    assert found == 1
    assert len(field.memory().sent) == 1
    assert field.row(touches, step="intro")["state"] == "unknown"


def test_a_touch_that_was_put_off_is_not_in_doubt(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.claim()

    assert field.app.journal.compare(field.app.store, field.clock.now()) == 0


def test_old_pages_are_thrown_away(field: Field) -> None:
    field.enroll(field.add_lead("ayse@one.example"))
    field.settle()
    pages = list(field.root.rglob("sends-*.txt"))
    field.clock.advance(KEPT + timedelta(days=2))

    field.app.journal.compare(field.app.store, field.clock.now())

    assert len(pages) == 1
    assert not pages[0].exists()
