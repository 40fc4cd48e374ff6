"""Every message of a preview on one page, each in a frame of its own that can run nothing and load nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from outreach.services.sequences.preview import Preview

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "article{border:1px solid #8886;border-radius:.5rem;margin:1.5rem 0;padding:1rem}"
    "h2{font-size:1rem;margin:0 0 .5rem}"
    "iframe{width:100%;height:22rem;border:0;background:#fff;border-radius:.25rem}pre{white-space:pre-wrap}"
    ".problem{color:#b3261e}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:0 0 1rem}dd{margin:0}"
)


def page_of(title: str, pages: Sequence[Preview]) -> str:
    """A self-contained HTML page."""
    articles = "".join(_article(page) for page in pages)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>{articles}</html>\n"
    )


def _article(page: Preview) -> str:
    message = page.message
    heading = " · ".join(filter(None, (page.step, message.action, page.variant, f"by {page.sender}")))
    problem = f'<p class="problem">Cannot go out: {escape(page.problem)}</p>' if page.problem else ""
    subject = f"<dt>Subject</dt><dd>{escape(message.subject)}</dd>" if message.subject else ""
    head = f"<dl><dt>To</dt><dd>{escape(message.to or 'a person')}</dd>{subject}</dl>"
    frame = (
        f'<iframe sandbox title="{escape(page.step)}" srcdoc="{escape(message.html)}"></iframe>' if message.html else ""
    )
    text = f"<details><summary>Text part</summary><pre>{escape(message.text)}</pre></details>"
    body = frame + text if message.html else _plain(message.text)
    return f"<article><h2>{escape(heading)}</h2>{problem}{head}{body}</article>"


def _plain(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
