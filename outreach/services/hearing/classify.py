"""What a reply means, written on its event: by the team's own classifier where there is one, else by rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib import import_module
from operator import attrgetter
from typing import Any

import structlog

from outreach.domain.event import Event, EventKind
from outreach.domain.reply import NamedPerson, ReplyClass, ReplyClassifier, ReplyText, Suggestion
from outreach.errors import UsageError
from outreach.mail.named_person import named_person
from outreach.mail.reply_class import suggest_class
from outreach.services.sending.engine import Engine

log = structlog.get_logger()

_BY_KIND = {EventKind.UNSUBSCRIBED: ReplyClass.OPT_OUT, EventKind.AUTORESPONDED: ReplyClass.AUTO_REPLY}
_MOST_EVIDENCE = 10
LEFT = "left"
"""The reason of an automatic reply that says its owner works there no more."""


def load_classifier(path: str | None) -> ReplyClassifier | None:
    """The team's own classifier, from `package.module:callable`. Raises UsageError if there is none."""
    if path is None:
        return None
    module, _, name = path.partition(":")
    try:
        found: ReplyClassifier = attrgetter(name)(import_module(module))
    except (ImportError, AttributeError) as error:
        raise UsageError(f"config/outreach.yaml: replies.classifier '{path}' cannot be loaded: {error}") from None

    def classify(reply: ReplyText) -> Suggestion | None:
        suggestion = found(reply)
        return replace(suggestion, by=path) if suggestion else None

    return classify


def classified(engine: Engine, event: Event) -> Event:
    """The event with its suggestion in `data`; outside of any transaction, because a classifier may take its time."""
    if event.kind is not EventKind.REPLIED or "class" in event.data:
        return event
    return _with(event, _by_classifier(engine, event) or suggest_class(_text_of(event)))


def classified_by_rules(event: Event) -> Event:
    """The same without asking anybody, and for what programs and opt-outs say; other events stay as they are."""
    if "class" in event.data:
        return event
    if event.kind is EventKind.REPLIED:
        return _with(event, suggest_class(_text_of(event)))
    known = _BY_KIND.get(event.kind)
    if known is None:
        return event
    person = named_person(event.text, writer=_writer(event)) if event.reason == LEFT else None
    evidence = (event.text.strip().partition("\n")[0][:120],) if event.text.strip() else ()
    return _with(event, Suggestion(reply_class=known, evidence=evidence, person=person))


def suggestion_of(data: Mapping[str, Any]) -> Suggestion:
    """The suggestion that an event carries."""
    until, person = data.get("class_until"), data.get("class_person")
    return Suggestion(
        reply_class=ReplyClass(data.get("class", ReplyClass.UNCLEAR)),
        evidence=tuple(data.get("class_evidence", ())),
        until=date.fromisoformat(until) if until else None,
        person=NamedPerson(**person) if person else None,
        by=str(data.get("class_by", "")),
    )


def _by_classifier(engine: Engine, event: Event) -> Suggestion | None:
    if engine.classifier is None:
        return None
    try:
        found = engine.classifier(_text_of(event))
    except Exception:  # whatever a classifier of the team's own does, the reply must be applied
        log.exception("reply_not_classified", event_key=event.key)
        return None
    return replace(found, reply_class=ReplyClass(found.reply_class)) if found else None


def _text_of(event: Event) -> ReplyText:
    return ReplyText(text=event.text, subject=event.subject, writer=_writer(event), sent_on=event.at.date())


def _writer(event: Event) -> str:
    written = event.data.get("from")
    return written if isinstance(written, str) else ""


def _with(event: Event, suggestion: Suggestion) -> Event:
    person = suggestion.person
    found: dict[str, object] = {
        "class": str(suggestion.reply_class),
        "class_evidence": [str(words)[:200] for words in suggestion.evidence[:_MOST_EVIDENCE]],
        "class_until": suggestion.until.isoformat() if suggestion.until else None,
        "class_person": {"name": person.name, "email": person.email, "phone": person.phone} if person else None,
        "class_by": suggestion.by,
    }
    return replace(event, data={**event.data, **{name: value for name, value in found.items() if value}})
