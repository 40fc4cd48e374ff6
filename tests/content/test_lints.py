"""Warnings: what is right and could be better, and how to switch one off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from outreach.content import workspace
from outreach.content.lints import CODES

Maker = Callable[..., Path]
ROOT = Path(__file__).parents[2]
LONG = " ".join(["word"] * 260)


def warnings(root: Path) -> list[str]:
    looked = workspace.look(root, {})
    assert looked.problems == ()
    return [str(each) for each in looked.warnings]


TEMPLATES = [
    ("---\nsubject: " + "s" * 61 + "\n---\nHello\n", "2:10: W001 the subject has about 61 characters; phones show 60."),
    ("---\nsubject: SPECIAL OFFER\n---\nHello\n", "2:10: W002 the subject shouts."),
    ("---\nsubject: Hello!!\n---\nHello\n", "2:10: W002 the subject shouts."),
    ("---\nsubject: Act now\n---\nHello\n", "2:10: W007 'Act now' is a phrase that mail filters take for advertising."),
    ("---\nsubject: Hi\n---\n[a](https://a.example) https://b.example\nhttps://c.example https://d.example\n",
     "5:19: W003 this is the link number 4 of the message."),
    ("---\nsubject: Hi\n---\nSee [it](https://bit.ly/3x)\n", "4:10: W004 bit.ly hides where the link leads"),
    ("---\nsubject: Hi\n---\nSee https://www.tinyurl.com/3x\n", "4:5: W004 tinyurl.com hides where"),
    ("---\nsubject: Hi\n---\nLook ![offer](https://a.example/a.png)\n", "4:1: W005 there is a picture and only"),
    ("---\nsubject: Hi\n---\nHello\nTo unsubscribe, answer.\n", "5:4: W006 every mail gets an opt-out line of its own"),
    ("---\nsubject: Hi\n---\nHi {{ lead.id }}, this is risk-free\n", "4:27: W007 'risk-free' is a phrase"),
    ("---\nsubject: Merhaba\n---\nHemen tıklayın\n", "4:1: W007 'Hemen tıklayın' is a phrase"),
    ("---\nsubject: Hi\n---\nSee http://a.example\n", "4:5: W011 this link has no https."),
    ("---\nsubject: Hi\n---\nDear [First name],\n", "4:6: W012 '[First name]' looks like something to be filled in."),
    (f"---\nsubject: Hi\n---\n{LONG}\n", "4:1: W013 the mail has about 260 words"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "sentence"), TEMPLATES)
def test_a_template_that_could_be_better_is_told(a_workspace: Maker, source: str, sentence: str) -> None:
    told = warnings(a_workspace({"templates/other.md": source}))

    assert len(told) == 1, told
    assert told[0].startswith(f"templates/other.md:{sentence}")


def test_a_whatsapp_template_without_its_approved_name_is_told(a_sequence: Maker, a_workspace: Maker) -> None:
    steps = "  - {id: hi, whatsapp.template: note}\n  - {id: again, whatsapp.template: known}\n"
    a_workspace({"templates/note.md": "Hello.\n", "templates/known.md": "---\napproved_as: intro\n---\nHello.\n"})

    told = warnings(a_sequence(steps))

    assert [each.partition(": ")[2][:4] for each in told] == ["W014"]
    assert told[0].startswith("templates/note.md:1:1: W014 a connected WhatsApp account cannot send this")


def test_a_note_that_long_values_make_too_long_is_told(a_sequence: Maker, a_workspace: Maker) -> None:
    steps = "  - {id: hi, linkedin.invite: note}\n"
    a_workspace({"templates/note.md": "y" * 250 + " {{ company.name }} {{ lead.first_name }}\n"})

    told = warnings(a_sequence(steps))

    assert len(told) == 1
    assert told[0].startswith("templates/note.md:1:1: W008 with long values this note has 312 characters;")


def test_a_stage_nobody_can_get_to_is_told(a_workspace: Maker) -> None:
    pipeline = "name: other\nstages: [{name: a}, {name: b}, {name: c}]\nmoves: {a: [c], b: [c]}\n"

    told = warnings(a_workspace({"config/pipelines/other.yaml": pipeline}))

    assert [each.split(" Name")[0] for each in told] == [
        "config/pipelines/other.yaml:2:28: W009 no move leads to the stage 'b'."
    ]


def test_a_pipeline_with_many_stages_is_told(a_workspace: Maker) -> None:
    stages = ", ".join(f"{{name: s{number}}}" for number in range(13))

    told = warnings(a_workspace({"config/pipelines/other.yaml": f"name: other\nstages: [{stages}]\n"}))

    assert ["W010 the pipeline has 13 stages" in each for each in told] == [True]


@pytest.mark.parametrize(
    "source",
    [
        "---\n# outreach: allow W002 because it is how they write\nsubject: HELLO WORLD\n---\nHi\n",
        "---\nsubject: HELLO WORLD # outreach: allow W002 because it is how they write\n---\nHi\n",
        "---\nsubject: Hi\n---\n{# outreach: allow W011 because they have none #}\nhttp://a.example\n",
        "---\nsubject: Hi\n---\n{# outreach: allow W007, W011 because I know #}\nAct now http://a.example\n",
    ],
)
def test_a_comment_with_a_reason_switches_a_warning_off(a_workspace: Maker, source: str) -> None:
    assert warnings(a_workspace({"templates/other.md": source})) == []


def test_a_comment_counts_for_its_line_and_the_next_alone(a_workspace: Maker) -> None:
    source = "---\nsubject: Hi\n---\n{# outreach: allow W011 because … #}\nHello\nhttp://a.example\n"

    assert len(warnings(a_workspace({"templates/other.md": source}))) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("allow W011", "4:14: W000 'allow W011' gives no reason. Write `# outreach: allow W003 because …`"),
        ("allow W111 because x", "4:14: W000 there is no warning 'W111'. Did you mean 'W011'?"),
        ("off", "4:14: W000 this comment for outreach cannot be read."),
    ],
)
def test_a_comment_that_is_unclear_is_told(a_workspace: Maker, said: str, sentence: str) -> None:
    told = warnings(a_workspace({"templates/other.md": f"---\nsubject: Hi\n---\n{{# outreach: {said} #}}\nHello\n"}))

    assert [each.startswith(f"templates/other.md:{sentence}") for each in told] == [True], told


def test_a_comment_in_yaml_counts(a_workspace: Maker) -> None:
    pipeline = (
        "name: other\nstages:\n  - {name: a}\n  # outreach: allow W009 because the CRM does it\n"
        "  - {name: b}\n  - {name: c}\nmoves: {a: [c], b: [c]}\n"
    )

    assert warnings(a_workspace({"config/pipelines/other.yaml": pipeline})) == []


def test_only_warnings_of_the_files_that_are_asked_about_are_told(a_workspace: Maker) -> None:
    root = a_workspace({"templates/other.md": "---\nsubject: Hello!!\n---\nHello\n"})

    assert workspace.look(root, {}, [root / "sequences"]).warnings == ()
    assert len(workspace.look(root, {}, [root / "templates"]).warnings) == 1


def test_what_we_ship_has_no_warnings() -> None:
    assert workspace.look(ROOT, {}, needs_secrets=False).warnings == ()


def test_every_warning_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/warnings.md").read_text("utf-8")

    assert [code for code in CODES if f"| `{code}` |" not in page] == []
