"""What config/crm.yaml asks for and a system cannot do is refused when files are read: no secret, no network."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from outreach import adapters, settings
from outreach.content.workspace import load, look
from outreach.crm import READS_AND_WRITES, WRITES, Operation
from outreach.errors import ConfigError

Maker = Callable[..., Path]

HUBSPOT = 'hubspot:\n  use: hubspot\n  token: "${NOT_SET_YET}"\n'
ZOHO = "client_id: c1, client_secret: s1, refresh_token: r1, region: eu"
REFUSED = {
    "clinchpad": ("key: k1, when: {reply: [tags]}", "ClinchPad has no tags"),
    "hubspot": ("token: t1, when: {reply: [tags]}", "tags need `tags_property`"),
    "investglass": ("key: k1, when: {reply: [tags]}", "`tags_field` has to say where it is kept"),
    "lagrowthmachine": ("key: k1, audience: A, when: {reply: [tags]}", "La Growth Machine has no tags"),
    "pipedrive": ("token: t1, when: {unsubscribe: [do_not_contact]}", "an opt-out needs `do_not_contact_label`"),
    "salesforce": (
        'client_id: c1, private_key: "${KEY}", username: u1, stages: {default: {won: x}}, when: {won: [stage]}',
        "opportunities belong to contacts; set `object: Contact`",
    ),
    "salesmate": (
        "token: t1, linkname: x, do_not_contact_field: '', when: {unsubscribe: [do_not_contact]}",
        "an opt-out needs",
    ),
    "trello": (
        "key: k1, token: t1, board: b1, owners: {anna: a@example.com}, when: {reply: [owner]}",
        "Trello tells no addresses; set `members`",
    ),
    "webhook": (
        "url: 'https://hooks.example.com', types: [lead.responded], secrets: ['${KEY}'], when: {reply: [tags]}",
        "'lead.tagged' is not among `types`",
    ),
    "zoho": (
        f"{ZOHO}, stages: {{default: {{won: x}}}}, when: {{won: [stage]}}",
        "deals belong to contacts; set `module: Contacts`",
    ),
}


def told(root: Path) -> list[str]:
    return [str(each) for each in look(root, {}, needs_secrets=False, crm_can=adapters.crm_abilities).problems]


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_system_lacks_is_refused_at_its_place_with_the_reason(
    a_workspace: Maker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    options, reason = REFUSED[name]
    root = a_workspace({"config/crm.yaml": f"team: {{use: {name}, {options}}}\n"})
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was used"))

    [problem] = told(root)

    asked = options.rpartition("[")[2].partition("]")[0]
    column = f"team: {{use: {name}, {options}".rindex(f"[{asked}") + 2
    assert problem.startswith(f"config/crm.yaml:1:{column}: {name} cannot do '{asked}': {reason}")
    assert problem.endswith("Take it out.")


def test_every_system_that_ships_tells_its_abilities_without_a_secret(a_workspace: Maker) -> None:
    options = {name: written.partition(", when")[0] for name, (written, _) in REFUSED.items()}
    options |= {"csv_file": "directory: d", "memory": "users: [anna@example.com]"}
    lines = "".join(f"{name}: {{use: {name}, {written}}}\n" for name, written in options.items())
    for secret in ("key: k1", "token: t1", "client_secret: s1", "refresh_token: r1"):
        lines = lines.replace(secret, f'{secret.partition(":")[0]}: "${{NOT_SET_YET}}"')

    root = a_workspace({"config/crm.yaml": lines})

    found = load(root, {}, needs_secrets=False, crm_can=adapters.crm_abilities).settings.crm
    assert list(found) == list(options)
    assert set(found) == set(adapters.CRMS)
    for name, each in found.items():
        assert each.abilities, name
        assert {Operation.PERSON, Operation.LOG_REPLY, Operation.LOG} <= each.abilities.can


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (HUBSPOT + "  wen: {reply: [person]}\n", "4:3: unknown key 'wen'. Did you mean 'when'?"),
        (HUBSPOT + "  tag_property: t\n", "4:3: unknown key 'tag_property'. Did you mean 'tags_property'?"),
        ("team: {use: hubspott}\n", "1:13: unknown adapter 'hubspott'. Did you mean 'hubspot'?"),
        ("team: {use: 'acme:Ledger'}\n", "1:13: adapter 'acme:Ledger' cannot be loaded"),
        ("team: {use: clinchpad}\n", "1:1: 'key' is missing."),
        ("team: {use: csv_file, directory: d, format: ods}\n", "1:1: 'ods' is no format of files here."),
        ("team: {use: csv_file, directory: d, poll: 5 minutes}\n", "1:37: csv_file cannot be read back."),
        (
            f"team: {{use: zoho, {ZOHO}, deal: {{create_on: meeting, pipeline: p, stage: s}}}}\n",
            "1:84: zoho cannot do 'deal': deals belong to contacts",
        ),
    ],
)
def test_options_that_are_wrong_are_told_where_they_stand(a_workspace: Maker, text: str, problem: str) -> None:
    found = told(a_workspace({"config/crm.yaml": text}))

    place = "config/crm.yaml:"
    assert [each[: len(place + problem)] for each in found] == [place + problem]


def test_every_way_of_loading_the_configuration_refuses(a_workspace: Maker) -> None:
    root = a_workspace({"config/crm.yaml": "team: {use: clinchpad, key: k1, when: {reply: [tags]}}\n"})
    words = r"config/crm\.yaml:1:48: clinchpad cannot do 'tags'"

    with pytest.raises(ConfigError, match=words):
        settings.load(root, {}, crm_can=adapters.crm_abilities)
    with pytest.raises(ConfigError, match=words):
        load(root, {}, crm_can=adapters.crm_abilities)


def test_a_secret_does_not_show_in_what_is_told(a_workspace: Maker) -> None:
    root = a_workspace({"config/crm.yaml": 'team: {use: hubspot, token: t, api_version: "${SECRET}"}\n'})

    found = look(root, {"SECRET": "hunter2hunter2"}, crm_can=adapters.crm_abilities).problems

    assert "hunter2" not in str([str(each) for each in found])
    assert "'${SECRET}' is no version of the HubSpot API" in str(found[0])


def test_without_when_nothing_is_asked_for_that_a_system_cannot_do(a_workspace: Maker) -> None:
    root = a_workspace({"config/crm.yaml": "team: {use: clinchpad, key: k1}\n"})

    found = load(root, {}, crm_can=adapters.crm_abilities).settings.crm["team"]

    assert [list(each) for each in found.when.values()] == [[Operation.PERSON, Operation.LOG_REPLY]]
    assert found.abilities
    assert found.abilities.can == READS_AND_WRITES - {Operation.TAGS}


def test_what_entering_a_stage_writes_has_to_be_possible_as_well(a_workspace: Maker) -> None:
    stages = "name: default\nstages: [{name: new}, {name: won, kind: won, entering: {crm: [stage, tags, pull]}}]\n"
    root = a_workspace(
        {
            "config/crm.yaml": "team: {use: clinchpad, key: k1}\nbooks: {use: csv_file, directory: d}\n",
            "config/pipelines/default.yaml": stages,
        }
    )

    found = [each for each in told(root) if "pipelines" in each]

    place = "config/pipelines/default.yaml:2"
    assert found == [
        f"{place}:70: the CRM 'team' cannot do 'tags': ClinchPad has no tags. Take it out.",
        f"{place}:76: 'pull' writes nothing. Write some of: {', '.join(sorted(WRITES))}.",
    ]
