"""The part `notify` of config/outreach.yaml: who of the team is told of what, and by which way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from outreach.content.configuration import NotifySettings, SenderSettings
from outreach.content.field_types import EmailAddress, Slug
from outreach.content.model_reading import FileModel, read_model
from outreach.content.options import split_options
from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import YamlFile
from outreach.domain.notice import EMAIL, USUAL, NoticeKind, Notify, Way
from outreach.errors import Problem


class WayModel(FileModel):
    """What stands beside an adapter's own options."""

    kinds: list[NoticeKind] | None = Field(default=None, min_length=1)


class NotifyEmailModel(WayModel):
    to: list[EmailAddress] = Field(min_length=1, max_length=100)
    sender: Slug


class NotifyModel(FileModel):
    kinds: list[NoticeKind] = Field(default=sorted(USUAL), min_length=1)
    slack: dict[str, Any] | None = None
    email: NotifyEmailModel | None = None
    http: dict[str, Any] | None = None


def notify_settings(file: YamlFile, model: NotifyModel, problems: list[Problem]) -> NotifySettings:
    """Who is told, and the options of the adapters that tell."""
    ways: list[Way] = []
    options: dict[str, Mapping[str, object]] = {}
    for name, written in (("slack", model.slack), ("http", model.http)):
        if written is not None:
            own, options[name] = split_options(WayModel, file, ("notify", name), written, problems=problems)
            way = read_model(WayModel, file, ("notify", name), own, problems=problems)
            ways += [Way(name=name, kinds=_kinds(way, model))] if way else []
    if model.email:
        ways += [Way(name=EMAIL, to=to, kinds=_kinds(model.email, model)) for to in model.email.to]
    notify = Notify(ways=tuple(ways), mail_from=model.email.sender if model.email else "")
    return NotifySettings(notify=notify, options=options)


def _kinds(way: WayModel, model: NotifyModel) -> frozenset[NoticeKind]:
    return frozenset(model.kinds if way.kinds is None else way.kinds)


def check_notify(file: YamlFile, settings: NotifySettings, senders: Mapping[str, SenderSettings]) -> list[Problem]:
    """Who mails notices has a mailbox."""
    name, path = settings.notify.mail_from, ("notify", "email", "sender")
    if not name:
        return []
    sender = senders.get(name)
    if sender is None:
        return [file.problem(path, f"unknown sender '{name}'.", did_you_mean(name, senders))]
    if sender.email is None:
        return [file.problem(path, f"the sender '{name}' has no mailbox.", "Name one that has `email`.")]
    return []
