"""Numbers for Prometheus: what the database says now, and what this process was told."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from outreach.web.services import Values

_log = structlog.get_logger()

_GAUGES = {
    "sent": "Touches sent today.",
    "due": "Touches that are due and not sent.",
    "replies": "Replies of today.",
    "blocked": "Planned touches that something holds back.",
    "unknown": "Touches whose outcome is not known.",
    "failed": "Touches that failed today.",
    "tasks": "Open tasks.",
    "forgotten": "Open leads with neither a next action nor a reason for none.",
}


class Deliveries:
    """Counts webhook calls by connection and outcome, in a registry of one application, not of the process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "outreach_deliveries", "Webhook calls by outcome.", ("connection", "outcome"), registry=registry
        )

    def add(self, connection: str, outcome: str) -> None:
        self._counter.labels(connection, outcome).inc()


class Today(Collector):
    """Reads the day's numbers when it is asked. A database that does not answer is a number too."""

    def __init__(self, today: Callable[[], Values]) -> None:
        self._today = today

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not read the database."""
        return ()

    def collect(self) -> Iterable[Metric]:
        try:
            values = self._today()
        except Exception:  # noqa: BLE001  a scrape must not fail because the database does
            _log.exception("metrics_without_database")
            return [GaugeMetricFamily("outreach_database_up", "Whether the database answers.", value=0)]
        return [GaugeMetricFamily("outreach_database_up", "Whether the database answers.", value=1), *_gauges(values)]


def _gauges(values: Values) -> Iterable[Metric]:
    for name, meaning in _GAUGES.items():
        yield GaugeMetricFamily(f"outreach_{name}", meaning, value=values[name])
    for name, value in values["numbers"].items():
        yield GaugeMetricFamily(f"outreach_{name}", name.replace("_", " "), value=value)
    blocks = GaugeMetricFamily("outreach_blocks", "Planned touches by what holds them back.", labels=["because"])
    for block in values["blocks"]:
        blocks.add_metric([block["because"]], block["count"])
    yield blocks
    yield _senders(values)


def _senders(values: Values) -> Metric:
    used = GaugeMetricFamily("outreach_sender_used", "Touches that count today.", labels=["sender", "action"])
    for sender in values["senders"]:
        used.add_metric([sender["name"], sender["action"]], sender["used"])
    return used


def text_of(registry: CollectorRegistry) -> bytes:
    """The exposition format, text 0.0.4."""
    return generate_latest(registry)
