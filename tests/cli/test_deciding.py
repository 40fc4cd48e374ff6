"""tasks and review: what only a person can decide, from the command line."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from outreach import app as apps
from outreach.services.sending.advance import advance
from outreach.services.sending.claim import claim_due
from outreach.services.sending.dispatch import Dispatcher
from tests.cli.conftest import Shell

SEQUENCE = """name: by-hand
senders: [{sender}]
schedule: always
{review}steps:
  - {{id: first, {step}}}
"""


def begun(shell: Shell, step: str, review: str = "") -> Shell:
    """Everybody of the sample list is in a sequence of one step, and what is due was looked at."""
    senders = (shell.root / "config/senders.yaml").read_text("utf-8")
    sender = next(line.rstrip(":") for line in senders.splitlines() if line.endswith(":") and not line.startswith(" "))
    shell.write("sequences/by-hand.yaml", SEQUENCE.format(sender=sender, step=step, review=review))
    for command in (["leads", "import", str(shell.root / "leads.csv")], ["apply", "--yes"]):
        assert shell.run(*command).code == 0
    assert shell.run("enroll", "by-hand", "--all", "--yes").code == 0
    look(shell)
    return shell


def look(shell: Shell) -> None:
    """One tick of the scheduler, and a worker for what it claims; nothing is sent."""
    app = apps.build(shell.root, {})
    dispatcher = Dispatcher(app.engine, app.channel_of, owner="test")
    try:
        advance(app.engine)
        for claim in claim_due(app.engine, app.actions):
            asyncio.run(dispatcher.run_claim(claim))
    finally:
        dispatcher.close()
        app.close()


def one(shell: Shell, *command: str) -> Any:
    return shell.run(*command, "--json").json[0]


def test_a_task_is_given_away_put_off_and_done(shell: Shell) -> None:
    begun(shell, "linkedin.visit: ")
    task = one(shell, "tasks")
    assert task["note"] == "Visit the profile on LinkedIn (linkedin.visit by hand)"

    given = shell.run("tasks", "assign", task["id"], "deniz")
    assert one(shell, "tasks", "--assignee", "deniz")["id"] == task["id"]
    put_off = shell.run("tasks", "snooze", task["id"], "3 days")
    gone = shell.run("tasks", "--assignee", "deniz", "--json").json
    kept = one(shell, "tasks", "--assignee", "deniz", "--all")
    wrong = shell.run("tasks", "snooze", task["id"], "soon")

    assert (given.code, put_off.code) == (0, 0)
    assert given.out.endswith("is deniz's now.\n")
    assert (gone, kept["id"]) == ([], task["id"])
    assert kept["snoozed_until"] is not None
    assert (wrong.code, "'soon' is no time" in wrong.err) == (2, True)
    assert shell.run("tasks", "done", task["id"], "--outcome", "seen").code == 0


@pytest.fixture
def waiting(shell: Shell) -> Shell:
    template = next((shell.root / "templates").rglob("*.md"))
    name = template.relative_to(shell.root / "templates").with_suffix("").as_posix()
    return begun(shell, f"email: {name}", "review: all\n")


def test_a_message_is_edited_from_a_file(waiting: Shell) -> None:
    message = one(waiting, "review")
    file = waiting.write("words.txt", message["text"].replace("Subject: ", "Subject: Of our own: ", 1))

    said = waiting.run("review", "edit", message["id"], "--file", str(file))

    assert (said.code, said.out) == (0, "Changed and approved.\n")
    assert message["id"] not in [each["id"] for each in waiting.run("review", "--json").json]


def test_an_editor_that_changes_nothing_approves_nothing(waiting: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    message = one(waiting, "review")
    monkeypatch.setenv("VISUAL", "true")
    unchanged = waiting.run("review", "edit", message["id"])
    monkeypatch.setenv("VISUAL", "no-such-editor")
    broken = waiting.run("review", "edit", message["id"])

    assert (unchanged.code, "nothing was changed" in unchanged.err) == (2, True)
    assert (broken.code, "Set EDITOR, or use --file" in broken.err) == (2, True)
    assert one(waiting, "review")["id"] == message["id"]
