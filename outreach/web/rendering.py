"""Templates to pages. Everything is escaped; nothing that came from outside is ever HTML here."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pass_context
def _instant(context: Context, at: datetime | None) -> str:
    """Mon 2 Mar 2026, 10:00, in the zone the page shows."""
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(context["zone"]))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def _distance(at: datetime | None, now: datetime) -> str:
    """How far away, in the largest unit that fits: `in 3 h`, `2 days ago`."""
    if at is None:
        return "–"
    size = abs(at - now)
    if size < _MINUTE:
        return "now"
    amount = _amount(size)
    return f"in {amount}" if at > now else f"{amount} ago"


def _since(at: datetime, now: datetime) -> str:
    """For how long by now: `3 h`, `12 days`."""
    return _amount(max(now - at, _MINUTE))


def _amount(size: timedelta) -> str:
    if size < _HOUR:
        return f"{size // _MINUTE} min"
    if size < 2 * _DAY:
        return f"{size // _HOUR} h"
    return f"{size // _DAY} days"


_SPELLED = {"email": "e-mail", "linkedin": "LinkedIn", "whatsapp": "WhatsApp", "x": "X", "sms": "SMS"}


def _words(value: str) -> str:
    """`meeting_booked` and `linkedin.invite` as people write them."""
    return " ".join(_SPELLED.get(part, part) for part in value.replace("_", " ").replace(".", " ").split())


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("pages")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.filters |= {"instant": _instant, "distance": _distance, "since": _since, "words": _words}


def page(template: str, *, code: int = 200, language: str = "en", **values: Any) -> HTMLResponse:
    """One page of `pages/`, rendered."""
    return HTMLResponse(_templates.get_template(template).render(language=language, **values), code)
