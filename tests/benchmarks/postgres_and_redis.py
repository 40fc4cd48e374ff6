"""`make bench`: the same measurement on the embedded default, and on PostgreSQL with Redis and two workers.

The servers come from wheels and run for this measurement alone. Figures are printed, never asserted.
"""

from __future__ import annotations

import argparse

from outreach.sandbox.bench import Plan, run
from outreach.testing.servers import PostgresServer, RedisServer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=4_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    run(Plan(messages=asked.messages, connections=asked.connections))
    postgres, redis = PostgresServer(), RedisServer()
    try:
        run(
            Plan(
                messages=asked.messages,
                connections=asked.connections,
                workers=asked.workers,
                database_url=postgres.create("bench"),
                broker_url=redis.url,
            )
        )
    finally:
        redis.stop()
        postgres.stop()


if __name__ == "__main__":
    main()
