"""Warnings: files that are right, and that mail filters, networks or people will not like.

Each has a code, so that it can be switched off for a line, with a reason (`lint_allow.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from outreach.content.front_matter import FrontMatter, Line, split
from outreach.content.lint_words import OWN_OPT_OUT, PLACEHOLDER, SHORTENERS, SPAM
from outreach.content.yaml_file import YamlFile
from outreach.domain.action import LONGEST_NOTE
from outreach.domain.pipeline import Pipeline
from outreach.errors import ConfigError, Problem

CODES: Mapping[str, str] = {
    "W000": "a comment for outreach that cannot be read, or gives no reason",
    "W001": "a subject longer than 60 characters, which phones cut off",
    "W002": "a subject that shouts: capitals, or several exclamation marks",
    "W003": "more than three links in one message",
    "W004": "a link through a shortener, which hides where it leads",
    "W005": "a message made of pictures, with hardly any text",
    "W006": "an opt-out line in the text, beside the one every mail gets",
    "W007": "a phrase that mail filters take for advertising",
    "W008": "a text that long values make longer than its channel takes",
    "W009": "a stage that no move leads to",
    "W010": "a pipeline with more than twelve stages",
    "W011": "a link without https",
    "W012": "words that look like a placeholder nobody filled in",
    "W013": "a mail of more than 250 words, which few people read",
    "W014": "a template of whatsapp.template that names no approved text",
}
"""Every warning there is."""

_LONGEST_SUBJECT = 60
_MOST_LINKS = 3
_FEWEST_WORDS = 20
_MOST_WORDS = 250
_MOST_STAGES = 12

_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"\{[%#].*?[%#]\}", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"https?://[^\s)>\"']+|(?<=\]\()[^)\s]+", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_TYPICAL = {"first_name": 20, "last_name": 25, "name": 40, "title": 50, "email": 40}
_LONG_VALUE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """How sequences use a template."""

    is_mail: bool = False
    is_approved: bool = False  # by whatsapp.template, which needs a text that WhatsApp approved
    longest: int | None = None  # characters that the channels of its steps take


@dataclass(frozen=True, slots=True)
class _Text:
    file: str
    head: FrontMatter

    def lines(self) -> Iterator[tuple[int, str]]:
        yield from enumerate(self.head.body.split("\n"), self.head.body_line)

    def at(self, code: str, line: int, column: int, message: str, remedy: str) -> Problem:
        return Problem(self.file, line, column, message, remedy, code)


def lint_template(file: str, source: str, used: Used) -> list[Problem]:
    """What could be better in a template. One that cannot be read has no warnings: its errors are told elsewhere."""
    try:
        text = _Text(file, split(source, file=file))
    except ConfigError:
        return []
    found = [*_subject(text), *_links(text), *_phrases(text)]
    if used.is_mail or text.head.subject:
        found += [*_own_opt_out(text), *_balance(text)]
    if used.is_approved and not text.head.approved_as:
        message = "a connected WhatsApp account cannot send this: it names no approved text."
        found.append(text.at("W014", 1, 1, message, "Write `approved_as: <name>` at its head."))
    return found + (_note(text, used.longest) if used.longest is not None else [])


def _subject(text: _Text) -> Iterator[Problem]:
    subject = text.head.subject
    if subject is None:
        return
    length = _length(subject.text, typical=10)
    if length > _LONGEST_SUBJECT:
        message = f"the subject has about {length} characters; phones show {_LONGEST_SUBJECT}."
        yield _at_line(text, "W001", subject, message, "Say the point first, and less.")
    words = _VALUE.sub("", subject.text)
    if "!!" in words or _shouts(words):
        yield _at_line(text, "W002", subject, "the subject shouts.", "Write it as to a colleague.")
    for match in SPAM.finditer(words):
        message = f"'{match.group()}' is a phrase that mail filters take for advertising."
        yield _at_line(text, "W007", subject, message, "Say it in your own words.")


def _at_line(text: _Text, code: str, line: Line, message: str, remedy: str) -> Problem:
    return text.at(code, line.line, line.column, message, remedy)


def _shouts(words: str) -> bool:
    long_words = [word for word in _WORD.findall(words) if len(word) > 3 and word.isalpha()]
    return len(long_words) >= 2 and all(word.isupper() for word in long_words)


def _length(written: str, *, typical: int) -> int:
    """Characters, each value counted as of typical length."""
    return len(_VALUE.sub("", written)) + typical * len(_VALUE.findall(written))


def _links(text: _Text) -> Iterator[Problem]:
    count = 0
    for number, line in text.lines():
        without_pictures = _PICTURE.sub(lambda match: " " * len(match.group()), line)
        for match in _LINK.finditer(without_pictures):
            if match.group().lower().startswith("mailto:"):
                continue
            count += 1
            yield from _link(text, number, match)
            if count == _MOST_LINKS + 1:
                message = f"this is the link number {count} of the message."
                yield text.at("W003", number, match.start() + 1, message, "One link is best; filters count them.")


def _link(text: _Text, number: int, match: re.Match[str]) -> Iterator[Problem]:
    target, column = match.group(), match.start() + 1
    host = _host(target)
    if host in SHORTENERS:
        message = f"{host} hides where the link leads, and filters refuse it."
        yield text.at("W004", number, column, message, "Write the address itself.")
    if target.lower().startswith("http://") and host not in ("localhost", "127.0.0.1"):
        yield text.at("W011", number, column, "this link has no https.", "Write https:// if the site has it.")


def _host(target: str) -> str:
    try:
        return (urlsplit(target).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""


def _phrases(text: _Text) -> Iterator[Problem]:
    for number, line in text.lines():
        words = _VALUE.sub(lambda match: " " * len(match.group()), line)
        for match in SPAM.finditer(words):
            message = f"'{match.group()}' is a phrase that mail filters take for advertising."
            yield text.at("W007", number, match.start() + 1, message, "Say it in your own words.")
        for match in PLACEHOLDER.finditer(words):
            message = f"'{match.group()}' looks like something to be filled in."
            yield text.at("W012", number, match.start() + 1, message, "Write {{ lead.first_name }}, or the words.")


def _own_opt_out(text: _Text) -> Iterator[Problem]:
    for number, line in text.lines():
        match = OWN_OPT_OUT.search(_VALUE.sub("", line))
        if match:
            message = "every mail gets an opt-out line of its own; this looks like a second one."
            yield text.at("W006", number, match.start() + 1, message, "Remove it, or reword it.")


def _balance(text: _Text) -> Iterator[Problem]:
    """Pictures without words, and too many words."""
    bare = _TAG.sub("", _PICTURE.sub("", text.head.body))
    words = len(_WORD.findall(_VALUE.sub("value", bare)))
    picture = _PICTURE.search(text.head.body)
    if picture and words < _FEWEST_WORDS:
        line = text.head.body_line + text.head.body.count("\n", 0, picture.start())
        message = f"there is a picture and only {words} words; filters take that for advertising."
        yield text.at("W005", line, 1, message, "Say it in words; a picture may go with them.")
    if words > _MOST_WORDS:
        message = f"the mail has about {words} words; few people read more than {_MOST_WORDS}."
        yield text.at("W013", text.head.body_line, 1, message, "Keep one point, and leave the rest for later.")


def _note(text: _Text, most: int) -> list[Problem]:
    """How long a text becomes when every value is a long one; those that are too long already are errors."""
    body = _TAG.sub("", text.head.body.strip())
    values = [match.group() for match in _VALUE.finditer(body)]
    literal = len(_VALUE.sub("", body))
    longest = literal + sum(_typical(value) for value in values)
    if literal > most or longest <= most:
        return []
    message = f"with long values this text has {longest} characters; {most} are the most."
    if most == LONGEST_NOTE:
        message = f"with long values this note has {longest} characters; LinkedIn takes {most}, or 200 for free."
    remedy = "Shorten it, or cut values: {{ company.name | truncate(30) }}."
    return [text.at("W008", text.head.body_line, 1, message, remedy)]


def _typical(value: str) -> int:
    """The length of a long value, by the name it has; `truncate(30)` bounds it."""
    cut = re.search(r"truncate\((\d{1,4})\)", value)
    if cut:
        return int(cut.group(1))
    name = re.search(r"\.(\w+)", value)
    return _TYPICAL.get(name.group(1) if name else "", _LONG_VALUE)


def lint_pipeline(file: YamlFile, pipeline: Pipeline) -> list[Problem]:
    """Too many stages, and stages nobody can get to."""
    found = []
    if len(pipeline.stages) > _MOST_STAGES:
        place = file.place(("stages", _MOST_STAGES))
        message = f"the pipeline has {len(pipeline.stages)} stages; more than {_MOST_STAGES} are hard to keep apart."
        found.append(Problem(file.name, place.line, place.column, message, "Join some.", "W010"))
    names = [stage.name for stage in pipeline.stages]
    for index, name in enumerate(names[1:], 1):
        if not any(pipeline.allows(other, name) for other in names if other != name):
            place = file.place(("stages", index, "name"))
            message = f"no move leads to the stage '{name}'."
            found.append(Problem(file.name, place.line, place.column, message, "Name it in 'moves'.", "W009"))
    return found
