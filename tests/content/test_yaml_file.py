"""Files people write are read safely, whatever their bytes are."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.content import yaml_file
from outreach.content.yaml_file import MAX_BYTES, Place, YamlFile
from outreach.errors import ConfigError


def parse(text: str | bytes) -> YamlFile:
    return yaml_file.parse(text if isinstance(text, bytes) else text.encode(), name="a.yaml")


def refusal(text: str | bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser in C where there is one, and the one in Python."""
    monkeypatch.setattr(yaml_file, "_LOADER", getattr(yaml, request.param, yaml.SafeLoader))


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("on", "on"), ("no", "no"), ("NO", "NO"), ("yes", "yes"), ("off", "off"), ("y", "y"),
        ("10:30", "10:30"), ("2026-12-24", "2026-12-24"), ("09:00-17:30", "09:00-17:30"), ("1_000", "1_000"),
        ("true", True), ("True", True), ("FALSE", False), ("tRue", "tRue"),
        ("null", None), ("~", None), ("", None), ("nULL", "nULL"),
        ("0", 0), ("-7", -7), ("+7", 7), ("010", 10), ("0o17", 15), ("0x1F", 31), ("0b11", "0b11"),
        ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-2", -0.015), (".", "."), ("e3", "e3"),
        ("1.2.3", "1.2.3"), ("5%", "5%"), ("'1'", "1"), ('"true"', "true"), ("3 days", "3 days"),
    ],
)  # fmt: skip
def test_plain_words_mean_what_the_core_schema_says(word: str, meaning: object) -> None:
    data = parse(f"key: {word}\n").data

    assert data == {"key": meaning}
    assert isinstance(data, dict)
    assert type(data["key"]) is type(meaning)


@pytest.mark.parametrize(("word", "sign"), [(".inf", 1), ("-.INF", -1)])
def test_infinity_is_a_number(word: str, sign: int) -> None:
    assert parse(word).data == sign * float("inf")


def test_a_number_too_long_to_be_one_stays_text() -> None:
    assert parse("1" * 5000).data == "1" * 5000


def test_keys_are_always_text() -> None:
    assert parse("on: 1\n1: 2\nnull: 3\ntrue: 4\n").data == {"on": 1, "1": 2, "null": 3, "true": 4}


@pytest.mark.usefixtures("either_parser")
def test_every_key_and_value_has_its_place() -> None:
    file = parse("name: first\nsteps:\n  - id: intro\n    email: x\n  - {wait: 3 days}\n")

    assert file.place(("name",)) == Place(1, 7)
    assert file.key_place(("steps", 0, "email")) == Place(4, 5)
    assert file.place(("steps", 0, "email")) == Place(4, 12)
    assert file.place(("steps", 1)) == Place(5, 5)
    assert file.place(("steps", 1, "wait")) == Place(5, 12)


def test_a_place_that_is_not_there_is_the_nearest_around_it() -> None:
    file = parse("a:\n  b: 1\n")

    assert file.place(("a", "missing", 3)) == Place(2, 3)
    assert file.key_place(("nothing",)) == Place(1, 1)


def test_turkish_text_and_a_byte_order_mark_are_read() -> None:
    assert parse("\ufeffad: Ayşe Yılmaz\n").data == {"ad": "Ayşe Yılmaz"}


def test_an_empty_file_is_nothing() -> None:
    assert [parse(text).data for text in ("", "\n\n", "# only a comment\n", "---\n")] == [None] * 4


def test_an_alias_repeats_a_value() -> None:
    file = parse("a: &hours {days: mon-fri}\nb: *hours\n")

    assert file.data == {"a": {"days": "mon-fri"}, "b": {"days": "mon-fri"}}
    assert file.place(("b",)) == Place(2, 4)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            "a.yaml:3:1: the key 'a' is there twice: in line 1 and in line 3. Keep one of them.",
        ),
        ("a:\n\tb: 1\n", "a.yaml:2:1: a tab is used where spaces must be. Indent with spaces."),
        ("a: @b\n", "a.yaml:1:4: a text cannot begin with '@'. Put it in quotes."),
        ("a: &x [*x]\n", "a.yaml:1:8: the alias '*x' stands for nothing that is complete before it."),
        ("a: *x\n", "a.yaml:1:4: the alias '*x' stands for nothing that is complete before it."),
        ("? [a, b]\n: c\n", "a.yaml:1:3: a key must be a word. Write `key: value`."),
        ("? *a\n: c\n", "a.yaml:1:3: a key must be a word. Write `key: value`."),
        (": c\n", "a.yaml:1:1: a key is missing before ':'. Write `key: value`."),
        ("<<: {a: 1}\n", "a.yaml:1:1: merge keys (<<) are not supported. Write the keys out."),
        ("a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document begins here. Keep one document in each file."),
        (
            "a: !!python/name:os.system\n",
            "the tag 'tag:yaml.org,2002:python/name:os.system' is not allowed. Remove it.",
        ),
        ("a: !!str 5\n", "a.yaml:1:4: the tag 'tag:yaml.org,2002:str' is not allowed. Remove it."),
        ('a: "\\0"\n', "a.yaml:1:4: the character U+0000 is not allowed in a text. Remove it."),
        ('a: "x\\r"\n', "a.yaml:1:4: the character U+000D is not allowed in a text. Remove it."),
        ("a: b: c\n", "a ':' stands where no key can be."),
        ("a: 'x\n", "a quote is opened and never closed. Close it."),
        ("[a, b", "a list that begins with '[' is not closed. Write `[one, two]`."),
        ("{a: b", "a mapping that begins with '{' is not closed. Write `{key: value}`."),
        ("a: 1\n- b\n", "the indentation does not fit the lines around it."),
        ("- a\nb: 1\n", "the indentation does not fit the li"),
        ('a: "\\q"\n', "a backslash in double quotes is followed by something it cannot stand before."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


def test_every_repeated_key_is_told_at_once() -> None:
    told = refusal("a: 1\na: 2\nb: {c: 1, c: 2}\n")

    assert told.count("is there twice") == 2


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"a\x00b", "a.yaml:1:2: the character U+0000 is not allowed in a file. Remove it."),
        (b"a: 1\nb: \x1b[31m", "a.yaml:2:4: the character U+001B is not allowed in a file. Remove it."),
        (b"a: 1\nb: \xff\xfe", "a.yaml:2:4: this is not text in UTF-8. Save the file with the encoding UTF-8."),
        ("ad: Ayşe\n".encode("utf-16"), "a.yaml:1:1: this is not text in UTF-8."),
        ("ad: Ayşe\n".encode("cp1254"), "a.yaml:1:7: this is not text in UTF-8."),
        (b" " * (MAX_BYTES + 1), "a.yaml: the file is larger than 256 KiB. Split it."),
    ],
)
def test_bytes_that_are_no_text_are_refused_with_their_place(raw: bytes, sentence: str) -> None:
    assert sentence in refusal(raw)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"[" * 100_000, "this is nested deeper than 20 levels. Make it flatter."),
        (b"- " * 100_000, "this is nested deeper than 20 levels. Make it flatter."),
        (b"[a: " * 50_000, "this is nested deeper than 20 levels. Make it flatter."),
        (b"{" * 100_000, "a key must be a word."),
        (b"? " * 100_000, "a key must be a word."),
        (b"a:\n" * 20_000, "the file has more than 10000 values. Split it."),
        (b"[" + b"a," * 20_000 + b"]", "the file has more than 10000 values. Split it."),
        (b"".join(b"- &a%d x\n" % number for number in range(30)), "there are more than 20 anchors."),
        (b"- &a x\n" + b"- *a\n" * 30, "there are more than 20 aliases."),
    ],
)
def test_bombs_are_refused_before_anything_is_built(raw: bytes, sentence: str) -> None:
    assert sentence in refusal(raw)


def test_an_alias_bomb_counts_what_it_stands_for() -> None:
    lines = ["a0: &a0 [" + ",".join("x" * 50) + "]"]
    lines += [f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 2) + "]" for n in range(1, 10)]

    assert "the file has more than 10000 values. Split it." in refusal("\n".join(lines))


def test_aliases_do_not_nest_deeper_than_the_limit() -> None:
    lines = ["a0: &a0 [[[[x]]]]"]
    lines += [f"a{n}: &a{n} [[[*a{n - 1}]]]" for n in range(1, 7)]

    assert "this is nested deeper than 20 levels. Make it flatter." in refusal("\n".join(lines))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        yaml_file.read(tmp_path, name="config/outreach.yaml")

    assert str(caught.value).startswith("config/outreach.yaml: cannot be read:")


_YAML_LIKE = st.text(alphabet="abc01 \n\t:-?[]{},&*!|>'\"%@`#~.<\\/xu\0\ud800\u2028é", max_size=60)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), _YAML_LIKE.map(lambda text: text.encode("utf-8", "surrogatepass"))))
def test_whatever_the_bytes_only_a_config_error_is_raised(raw: bytes) -> None:
    try:
        is_told_or_read = () in yaml_file.parse(raw, name="a.yaml").values
    except ConfigError as error:
        is_told_or_read = bool(error.problems)

    assert is_told_or_read


@settings(max_examples=150, deadline=None)
@given(_YAML_LIKE)
def test_both_parsers_agree_on_what_is_right(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    results: list[object] = []
    for loader in (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(yaml_file, "_LOADER", loader)
            try:
                results.append(repr(yaml_file.parse(raw, name="a.yaml").data))
            except ConfigError:
                results.append(None)

    if None not in results:
        assert results[0] == results[1]
