"""The new text of a mail: what its writer added, without what is answered, signatures and the footers of lists.

By lines, linear, bounded. Quoted lines go wherever they stand, so answers below and between quotes stay. Everything
after the head of an unmarked quote goes. What is left is never empty when there was text: it falls back to the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from outreach.mail.quote_words import (
    BEGINS,
    DATED,
    OPENING,
    WROTE,
    header_kind,
    is_mobile_signature,
    is_separator,
    kinds_inside,
)

MAX_CHARACTERS = 200_000
MAX_LINES = 20_000
_HEAD_LINES = 5
_HEAD_CHARACTERS = 600
_BLOCK_LINES = 9

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a-\u202e]")
_BLANKS = re.compile(r"\n{3,}")
_SIGNATURE = re.compile(r"^(?:--|—|–|-- --|__|- -)\s?$")
_RULE = re.compile(r"^[\s*]{0,4}(?:_{8,}|-{8,}|={8,}|\*{8,}|—{4,}|#{8,})\s*$")
_SHORT_RULE = re.compile(r"^(?:_{5,40}|-{5,40}|={5,40}|\*{5,40}|—{3,40}|–{3,40})\s*$")
_FOOTER = re.compile(
    r"unsubscribe|mailing list|mailman|listinfo|list-info|abmelden|abbestellen|désinscri|désabonn"
    r"|cancelar la suscripci|dar de baja"
    r"|uitschrijv|afmelden|wypisa|abonelikten|groups\.google|yahoogroups|yahoo! groups|googlegroups|sourceforge"
    r"|to post to"
    r"|this sf\.net email|scanned by|virus-free|avast\.com|virenfrei",
    re.IGNORECASE,
)
_QUOTE = re.compile(r"^\s{0,4}(?:>|&gt;|[A-Z]{1,4}> )")
_ARROWS = re.compile(r"^>>> .{3,200}[@\d].{0,200} >>>$")
"""`>>> Ada Example <ada@example.com> 3/2/2026 10:00 >>>`: the head of a quote that is not marked below."""
_DATE_FIRST = re.compile(r"^\d{4}[-/]\d\d?[-/]\d\d?[ ,].{0,120}<\s?[^<>\s]{3,200}@[^<>\s]{3,200}>:?$")
_NAMED = re.compile(r"<\s?[^<>\s]{1,200}@[^<>\s]{3,200}>\W{0,3}[:：]$")
"""A line that ends with an address in brackets and a colon."""
_QUOTING = re.compile(
    r"^(?:quoting|zitat von|citando a?|thus spake|\w.{0,60} via .{2,60} (?:wrote|schrieb)\b)", re.IGNORECASE
)
_OF_ONESELF = re.compile(r"^(?:as )?(?:i|you|we|he|she|they|ich|wie|comme|como|come)\b", re.IGNORECASE)
_HEAD_IN_LINE = re.compile(r"(?<=\S)(?:\s+|-{2,}\s*)(?=(?:On|Am|Le|El|Em|Il|Op|W dniu|Den) \S.{8,200}[:：]$)")
"""Where the head of a quote begins behind the writer's last words, in one line with them."""
_OF_A_LINK = re.compile(r"^\s{0,4}[(<]?https?://\S{1,2000}$")
_PIPE = re.compile(r"^\s{0,2}\|(?:\s|$)(?!.*\|$)")
_ESCAPED = re.compile(r"^>From \S")
"""`>From` at the start of a line is how mailboxes store a line of somebody's own that begins with From."""


@dataclass(frozen=True, slots=True)
class NewText:
    """What is new in a mail. `is_all_there_was`: nothing looked new, so this is the whole text."""

    text: str
    has_quote: bool
    is_all_there_was: bool = False


def new_text(text: str) -> str:
    """The new text of a plain-text mail; `""` only if there was none."""
    return split_text(text).text


def split_text(text: str) -> NewText:
    """The new text, and whether there was anything beside it that it answers."""
    page = _page(text)
    runs, is_cut = _human_runs(page)
    has_quote = is_cut or any(page.quoted)
    found = _joined(_without_signatures(runs)) or _joined([line for run in runs for line in run])
    return NewText(found, has_quote) if found else NewText(_joined(page.lines), has_quote, is_all_there_was=True)


@dataclass(frozen=True, slots=True)
class _Page:
    """The lines of a text, and for each whether it is quoted and which header of a quoted mail it is."""

    lines: list[str]
    quoted: list[bool]
    kinds: list[str]


def _page(text: str) -> _Page:
    lines = _lines(text)
    return _Page(lines, _is_quoted(lines), [header_kind(line) for line in lines])


def _lines(text: str) -> list[str]:
    text = _INVISIBLE.sub("", text[:MAX_CHARACTERS]).replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\u00a0", " ").replace("\u2028", "\n").replace("\u202f", " ")
    return _with_heads_apart([line.rstrip() for line in text.split("\n", MAX_LINES)[:MAX_LINES]])


def _with_heads_apart(lines: list[str]) -> list[str]:
    """A line that ends with the head of a quote, as two lines."""
    apart: list[str] = []
    for at, line in enumerate(lines):
        is_head = line.endswith((":", "：")) and len(line) <= _HEAD_CHARACTERS and bool(WROTE.search(line))
        found = _HEAD_IN_LINE.search(line) if is_head and DATED.search(line) and not _QUOTE.match(line) else None
        below = _next_text(lines, at + 1) if found else len(lines)
        if found and below < len(lines) and _QUOTE.match(lines[below]):
            apart += [line[: found.start()], line[found.end() :]]
        else:
            apart.append(line)
    return apart


def _joined(lines: list[str]) -> str:
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip("\n").strip()


def _is_quoted(lines: list[str]) -> list[bool]:
    """For each line whether it is marked as quoted; a `|` counts only where many lines carry it."""
    pipes = [bool(_PIPE.match(line)) for line in lines]
    with_pipes = sum(pipes) >= 3
    quoted = [bool(_QUOTE.match(line)) or (pipe and with_pipes) for line, pipe in zip(lines, pipes, strict=True)]
    return [
        (is_quoted and not _is_escaped(lines, quoted, at)) or _is_rest_of_a_link(lines, quoted, at)
        for at, is_quoted in enumerate(quoted)
    ]


def _is_rest_of_a_link(lines: list[str], quoted: list[bool], at: int) -> bool:
    """A link that was broken out of the quoted lines around it, and still has a bracket of the one above."""
    if not _OF_A_LINK.match(lines[at].rstrip(" >")) or not (0 < at < len(lines) - 1):
        return False
    return quoted[at - 1] and quoted[at + 1] and lines[at].rstrip(" >").endswith(")")


def _is_escaped(lines: list[str], quoted: list[bool], at: int) -> bool:
    beside = quoted[max(0, at - 1) : at] + quoted[at + 1 : at + 2]
    if lines[at].endswith("<<<") and not any(beside):  # an ornament
        return True
    return bool(_ESCAPED.match(lines[at])) and not any(beside)


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a quote: its lines, and whether the quote below it is marked line by line."""

    end: int
    is_marked: bool


def _human_runs(page: _Page) -> tuple[list[list[str]], bool]:
    """The writer's lines in runs, divided by quotes, and whether they end where an unmarked quote begins."""
    runs: list[list[str]] = [[]]
    at = 0
    while at < len(page.lines):
        if _ARROWS.match(page.lines[at]):
            return runs, True
        if page.quoted[at]:
            runs += [[]] if runs[-1] else []
            at += 1
        elif head := _head_at(page, at):
            if not head.is_marked:
                return runs, True
            runs += [[]] if runs[-1] else []
            at = head.end
        else:
            runs[-1].append(page.lines[at])
            at += 1
    return runs, False


def _head_at(page: _Page, at: int) -> _Head | None:
    if not page.lines[at].strip():
        return None
    if is_separator(page.lines[at]):
        return _Head(at + 1, _quote_follows(page, at + 1))
    if _cut_here(page, at):
        return _Head(at + 1, is_marked=False)
    return _attribution_at(page, at)


def _cut_here(page: _Page, at: int) -> bool:
    """Whether a block `From: … Sent: … To: … Subject: …` begins here, perhaps below a rule of underscores."""
    if _RULE.match(page.lines[at]):
        below = _next_text(page.lines, at + 1)
        is_near = below < len(page.lines) and below - at <= 3
        return is_near and (_is_block(page, below) or is_separator(page.lines[below]))
    return _is_block(page, at)


def _is_block(page: _Page, at: int) -> bool:
    first = page.kinds[at]
    if first not in ("from", "sent", "subject"):
        return False
    if first == "from" and len(kinds_inside(page.lines[at])) >= 3:
        return True
    kinds = set(page.kinds[at : at + _BLOCK_LINES]) - {""}
    return "from" in kinds and len(kinds) >= 3


def _attribution_at(page: _Page, at: int) -> _Head | None:
    """`On 5 May, Ada wrote:` over up to five lines, with or without its verb."""
    joined = ""
    for end in range(at, min(at + _HEAD_LINES, len(page.lines))):
        line = page.lines[end].strip()
        if not line or page.quoted[end] or len(joined) + len(line) > _HEAD_CHARACTERS:
            return None
        if end == at and line.startswith("--") and line.endswith("--"):
            return _between_rules(line.strip("- "), page, at)
        if end > at and (BEGINS.match(line) or page.lines[end - 1].endswith(("!", "?"))):
            return None
        joined = f"{joined} {line}".strip()
        if line.endswith((":", "：", ":*", ": ", ":_")) or (end == at and _DATE_FIRST.match(line)):
            return _judged(joined, page, (at, end + 1))
    return None


def _between_rules(core: str, page: _Page, at: int) -> _Head | None:
    """`---- On 2 March Ada wrote ----`: a head whose rules stand in for its colon; a name and the verb are enough."""
    wrote = WROTE.search(core)
    is_head = wrote and (DATED.search(core) or (not core[wrote.end() :].strip() and len(core.split()) <= 6))
    return _Head(at + 1, is_marked=_quote_follows(page, at + 1)) if is_head else None


def _judged(joined: str, page: _Page, span: tuple[int, int]) -> _Head | None:
    start, end = span
    opens = bool(OPENING.match(joined)) or (joined[:1].isdigit() and bool(_NAMED.search(joined)))
    wrote, dated = WROTE.search(joined), bool(DATED.search(joined))
    stands_alone = start == 0 or not page.lines[start - 1].strip() or page.quoted[start - 1]
    is_one_line = end - start == 1
    if not is_one_line and not opens and not _begins_a_head(page.lines[start]):
        return None  # a name or a last sentence above a head, with no blank line between
    follows = _quote_follows(page, end)
    if follows and dated and "@" in joined and (stands_alone or is_one_line or opens):
        return _Head(end, is_marked=True)
    if follows and is_one_line and ((wrote and dated) or _QUOTING.match(joined)):
        return _Head(end, is_marked=True)
    if not opens and not stands_alone:
        return None
    if follows and ((wrote and (dated or opens or is_one_line)) or (dated and opens)):
        return _Head(end, is_marked=True)
    return _Head(end, is_marked=False) if _is_head_of_unmarked(joined, wrote, stands_alone=stands_alone) else None


def _begins_a_head(line: str) -> bool:
    return bool(DATED.search(line)) or "<" in line or '"' in line


def _is_head_of_unmarked(joined: str, wrote: re.Match[str] | None, *, stands_alone: bool) -> bool:
    """Whether it is so plainly a head that what follows is a quote although no line of it is marked."""
    dated = bool(DATED.search(joined.partition("<")[0]))
    if stands_alone and (_DATE_FIRST.match(joined) or _QUOTING.match(joined) or (dated and _NAMED.search(joined))):
        return True
    is_whole = wrote is not None and _only_a_name_or_date(joined[wrote.end() :])
    return is_whole and bool(DATED.search(joined)) and not _OF_ONESELF.match(joined)


def _only_a_name_or_date(tail: str) -> bool:
    """After the verb: nothing, the name that German, Dutch and others put there, or the date that others do."""
    tail = tail.strip(" :：*_")
    if not tail or (len(tail) <= 160 and ("@" in tail or (len(tail) <= 40 and tail[0].isupper()))):
        return True
    date = DATED.search(tail)
    return len(tail) <= 60 and date is not None and date.start() <= 24


def _quote_follows(page: _Page, at: int) -> bool:
    below = _next_text(page.lines, at)
    return below < len(page.lines) and below - at <= 3 and page.quoted[below]


def _next_text(lines: list[str], at: int) -> int:
    for below in range(at, min(at + 5, len(lines))):
        if lines[below].strip():
            return below
    return len(lines)


def _without_signatures(runs: list[list[str]]) -> list[str]:
    """The runs as lines again, each without its signature and list footer, with a blank line between two runs."""
    kept: list[str] = []
    for run in runs:
        part = _signed_off(run)
        if any(line.strip() for line in part):
            kept += ([""] if kept else []) + part
    return kept


def _signed_off(run: list[str]) -> list[str]:
    for at, line in enumerate(run):
        if _SIGNATURE.match(line) and any(before.strip() for before in run[:at]):
            return run[:at]
        if (_RULE.match(line) and _is_footer(run, at)) or (_SHORT_RULE.match(line) and _is_card(run, at)):
            return run[:at]
        if is_mobile_signature(line) and _is_last_paragraph(run, at):
            return run[:at]
    return run


def _is_footer(run: list[str], at: int) -> bool:
    return any(_FOOTER.search(line[:500]) for line in run[at + 1 : at + 7])


def _is_card(run: list[str], at: int) -> bool:
    """A few short lines below a rule, and nothing after them: name, office, number."""
    below = run[at + 1 : at + 20]
    card = [line for line in below if line.strip()]
    is_apart = at > 0 and not run[at - 1].strip() and bool(below) and bool(below[0].strip())
    return is_apart and len(run) - at < 20 and len(card) <= 6 and all(len(c) <= 60 and "?" not in c for c in card)


def _is_last_paragraph(run: list[str], at: int) -> bool:
    return sum(1 for line in run[at + 1 : at + 30] if line.strip()) <= 4
