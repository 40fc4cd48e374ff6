"""Values from the environment and from `.env` files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from outreach import settings
from outreach.errors import ConfigError

Maker = Callable[..., Path]


def problems(root: Path, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        settings.load(root, environ)
    return [str(problem) for problem in caught.value.problems]


def test_each_key_may_be_set_in_the_environment(a_config: Maker) -> None:
    root = a_config("public_url: https://a.example.com\norganisation: {name: A, postal_address: B}\n")

    found = settings.load(
        root,
        {
            "OUTREACH_DATABASE_URL": "postgresql+psycopg://u@h/n",
            "OUTREACH_BROKER_URL": "redis://h:6379/0",
            "OUTREACH_PUBLIC_URL": "https://b.example.com",
            "OUTREACH_ORGANISATION__NAME": "C",
            "OUTREACH_DEFAULTS__MAX_LATE": "4 hours",
            "OUTREACH_WEB__PORT": "9000",
            "OUTREACH_SECRET_KEY": "a key",
            "OUTREACH_SCHEDULES": '{"nights": {"hours": "22:00-06:00"}}',
            "OUTREACH_SCHEDULES__LATE__DAYS": "mon-tue",
            "OUTREACH_WEBHOOKS__REPLIES__USE": "memory",
        },
    )

    assert (found.database_url, found.broker_url) == ("postgresql+psycopg://u@h/n", "redis://h:6379/0")
    assert found.public_url == "https://b.example.com"
    assert found.organisation is not None
    assert (found.organisation.name, found.organisation.postal_address) == ("C", "B")
    assert (found.defaults.max_late, found.web.port, found.secret_key) == (timedelta(hours=4), 9000, "a key")
    assert set(found.schedules) == {"always", "late", "nights", "office-hours"}
    assert found.webhooks["replies"].use == "memory"


def test_redis_url_is_another_name_of_broker_url(a_config: Maker) -> None:
    by_variable = settings.load(a_config(), {"OUTREACH_REDIS_URL": "redis://h"})
    by_key = settings.load(a_config("redis_url: redis://h\n"), {})

    assert (by_variable.broker_url, by_key.broker_url) == ("redis://h", "redis://h")


def test_a_broker_in_the_environment_replaces_either_name_in_the_file(a_config: Maker) -> None:
    root = a_config("redis_url: redis://a\n")

    assert settings.load(root, {"OUTREACH_BROKER_URL": "redis://b"}).broker_url == "redis://b"
    assert settings.load(root, {"OUTREACH_BROKER_URL": "null"}).broker_url is None


def test_an_empty_variable_counts_as_not_set(a_config: Maker) -> None:
    root = a_config("public_url: https://a.example.com\n")

    assert settings.load(root, {"OUTREACH_PUBLIC_URL": ""}).public_url == "https://a.example.com"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OUTREACH_DATABSE_URL", "x", "OUTREACH_DATABSE_URL: unknown variable. Did you mean 'OUTREACH_DATABASE_URL'?"),
        ("OUTREACH_WEB__PORT", "x", "OUTREACH_WEB__PORT: 'port' must be a whole number."),
        ("OUTREACH_WEB__PROT", "1", "OUTREACH_WEB__PROT: unknown key 'prot'. Did you mean 'port'?"),
        ("OUTREACH_WEBHOOKS", "{", "OUTREACH_WEBHOOKS: 'webhooks' must be a mapping of keys to values. Write JSON, or"),
        ("OUTREACH_WEB", "[" * 100_000, "OUTREACH_WEB: 'web' must be a mapping of keys to values. Write JSON, or"),
        ("OUTREACH_WEBHOOKS", "[1]", "OUTREACH_WEBHOOKS: 'webhooks' must be a mapping of keys to values."),
        (
            "OUTREACH_DATABASE_URL",
            "mysql://u:word@h",
            "OUTREACH_DATABASE_URL: 'database_url' is not a database this can use.",
        ),
        ("OUTREACH_DEFAULTS__UNKNOWN", "x", "OUTREACH_DEFAULTS__UNKNOWN: 'unknown' cannot be 'x'."),
    ],
)
def test_a_wrong_variable_is_named(a_config: Maker, name: str, value: str, sentence: str) -> None:
    told = problems(a_config(), {name: value})

    assert [problem for problem in told if problem.startswith(sentence)], told
    assert len(told) == 1
    assert "word" not in told[0]


def test_variables_of_other_programs_are_left_alone(a_config: Maker) -> None:
    environ = {"OUTREACH_LOG_LEVEL": "debug", "OUTREACH_ANNA_PASSWORD": "x", "PATH": "/bin", "_env_file": "/etc/passwd"}

    assert settings.load(a_config(), environ).broker_url is None


def test_a_placeholder_may_be_a_part_of_a_value(a_config: Maker) -> None:
    root = a_config("database_url: postgresql://outreach:${PG_PASSWORD}@h/outreach\n")

    found = settings.load(root, {"PG_PASSWORD": "word"})

    assert found.database_url == "postgresql+psycopg://outreach:word@h/outreach"


def test_a_placeholder_in_a_variable_is_filled_in_too(a_config: Maker) -> None:
    found = settings.load(a_config(), {"OUTREACH_BROKER_URL": "redis://:${RED}@h", "RED": "word"})

    assert found.broker_url == "redis://:word@h"


def test_a_dollar_that_is_no_placeholder_stays(a_config: Maker) -> None:
    root = a_config("secret_key: pa$$word$HOME\n")

    assert settings.load(root, {"HOME": "/root"}).secret_key == "pa$$word$HOME"


def test_a_missing_variable_is_named_with_its_place(a_config: Maker) -> None:
    root = a_config(
        'webhooks:\n  replies: {use: standard, secrets: ["${ONE}", "${TWO}"]}\n',
        crm='hubspot: {use: hubspot, token: "${TOKEN}"}\n',
    )

    assert problems(root, {"TWO": "x", "TOKEN": ""}) == [
        "config/outreach.yaml:2:38: the variable ONE is not set. Set it in the environment or in .env.",
        "config/crm.yaml:1:32: the variable TOKEN is not set. Set it in the environment or in .env.",
    ]


def test_only_a_sender_that_some_sequence_uses_needs_its_variables(a_config: Maker) -> None:
    sender = "{name: A, timezone: UTC, linkedin: {use: unipile, token: '${%s}'}}"
    names = ("anna", "bob", "carl")
    root = a_config(senders="".join(f"{name}: {sender % name.upper()}\n" for name in names))
    (root / "sequences").mkdir()
    (root / "sequences" / "a.yaml").write_text("senders: [anna]\nsteps: [{then: [{email: x, sender: bob}]}]\n")

    told = problems(root, {})
    found = settings.load(root, {"ANNA": "a", "BOB": "b"})

    assert [problem.split(" is not set")[0].rpartition(" ")[2] for problem in told] == ["ANNA", "BOB"]
    assert set(found.senders) == set(names)


def test_a_value_that_is_missing_is_not_found_wrong_as_well(a_config: Maker) -> None:
    told = problems(a_config('public_url: "${PUBLIC}"\nweb: {port: "${PORT}"}\n'), {})

    assert len(told) == 2
    assert all("is not set" in problem for problem in told)


def test_a_filled_in_value_never_shows_in_a_problem(a_config: Maker) -> None:
    root = a_config('defaults: {max_late: "${LATE}"}\n', senders='anna: {name: A, timezone: "${ZONE}"}\n')

    told = problems(root, {"LATE": "secret-one", "ZONE": "secret-two"})

    assert len(told) == 2
    assert not [problem for problem in told if "secret" in problem]
    assert "'${ZONE}' is not a time zone." in told[1]


def test_env_files_are_read_and_the_environment_wins(a_config: Maker) -> None:
    root = a_config(
        'secret_key: "${A}-${B}-${C}"\n',
        env="# comment\nA=from root\nexport B='quoted #value'\nC=from file\nOUTREACH_PUBLIC_URL=https://e.example.com\n",
    )
    (root / "config" / ".env").write_text("A=from config\n")

    found = settings.load(root, {"C": "from environment"})

    assert found.secret_key == "from root-quoted #value-from environment"
    assert found.public_url == "https://e.example.com"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"this is no line\n", ".env:1:1: this line cannot be read. Write NAME=value, one in each line."),
        (b"A=1\nB=\xff\n", ".env:2:3: this is not text in UTF-8."),
        (b"A=\x00\n", ".env:1:3: the character U+0000 is not allowed in a file."),
        (b"A=" + b"x" * 300_000, ".env: the file is larger than 256 KiB."),
    ],
)
def test_an_env_file_that_cannot_be_read_is_said(a_config: Maker, raw: bytes, sentence: str) -> None:
    root = a_config()
    (root / ".env").write_bytes(raw)

    assert problems(root, {})[0].startswith(sentence)
