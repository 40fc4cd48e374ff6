"""Comments that switch a warning off for one line: `# outreach: allow W003 because the third link is the agenda`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from outreach.content.suggestions import did_you_mean
from outreach.errors import Problem

_COMMENT = re.compile(r"(?:^|\s|\{)#[ \t]*outreach:[ \t]*(?P<said>[^\n#]*?)[ \t]*(?:#\}|$)")
_ALLOW = re.compile(r"allow[ \t]+(?P<codes>\w+(?:[ \t]*,[ \t]*\w+)*)(?:[ \t]+because[ \t]+(?P<reason>\S.*))?")
_BREAK = re.compile("\r\n|[\n\r]")
_REMEDY = "Write `# outreach: allow W003 because …`, with your reason."
UNCLEAR = "W000"


def without_allowed(found: Iterable[Problem], texts: Mapping[str, str], known: Collection[str]) -> list[Problem]:
    """The warnings that no comment allows, and one for each comment that is unclear. `texts` are files by name.

    A comment counts for its own line and for the next one.
    """
    kept: list[Problem] = []
    allowed: dict[str, set[tuple[int, str]]] = {}
    for name, text in texts.items():
        if "outreach:" in text:
            allowed[name], unclear = _comments(name, text, known)
            kept += unclear
    kept += [each for each in found if (each.line, each.code) not in allowed.get(each.file, ())]
    return sorted(set(kept), key=lambda problem: (problem.file, problem.line, problem.column, problem.code))


def _comments(name: str, text: str, known: Collection[str]) -> tuple[set[tuple[int, str]], list[Problem]]:
    allowed: set[tuple[int, str]] = set()
    unclear: list[Problem] = []
    for number, line in enumerate(_BREAK.split(text), 1):
        comment = _COMMENT.search(line)
        if comment is None:
            continue
        codes, what, remedy = _read(comment.group("said"), known)
        if what:
            unclear.append(Problem(name, number, comment.start("said") + 1, what, remedy, UNCLEAR))
        allowed |= {(at, code) for at in (number, number + 1) for code in codes}
    return allowed, unclear


def _read(said: str, known: Collection[str]) -> tuple[list[str], str, str]:
    """(codes that are allowed, what is wrong, remedy)."""
    match = _ALLOW.fullmatch(said)
    if match is None:
        return [], "this comment for outreach cannot be read.", _REMEDY
    codes = [code.strip() for code in match.group("codes").split(",")]
    strange = next((code for code in codes if code not in known), None)
    if strange is not None:
        return [], f"there is no warning '{strange}'.", did_you_mean(strange, known)
    if match.group("reason") is None:
        return [], f"'allow {', '.join(codes)}' gives no reason.", _REMEDY
    return codes, "", ""
