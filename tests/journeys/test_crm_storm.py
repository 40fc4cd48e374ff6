"""Hundreds of replies through a CRM in bad weather, its workers killed: one person, one entry, one status for each."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.crm_storm import Storm


def test_each_reply_is_in_the_crm_once_whatever_happens(tmp_path: Path, sqlite_url: str) -> None:
    storm = Storm(tmp_path / "workspace", replies=300, database_url=sqlite_url, workers=2, kill_every=0.7)

    storm.run()

    storm.prove()
    assert storm.kills >= 3
    assert all(storm.weather.seen[each] > 5 for each in ("429", "500 before", "500 after", "answer lost"))
