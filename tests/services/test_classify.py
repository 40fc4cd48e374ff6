"""A classifier of the team's own: found by its path, named as the one who said it, refused where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest

from outreach import settings
from outreach.domain.reply import ReplyClass, ReplyText, Suggestion
from outreach.errors import ConfigError, UsageError
from outreach.services.hearing.classify import load_classifier
from outreach.testing.field import FILES, Field

_OUTREACH = "config/outreach.yaml"
_REPLY = ReplyText(text="Please send a purchase order.", sent_on=date(2026, 3, 2))


def says_interested(reply: ReplyText) -> Suggestion | None:
    """What a team might write."""
    return Suggestion(reply_class=ReplyClass.INTERESTED) if "purchase order" in reply.text else None


def test_a_classifier_is_found_by_its_path_and_named() -> None:
    path = f"{__name__}:says_interested"
    classify = load_classifier(path)

    assert classify is not None
    assert classify(_REPLY) == Suggestion(reply_class=ReplyClass.INTERESTED, by=path)
    assert classify(ReplyText(text="No", sent_on=_REPLY.sent_on)) is None


def test_without_a_path_there_is_none() -> None:
    assert load_classifier(None) is None


@pytest.mark.parametrize("path", ["no_such_module:classify", f"{__name__}:no_such_name"])
def test_a_path_that_leads_nowhere_is_told(path: str) -> None:
    with pytest.raises(UsageError, match=r"replies\.classifier"):
        load_classifier(path)


@pytest.mark.parametrize("path", ["acme", "acme.replies", "acme/replies:classify", "acme:"])
def test_what_is_no_path_is_refused_in_the_file(tmp_path: Path, path: str) -> None:
    written = FILES[_OUTREACH] + f'replies: {{classifier: "{path}"}}\n'
    (tmp_path / "config").mkdir()
    (tmp_path / _OUTREACH).write_text(written, encoding="utf-8")

    with pytest.raises(ConfigError, match=r"package\.module:callable"):
        settings.load(tmp_path, {})


def test_the_settings_of_replies_reach_the_engine(make_field: Callable[[Mapping[str, str]], Field]) -> None:
    own = f'replies: {{classifier: "{__name__}:says_interested", not_now: 30 days, out_of_office: 3 days}}\n'
    field = make_field({_OUTREACH: FILES[_OUTREACH] + own})

    assert field.engine.classifier(_REPLY).by == f"{__name__}:says_interested"
    assert (field.policy.not_now.days, field.policy.snooze.days) == (30, 3)
