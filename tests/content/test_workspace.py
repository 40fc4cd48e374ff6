"""A workspace is read as a whole: every problem of every file at once, or everything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.content import workspace
from outreach.errors import ConfigError

Maker = Callable[..., Path]

SEQUENCE = "name: first\nsenders: [anna]\nsteps: [{id: a, email: intro}]\n"
LOCKED = (
    "anna:\n  name: Anna\n  timezone: Europe/Istanbul\n"
    "  email: {address: anna@example.com, smtp: {url: 'smtps://h.example.com', username: anna, password: '${ANNA}'}}\n"
    "deniz:\n  name: Deniz\n  timezone: Europe/Istanbul\n"
    "  linkedin: {use: unipile, token: '${DENIZ}'}\n"
)


def problems(root: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        workspace.load(root, environ or {})
    return [str(problem) for problem in caught.value.problems]


def test_a_workspace_holds_what_its_files_say(a_workspace: Maker) -> None:
    root = a_workspace()

    found = workspace.load(root, {})

    assert (set(found.sequences), set(found.pipelines), set(found.templates)) == (
        {"first"},
        {"default"},
        {"intro", "bump"},
    )
    assert found.settings.senders["anna"].email is not None
    assert found.root == root


def test_every_file_has_its_hash(a_workspace: Maker) -> None:
    root = a_workspace()

    hashes = workspace.load(root, {}).hashes

    assert set(hashes) == {
        "config/outreach.yaml", "config/senders.yaml", "config/pipelines/default.yaml",
        "sequences/first.yaml", "templates/intro.md", "templates/bump.md",
    }  # fmt: skip
    assert hashes["sequences/first.yaml"] == hashlib.sha256((root / "sequences/first.yaml").read_bytes()).hexdigest()


def test_the_shipped_workspace_needs_no_account_and_no_variable() -> None:
    found = workspace.load(Path(__file__).parents[2], {})

    assert found.settings.database_url.startswith("sqlite:///")
    assert [crm.use for crm in found.settings.crm.values()] == ["csv_file"]
    assert set(found.pipelines) == {"default", "investglass", "lagrowthmachine"}


def test_every_problem_of_every_file_is_told_at_once(a_workspace: Maker) -> None:
    told = problems(
        a_workspace(
            {
                "config/outreach.yaml": "databse_url: sqlite:///a.db\n",
                "config/senders.yaml": "anna: {name: Anna, timezone: UTC, emial: {address: a@example.com}}\n",
                "config/crm.yaml": "crm: {}\n",
                "config/pipelines/default.yaml": "name: default\nstages: [{name: a, kind: x}]\n",
                "templates/intro.md": "---\nsubjekt: x\n---\nHello\n",
                "sequences/first.yaml": SEQUENCE.replace("email: intro", "email: itnro"),
                "sequences/second.yaml": "name: [",
            }
        )
    )

    assert {problem.split(":")[0] for problem in told} == {
        "config/outreach.yaml", "config/senders.yaml", "config/crm.yaml", "config/pipelines/default.yaml",
        "templates/intro.md", "sequences/first.yaml", "sequences/second.yaml",
    }  # fmt: skip


def test_a_folder_that_is_no_workspace_is_said_so(tmp_path: Path) -> None:
    assert problems(tmp_path) == [
        "config/outreach.yaml: this file does not exist. Begin a workspace with `outreach init DIR`, or change to one."
    ]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "sequences/other.yaml",
            SEQUENCE,
            "the sequence 'first' is in sequences/first.yaml already. Give it another name.",
        ),
        (
            "config/pipelines/other.yaml",
            "name: default\nstages: [{name: prospect}]\n",
            "config/pipelines/other.yaml:1:7: the pipeline 'default' is in config/pipelines/default.yaml already.",
        ),
        ("templates/Big Name.md", "Hello\n", "templates/Big Name.md: 'Big Name' is no name of a template."),
        ("templates/odd.md", b"Hello \xff", "templates/odd.md:1:7: this is not text in UTF-8."),
        ("templates/odd.md", "Hello {{ lead.first_name\n", "templates/odd.md:1:"),
        ("config/outreach.yaml", "", "'organisation' is missing, and the sequence 'first' sends e-mail."),
        (
            "config/crm.yaml",
            "c: {use: x, stages: {defalt: {}}}\n",
            "unknown pipeline 'defalt'. Did you mean 'default'?",
        ),
        (
            "config/crm.yaml",
            "c: {use: x, stages: {default: {wno: '1'}}}\n",
            "config/crm.yaml:1:32: unknown stage 'wno' of the pipeline 'default'. Did you mean 'won'?",
        ),
        ("config/.env", "this is no line\n", "config/.env:1:1: this line cannot be read. Write NAME=value"),
    ],
)
def test_what_does_not_fit_together_is_said(a_workspace: Maker, name: str, text: str | bytes, sentence: str) -> None:
    told = problems(a_workspace({name: text}))

    assert [problem for problem in told if sentence in problem], told
    assert len(told) == 1


@pytest.mark.parametrize(("length", "is_too_long"), [(300, False), (301, True)])
def test_the_note_of_an_invitation_has_a_limit(a_workspace: Maker, length: int, is_too_long: bool) -> None:
    text = "name: first\nsenders: [deniz]\nsteps: [{id: a, linkedin.invite: note}]\n"
    note = "Hi {{ lead.first_name | default('there') }}" + "x" * (length - 3)

    told = workspace.validate(a_workspace({"sequences/first.yaml": text, "templates/note.md": note}), {})

    sentence = (
        "sequences/first.yaml:3:34: the template 'note' is longer than the 300 characters of an invitation's note."
    )
    assert [str(problem) for problem in told] == [f"{sentence} Shorten it."] * is_too_long


def test_a_sequence_without_mail_needs_no_organisation(a_workspace: Maker) -> None:
    text = "name: first\nsenders: [deniz]\nsteps: [{id: a, task: call}]\n"

    assert workspace.load(a_workspace({"config/outreach.yaml": "", "sequences/first.yaml": text}), {}).sequences


def test_a_variable_of_a_sender_nobody_uses_may_be_missing(a_workspace: Maker) -> None:
    root = a_workspace({"config/senders.yaml": LOCKED})

    found = workspace.load(root, {"ANNA": "secret-word"})

    assert set(found.settings.senders) == {"anna", "deniz"}


def test_a_variable_of_a_sender_in_use_must_be_set(a_workspace: Maker) -> None:
    told = problems(a_workspace({"config/senders.yaml": LOCKED}))

    assert told == ["config/senders.yaml:4:101: the variable ANNA is not set. Set it in the environment or in .env."]


def test_commands_that_reach_nobody_need_no_secrets(a_workspace: Maker) -> None:
    found = workspace.load(a_workspace({"config/senders.yaml": LOCKED}), {}, needs_secrets=False)

    assert set(found.settings.senders) == {"anna", "deniz"}


def test_a_link_out_of_the_workspace_is_not_followed(
    a_workspace: Maker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.md"
    outside.write_text("secret\n")
    root = a_workspace()
    (root / "templates" / "linked.md").symlink_to(outside)

    assert problems(root) == ["templates/linked.md: this link leads out of the workspace. Copy the file here."]


def test_tests_of_sequences_are_no_sequences(a_workspace: Maker) -> None:
    root = a_workspace({"sequences/tests/first.yaml": "sequence: first\ncases: []\n"})

    assert set(workspace.load(root, {}).sequences) == {"first"}


def test_validate_tells_only_of_the_paths_asked_for(a_workspace: Maker) -> None:
    root = a_workspace({"config/senders.yaml": "anna: 5\n", "sequences/second.yaml": "name: [\n"})

    everything = workspace.validate(root, {})
    one = workspace.validate(root, {}, [Path("sequences/second.yaml")])
    folder = workspace.validate(root, {}, [root / "config"])

    assert {problem.file for problem in everything} == {"config/senders.yaml", "sequences/second.yaml"}
    assert {problem.file for problem in one} == {"sequences/second.yaml"}
    assert {problem.file for problem in folder} == {"config/senders.yaml"}


def test_validate_names_a_path_that_is_not_there(a_workspace: Maker, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")

    missing, strange = workspace.validate(a_workspace(), {}, [Path("sequences/none.yaml"), outside])

    assert str(missing) == "sequences/none.yaml: this file does not exist."
    assert strange.message == "this is not a file of the workspace."


def test_validate_of_a_right_workspace_is_empty(a_workspace: Maker) -> None:
    assert workspace.validate(a_workspace(), {}) == ()


PLACES = [
    "config/outreach.yaml", "config/senders.yaml", "config/crm.yaml", "config/pipelines/default.yaml",
    "sequences/first.yaml", "templates/intro.md", ".env",
]  # fmt: skip
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["name", "steps", "senders", "schedule", "stages", "email", "linkedin", "limits", "use", "wait", "id", "if", "then",
     "else", "fields", "when", "webhooks", "organisation", "smtp", "url", "stop_on", "enter", "variants", "moves",
     "kind", "entering", "requires"]
)  # fmt: skip
NEARLY = st.recursive(
    PLAIN, lambda inner: st.dictionaries(KEYS, inner, max_size=5) | st.lists(inner, max_size=3), max_leaves=15
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), raw=st.binary(max_size=120))
def test_random_bytes_in_any_file_are_only_ever_problems(a_workspace: Maker, place: str, raw: bytes) -> None:
    root = a_workspace({place: raw})

    assert all(problem.message for problem in workspace.validate(root, {}))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES[:5]), data=NEARLY)
def test_any_shape_of_data_in_any_file_is_only_ever_a_problem(a_workspace: Maker, place: str, data: object) -> None:

    root = a_workspace({place: json.dumps(data)})

    assert all(problem.message for problem in workspace.validate(root, {}))
