"""Ten thousand replies through a CRM in bad weather, by hand: python -m tests.benchmarks.crm_storm [REPLIES]."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from outreach.store import migrate
from outreach.store.session import open_store
from tests.journeys.crm_storm import Storm


def main() -> None:
    replies = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{directory}/outreach.db"
        store = open_store(url)
        migrate.upgrade(store.engine)
        store.dispose()
        storm = Storm(Path(directory) / "workspace", replies=replies, database_url=url)
        storm.factor, storm.look, storm.kill_every, storm.most_kills = 20, 1.0, 5.0, 10_000
        storm.run(on_progress=lambda done: _say(f"\r{done:,} of {3 * replies:,} jobs"))
        storm.prove()
    _say(f"\n{replies:,} replies, one person, one entry and one status each, in {storm.seconds:.0f} s.\n")
    requests = len(storm.hubspot.requests)
    _say(f"{requests:,} requests; workers killed {storm.kills} times; dead letters {storm.dead_letters}.\n")
    _say(", ".join(f"{what}: {number:,}" for what, number in sorted(storm.weather.seen.items())) + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
