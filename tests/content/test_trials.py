"""A trial is known by the texts it compares, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outreach.content.revision import freeze, thaw
from outreach.content.trials import trials_of, with_winners
from outreach.content.workspace import load

Maker = Callable[..., Path]

STORY = "---\nsubject: A story\n---\nLet me tell you a story.\n"


def steps(winner: str, rest: str = "") -> str:
    return f"  - id: intro\n    email: intro\n    variants: {{story: story}}\n{winner}{rest}"


def fingerprint(make: Maker, *, winner: str = "    winner: auto\n", rest: str = "", **templates: str) -> str:
    files = {f"templates/{name}": text for name, text in {"story.md": STORY, **templates}.items()}
    sequence = f"name: first\nsenders: [anna]\nsteps:\n{steps(winner, rest)}"
    workspace = load(make({**files, "sequences/first.yaml": sequence}), {})
    (trial,) = trials_of(thaw(freeze(workspace, "first")))
    return trial.fingerprint


def test_other_steps_and_the_size_of_the_sample_are_no_other_trial(a_workspace: Maker) -> None:
    first = fingerprint(a_workspace)

    assert fingerprint(a_workspace, rest="  - wait: 3 days\n  - {id: bump, email: bump, thread: intro}\n") == first
    assert fingerprint(a_workspace, winner="    winner: {at_least: 500}\n") == first


def test_another_text_measure_or_html_is_another_trial(a_workspace: Maker) -> None:
    first = fingerprint(a_workspace)
    measured = fingerprint(a_workspace, winner="    winner: {by: positive_reply_rate}\n")
    told = fingerprint(a_workspace, **{"story.md": STORY.replace("tell", "write")})
    dressed = fingerprint(a_workspace, **{"story.html": "<p>Let me tell you a story.</p>"})

    assert len({first, measured, told, dressed}) == 4


def test_a_sequence_that_looks_for_no_winner_is_stored_as_before_there_were_any(a_workspace: Maker) -> None:
    sequence = f"name: first\nsenders: [anna]\nsteps:\n{steps('')}"
    workspace = load(a_workspace({"templates/story.md": STORY, "sequences/first.yaml": sequence}), {})
    content = freeze(workspace, "first")

    assert '"winner' not in str(content).replace("'", '"')
    assert trials_of(thaw(content)) == ()


def test_only_the_winner_of_these_texts_is_put_in(a_workspace: Maker) -> None:
    sequence = f"name: first\nsenders: [anna]\nsteps:\n{steps('    winner: auto' + chr(10))}"
    workspace = load(a_workspace({"templates/story.md": STORY, "sequences/first.yaml": sequence}), {})
    revision = thaw(freeze(workspace, "first"))
    (trial,) = trials_of(revision)

    assert with_winners(revision, [trial], {("intro", "other"): "story"}) is revision
    won = with_winners(revision, [trial], {("intro", trial.fingerprint): "story"})
    assert won.sequence.winners == {"intro": "story"}
    assert (trial.variants, trial.trial.by, trial.kpi.of) == (("main", "story"), "reply_rate", "people_replied")
