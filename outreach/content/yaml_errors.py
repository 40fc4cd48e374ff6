"""What the YAML parser complains about, in words for the person who wrote the file."""

from __future__ import annotations

import re

from yaml import MarkedYAMLError

from outreach.errors import Problem

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "a ':' stands where no key can be.",
     "Put the text in quotes, or begin the key on a line of its own."),
    ("could not find expected ':'", "this line has no ':' after its key.", "Write `key: value`."),
    ("unexpected end of stream", "a quote is opened and never closed.", "Close it."),
    ("',' or ']'", "a list that begins with '[' is not closed.", "Write `[one, two]`."),
    ("',' or '}'", "a mapping that begins with '{' is not closed.", "Write `{key: value}`."),
    ("expected node content", "something is missing here: a value, or the end of a list or mapping.", "Write it."),
    ("expected the node content", "something is missing here: a value, or the end of a list or mapping.", "Write it."),
    ("did not find expected key", "the indentation does not fit the lines around it.",
     "Begin all keys of one mapping in the same column."),
    ("did not find expected '-' indicator", "the indentation does not fit the list around it.",
     "Begin all '- ' of one list in the same column."),
    ("expected <block end>", "the indentation does not fit the lines around it.",
     "Begin all keys of one mapping in the same column."),
    ("block sequence entries are not allowed", "a '-' stands where no list can begin.",
     "Begin the list on a line of its own."),
    ("escape", "a backslash in double quotes is followed by something it cannot stand before.",
     "Write the text in single quotes."),
    ("indentation spaces", "a tab is used where spaces must be.", "Indent with spaces."),
)  # fmt: skip


def syntax_problem(error: Exception, *, name: str, text: str) -> Problem:
    """One problem for whatever the parser raised."""
    line, column = _where(error)
    message, remedy = _words(error, _character(text, line, column))
    return Problem(name, line, column, message, remedy)


def _where(error: Exception) -> tuple[int, int]:
    mark = error.problem_mark or error.context_mark if isinstance(error, MarkedYAMLError) else None
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _character(text: str, line: int, column: int) -> str:
    lines = _BREAK.split(text)
    return lines[line - 1][column - 1 : column] if line <= len(lines) else ""


def _words(error: Exception, character: str) -> tuple[str, str]:
    said = str(getattr(error, "problem", None) or "it cannot be read")
    if "cannot start any token" in said:
        return _odd_beginning(character)
    if character == ":" and ("expected key" in said or "expected <block end>" in said):
        return "a key is missing before ':'.", "Write `key: value`."
    for part, message, remedy in _SENTENCES:
        if part in said:
            return message, remedy
    return f"this is not valid YAML: {said}.", ""


def _odd_beginning(character: str) -> tuple[str, str]:
    if character == "\t":
        return "a tab is used where spaces must be.", "Indent with spaces."
    return f"a text cannot begin with '{character}'.", "Put it in quotes."
