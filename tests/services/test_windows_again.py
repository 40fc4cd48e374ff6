"""Touches whose window has closed get their next one, however many they are, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import event

from outreach.services.sending import recover
from outreach.store.tables import touches
from outreach.testing.field import FILES, Field

MakeField = Callable[[Mapping[str, str]], Field]

ZONES = ("Asia/Tokyo", "Europe/Istanbul", "America/New_York")
IN_OFFICE_HOURS = {
    "sequences/two-mails.yaml": FILES["sequences/two-mails.yaml"].replace(
        "schedule: always", 'schedule: {timezone: lead, days: mon-fri, hours: "09:00-17:30", holidays: none}'
    )
}


def test_many_closed_windows_are_opened_again_by_few_updates(make_field: MakeField) -> None:
    field = make_field(IN_OFFICE_HOURS)
    zones = [ZONES[number % 3] for number in range(60)]
    leads = {field.add_lead(f"lead{n}@company{n}.example", timezone=zone): zone for n, zone in enumerate(zones)}
    field.enroll()
    field.claim()  # plans the first touches and claims those whose window is open; nobody carries them out
    field.clock.advance(timedelta(hours=1))
    field.sweep()
    field.clock.advance(timedelta(days=1))
    written: list[str] = []
    event.listen(
        field.app.store.engine,
        "before_cursor_execute",
        lambda _c, _u, statement, _p, _x, is_many: written.append(f"{statement} {'many' if is_many else ''}"),
    )

    opened = recover.open_windows(field.engine)

    assert opened == 60
    updates = [each for each in written if each.startswith("UPDATE touches")]
    assert len(updates) == (4 if field.app.store.is_sqlite else 1)  # on SQLite 60 rows are 32, 16, 8 and 4
    assert not [each for each in written if each.endswith("many")]
    for row in field.rows(touches):
        opens = row["due_at"].astimezone(ZoneInfo(leads[row["lead_id"]]))
        assert (row["due_at"] >= field.clock.now(), row["closes_at"] > row["due_at"]) == (True, True)
        assert opens == field.clock.now() or (opens.hour, opens.minute, opens.weekday() < 5) == (9, 0, True)
