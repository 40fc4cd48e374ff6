"""Messages people write: front matter, Markdown and Jinja2, compiled once and rendered for each lead.

Markdown becomes HTML and plain text when the template is compiled (`markdown_parts.py`). Both parts, the subject and
the preheader are one Jinja2 program in the sandbox (`program.py`), made from expressions that were checked and rebuilt
(`expression_syntax.py`). Rendering fills in values: escaped in the HTML part, as they are in the text part.
A template may bring its own HTML instead of the one made from Markdown (`html_parts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import Template as Program

from outreach.content.expression_syntax import KEY, Path
from outreach.content.front_matter import FrontMatter, FunnelStage, Line, split
from outreach.content.html_parts import own_html
from outreach.content.markdown_parts import Body, Pieces, convert, flat
from outreach.content.operations import Absent, reach
from outreach.content.program import SEPARATOR, compile_parts
from outreach.content.render_errors import EmptyMessage, MissingValue, RenderError, TooLong, UnsafeLink
from outreach.content.spin import SpinKey
from outreach.content.suggestions import did_you_mean
from outreach.content.template_source import read_tree
from outreach.errors import ConfigError, Problem
from outreach.record import record

__all__ = ["MissingValue", "RenderError", "Rendered", "Template", "UnsafeLink", "compile_template", "compiled"]

MAX_SOURCE = 64 * 1024
MAX_OUTPUT = 256 * 1024
_PARTS = 4  # subject, preheader, text, HTML; the texts of `values` stand behind them
MAX_SUBJECT = 400
_HTML = 3  # its place among the parts
_SHOWN = re.compile(r"[(\"']\s*cid:([A-Za-z0-9_-]{1,40})")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@record(frozen=True, slots=True)
class Rendered:
    """One message. `html` is what stands inside the body of a page; `message_text.with_footer` makes it a whole one."""

    subject: str
    text: str
    html: str
    preheader: str = ""
    values: Mapping[str, str] = field(default_factory=dict)  # what the front matter names beside the text
    wording: str = ""  # what `spin` chose


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A compiled template. `needed` are the paths of names without which it can never be rendered."""

    name: str
    subject: str | None
    language: str | None
    funnel_stage: FunnelStage | None
    needed: tuple[Path, ...]
    approved_as: str | None = None
    values: tuple[str, ...] = ()  # their names
    attachments: tuple[str, ...] = ()  # files of the folder attachments/
    images: Mapping[str, str] = field(default_factory=dict)  # shown as cid:<name>
    pieces: tuple[tuple[str, Pieces], ...] = field(default=(), repr=False)  # (file, what of it was compiled)
    program: Program = field(repr=False)

    @property
    def files(self) -> tuple[str, ...]:
        """Every file a message of it carries, each once."""
        return tuple(dict.fromkeys((*self.attachments, *self.images.values())))

    @property
    def has_subject(self) -> bool:
        return self.subject is not None

    @property
    def variables(self) -> tuple[str, ...]:
        """The same as dotted names: `lead.first_name`."""
        return tuple(map(_dotted, self.needed))

    def missing(self, context: Mapping[str, object]) -> tuple[str, ...]:
        """Which of them this context does not hold. Rendering may miss more, inside conditions and loops."""
        values = [
            (name, reach(dict(context), path, name)) for name, path in zip(self.variables, self.needed, strict=True)
        ]
        return tuple(name for name, value in values if isinstance(value, Absent))

    def render(self, context: Mapping[str, object], key: str = "") -> Rendered:
        """Fill in the values of a context (`context.build`). `key`, `<lead id>.<step id>`, is what `spin` chooses by.

        Raises RenderError: MissingValue, UnsafeLink, TooLong, EmptyMessage, NotPrintable.
        """
        spinning = SpinKey(key)
        running = self.program.new_context({**context, KEY: spinning}, shared=True)
        chunks = self.program.root_render_func(running)
        subject, preheader, text, html, *values = _parts(chunks, _PARTS + len(self.values))
        text = text.strip("\n")
        if not text.strip() or not html or html.isspace():
            raise EmptyMessage("message")
        named = dict(zip(self.values, map(_one_line, values), strict=True))
        return Rendered(self._subject(subject), text, html, _one_line(preheader), named, _one_line(spinning.wording))

    def _subject(self, written: str) -> str:
        subject = _one_line(written)
        if self.has_subject and not subject:
            raise EmptyMessage("subject")
        if len(subject) > MAX_SUBJECT:
            raise TooLong("the subject", MAX_SUBJECT)
        return subject


def _parts(chunks: Iterable[str], count: int) -> list[str]:
    """Texts, cut where the program wrote its separators. Raises TooLong, also before it is done."""
    gathered: list[str] = []
    size = 0
    for chunk in chunks:
        gathered.append(chunk)
        size += len(chunk)
        if size > MAX_OUTPUT * count:
            raise TooLong("the message", MAX_OUTPUT)
    parts = "".join(gathered).split(SEPARATOR)[:-1]
    if size > MAX_OUTPUT and max(map(len, parts)) > MAX_OUTPUT:
        raise TooLong("the message", MAX_OUTPUT)
    return parts


def _one_line(text: str) -> str:
    """Without line ends and control characters, so that nothing in it can begin another header."""
    return " ".join(text.split())


def html_name(name: str) -> str:
    """Under which name the sources of a workspace or a revision hold the HTML a template brings itself."""
    return f"{name}.html"


def compiled(name: str, sources: Mapping[str, str]) -> Template:
    """The template of that name among the sources of a revision, with its own HTML if it brings some."""
    return compile_template(name, sources[name], sources.get(html_name(name)))


@lru_cache(maxsize=1024)
def compile_template(name: str, source: str, html: str | None = None) -> Template:
    """Compile a template, `founders/intro`. Raises ConfigError with every problem found, each with its place.

    `html` takes the place of the HTML made from Markdown: what is inside the body of a page.
    Costs some milliseconds; compile on use. What was compiled is kept by name and content.
    """
    file = name if name.endswith(".md") else f"templates/{name}.md"
    _check_source(source, file)
    head = split(source, file=file)
    subject, preheader, body = _pieces(head, file)
    html_file = f"{file.removesuffix('.md')}.html"
    values = [flat(read_tree(line, file=file)) for line in head.values.values()]
    parts = (subject, preheader, body.text, body.html if html is None else _own_html(html, html_file), *values)
    files = {"file": file, "html_file": file if html is None else html_file}
    _check_images(head, source if html is None else html, file)
    program, needed = compile_parts(parts, **files, language=_primary(head.language))
    return Template(
        name=name,
        subject=head.subject.text if head.subject else None,
        language=head.language,
        funnel_stage=head.funnel_stage,
        needed=needed,
        approved_as=head.approved_as,
        values=tuple(head.values),
        attachments=head.attachments,
        images=head.images,
        pieces=tuple((files["html_file"] if part is parts[_HTML] else file, part) for part in parts),
        program=program,
    )


def _check_source(source: str, file: str) -> None:
    if len(source) > MAX_SOURCE:
        raise ConfigError(Problem(file, 0, 0, f"the template is longer than {MAX_SOURCE:,} characters.", "Shorten it."))
    odd = _FORBIDDEN.search(source)
    if odd:
        before = source[: odd.start()]
        place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
        raise ConfigError(
            Problem(file, *place, f"the character U+{ord(odd.group()):04X} is not allowed.", "Remove it.")
        )


def _pieces(head: FrontMatter, file: str) -> tuple[Pieces, Pieces, Body]:
    if not head.body.strip():
        raise ConfigError(Problem(file, 0, 0, "the template has no text.", "Write the message below the front matter."))
    lines = [flat(read_tree(line, file=file)) if line else () for line in (head.subject, head.preheader)]
    tree = read_tree(Line(head.body, head.body_line, 1), file=file)
    return lines[0], lines[1], convert(tree, source=head.body, file=file, line=head.body_line)


def _check_images(head: FrontMatter, source: str, file: str) -> None:
    """Each image that is shown is named in the front matter: without its file nothing would be seen."""
    for name in dict.fromkeys(_SHOWN.findall(source)):
        if name not in head.images:
            message = f"the image cid:{name} is shown, and the front matter names no such image."
            remedy = did_you_mean(name, head.images) or f"Write `images: {{{name}: {name}.png}}` there."
            raise ConfigError(Problem(file, 0, 0, message, remedy))


def _own_html(html: str, file: str) -> Pieces:
    _check_source(html, file)
    source = html.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if not source.strip():
        raise ConfigError(Problem(file, 0, 0, "the file has no HTML.", "Write the message into it, or remove it."))
    if source.startswith("---"):
        message = "the front matter of a template stands in its .md file."
        raise ConfigError(Problem(file, 1, 1, message, "Write it there, and only HTML here."))
    return own_html(read_tree(Line(source, 1, 1), file=file), source=source, file=file)


def _primary(language: str | None) -> str:
    return (language or "en").partition("-")[0].lower()


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
