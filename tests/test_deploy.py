"""What `deploy/` starts exists: commands, variables, paths and probes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from outreach.cli.program import program
from outreach.content.outreach_file import OutreachModel

DEPLOY = Path(__file__).parent.parent / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
OF_COMPOSE_ITSELF = {"OUTREACH_DATABASE_PASSWORD", "OUTREACH_BROKER_PASSWORD", "OUTREACH_WORKSPACE"}


def _compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def _manifests() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / "outreach.yaml").read_text("utf-8")))


def _containers() -> Iterator[dict[str, Any]]:
    for manifest in _manifests():
        yield from manifest.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


def _commands() -> list[list[str]]:
    units = [re.findall(r"^ExecStart=\S+/outreach (.+)$", unit.read_text("utf-8"), re.M)[0].split() for unit in UNITS]
    compose = [each["command"] for each in _compose()["services"].values() if "build" in each]
    return [*units, *compose, *(each["args"] for each in _containers())]


@pytest.mark.parametrize("command", _commands(), ids=" ".join)
def test_every_command_exists(command: list[str]) -> None:
    result = CliRunner().invoke(program, [*command, "--help"])

    assert result.exit_code == 0, result.output


def test_every_role_is_started_everywhere() -> None:
    roles = {"worker", "scheduler", "web"}

    assert {unit.stem.removeprefix("outreach-").rstrip("@") for unit in UNITS} == roles
    assert roles < set(_compose()["services"])
    assert roles < {each["name"] for each in _containers()}


def test_every_variable_is_one_the_program_reads() -> None:
    text = "".join(path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    known = {f"OUTREACH_{name.upper()}" for name in OutreachModel.model_fields} | OF_COMPOSE_ITSELF

    named = {name.partition("__")[0] for name in re.findall(r"\bOUTREACH_[A-Z_]+[A-Z]", text)}

    assert named
    assert named <= known


def test_services_are_stopped_with_time_to_finish() -> None:
    """The final dot of a slow mail server may take ten minutes."""
    pods = {each["metadata"]["name"]: each for each in _manifests() if each["kind"] == "Deployment"}

    assert pods["outreach-worker"]["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 600
    assert "TimeoutStopSec=660" in (DEPLOY / "systemd" / "outreach-worker@.service").read_text("utf-8")
    assert _compose()["services"]["worker"]["stop_grace_period"] == "11m"


def test_only_what_strangers_need_is_published() -> None:
    [ingress] = [each for each in _manifests() if each["kind"] == "Ingress"]

    paths = {path["path"] for path in ingress["spec"]["rules"][0]["http"]["paths"]}

    assert paths == {"/webhooks/", "/u/", "/static/"}
    assert all(port.startswith("127.0.0.1:") for port in _compose()["services"]["web"]["ports"])


def test_probes_ask_paths_that_answer() -> None:
    [web] = [each for each in _containers() if each["name"] == "web"]

    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_rabbitmq_takes_the_place_of_redis_for_every_role() -> None:
    instead: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.rabbitmq.yaml").read_text("utf-8"))["services"]
    services = _compose()["services"]

    rings = {name for name, each in services.items() if "build" in each and each["command"][0] != "db"}
    urls = {name: each["environment"]["OUTREACH_BROKER_URL"] for name, each in instead.items() if name in rings}
    assert set(urls) == rings
    assert all(url.startswith("amqp://outreach:${OUTREACH_BROKER_PASSWORD") for url in urls.values())
    assert set(instead) - rings == {"broker"}
    assert instead["broker"]["command"] == ["rabbitmq-server"]
