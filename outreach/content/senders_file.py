"""config/senders.yaml: the identities that send, with their mailboxes, accounts and limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from outreach.content.channel_limits import by_action, check_actions
from outreach.content.configuration import (
    ChannelSettings,
    EmailSettings,
    SenderSettings,
)
from outreach.content.field_types import (
    Count,
    Day,
    Elapsed,
    EmailAddress,
    Line,
    Positive,
    Text,
    WebUrl,
    Zone,
    slug,
)
from outreach.content.mail_servers import DkimModel, ImapModel, Selector, SmtpModel, as_list
from outreach.content.model_reading import FileModel, known_keys, read_model
from outreach.content.options import split_options
from outreach.content.pace_models import Portions, RatioModel, shares_of
from outreach.content.suggestions import closest, did_you_mean
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.quota import Limits, Ramp
from outreach.domain.recipients import RecipientCaps
from outreach.errors import Problem

_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_LONGEST_WITH_TOKEN = 64 - len("+") - 24  # RFC 5321 §4.5.3.1.1: 64 octets of a local part; a token has 24


class RampModel(FileModel):
    start: Positive
    step: Count


class LimitsModel(FileModel):
    """How much a sender may do; what is left out has no limit."""

    per_hour: Count | None = None
    per_day: Count | None = None
    per_7_days: Count | None = None
    gap: Elapsed | None = None
    jitter: Elapsed | None = None
    ramp: RampModel | None = None
    person_per_7_days: Count | None = None
    company_per_7_days: Count | None = None
    domain_per_day: Count | None = None

    def limits(self) -> Limits:
        return Limits(
            per_hour=self.per_hour,
            per_day=self.per_day,
            per_7_days=self.per_7_days,
            gap=self.gap,
            jitter=self.jitter,
            ramp=Ramp(self.ramp.start, self.ramp.step) if self.ramp else None,
            recipients=RecipientCaps(
                person_per_7_days=self.person_per_7_days,
                company_per_7_days=self.company_per_7_days,
                domain_per_day=self.domain_per_day,
            ),
        )


class EmailModel(FileModel):
    address: EmailAddress
    use: Line = "smtp"
    smtp: SmtpModel | None = None
    imap: ImapModel | None = None
    reply_to: EmailAddress | None = None
    reply_token: bool = False
    return_path: EmailAddress | None = None
    return_token: bool = False
    dkim: Annotated[list[DkimModel], BeforeValidator(as_list)] = Field(default=[], max_length=4)
    dkim_selectors: list[Selector] = Field(default=[], max_length=10)
    limits: LimitsModel = LimitsModel()

    @model_validator(mode="after")
    def _has_room_for_tokens(self) -> Self:
        with_token = [self.reply_to or self.address] if self.reply_token else []
        with_token += [self.return_path or self.address] if self.return_token else []
        for address in with_token:
            if len(address.rpartition("@")[0].encode()) > _LONGEST_WITH_TOKEN:
                raise ValueError(f"has no room for a token in {address}. Name a shorter address.")
        return self


class SenderModel(FileModel):
    """The keys of a sender that are not channels."""

    name: Line
    timezone: Zone
    email: dict[str, Any] | None = None
    signature: Text = ""
    booking_url: WebUrl = ""
    freeze: list[Day] = Field(default=[], max_length=366)
    ratio: RatioModel = RatioModel()
    shares: Portions = Field(default={})


class ChannelModel(FileModel):
    use: Line
    limits: dict[str, LimitsModel] = Field(default={})
    withdraw_after: Elapsed | None = None


def read_senders(file: YamlFile, problems: list[Problem]) -> dict[str, SenderSettings]:
    """Every sender that is right, by its key."""
    if file.data is None:
        return {}
    if not isinstance(file.data, dict):
        remedy = "Write `anna:` and the sender's keys below it."
        problems.append(file.problem((), "the file must be a mapping.", remedy))
        return {}
    senders = {name: _sender(file, name, data, problems) for name, data in file.data.items()}
    return {name: sender for name, sender in senders.items() if sender}


def _sender(file: YamlFile, name: str, data: object, problems: list[Problem]) -> SenderSettings | None:
    before = len(problems)
    _check_name(file, name, problems)
    if not isinstance(data, Mapping):
        problems.append(file.problem((name,), f"'{name}' must be a mapping.", "Write the sender's keys below it."))
        return None
    known = known_keys(SenderModel, ())
    own = {key: value for key, value in data.items() if key in known}
    model = read_model(SenderModel, file, (name,), own, problems=problems)
    email = _email(file, (name, "email"), own.get("email"), problems)
    others = {key: value for key, value in data.items() if key not in known}
    channels = {key: _channel(file, (name, key), key, value, problems=problems) for key, value in others.items()}
    if model is None or len(problems) > before:
        return None
    return SenderSettings(
        name=name,
        display_name=model.name,
        timezone=model.timezone,
        signature=model.signature,
        booking_url=model.booking_url,
        email=email,
        channels={key: channel for key, channel in channels.items() if channel},
        freeze=frozenset(model.freeze),
        shares=shares_of(model.ratio, model.shares),
    )


def _check_name(file: YamlFile, name: str, problems: list[Problem]) -> None:
    try:
        slug(name)
    except ValueError as error:
        problems.append(file.key_problem((name,), str(error)))


def _email(file: YamlFile, path: Path, data: object, problems: list[Problem]) -> EmailSettings | None:
    if not isinstance(data, Mapping):
        return None
    own, options = split_options(EmailModel, file, path, data, problems=problems)
    model = read_model(EmailModel, file, path, own, problems=problems)
    if model is None:
        return None
    if model.use == "smtp":
        _check_smtp(file, path, model, options, problems=problems)
    return EmailSettings(
        address=model.address,
        use=model.use,
        smtp=model.smtp.settings() if model.smtp else None,
        imap=model.imap.settings() if model.imap else None,
        reply_to=model.reply_to or "",
        reply_token=model.reply_token,
        return_path=model.return_path or "",
        return_token=model.return_token,
        dkim=tuple(each.settings() for each in model.dkim),
        dkim_selectors=tuple(model.dkim_selectors),
        limits=model.limits.limits(),
        options=options,
    )


def _check_smtp(
    file: YamlFile, path: Path, model: EmailModel, options: Mapping[str, object], *, problems: list[Problem]
) -> None:
    if model.smtp is None:
        remedy = 'Write `smtp: {url: "smtps://smtp.example.com:465", username: …, password: …}`.'
        problems.append(file.problem(path, "in 'email', 'smtp' is missing.", remedy))
    for key in options:
        if not closest(key, known_keys(EmailModel, ()), cutoff=0.8):  # the near ones are told already
            remedy = did_you_mean(key, known_keys(EmailModel, ()))
            problems.append(file.key_problem((*path, key), f"unknown key '{key}'.", remedy))


def _channel(file: YamlFile, path: Path, name: str, data: object, *, problems: list[Problem]) -> ChannelSettings | None:
    known = known_keys(SenderModel, ())
    is_channel = isinstance(data, Mapping) and ("use" in data or not closest(name, known, cutoff=0.7))
    if not is_channel or not isinstance(data, Mapping):
        remedy = did_you_mean(name, known)
        problems.append(file.key_problem(path, f"unknown key '{name}'.", remedy))
        return None
    if not _CHANNEL.fullmatch(name):
        remedy = "Use small letters, digits and '_'."
        problems.append(file.key_problem(path, f"'{name[:80]}' is not a channel.", remedy))
    own, options = split_options(ChannelModel, file, path, data, problems=problems)
    if "limits" in own:
        own["limits"] = by_action(name, own["limits"], known_keys(LimitsModel, ()))
    if _has_flat_limits(own.get("limits")):
        remedy = "Write `limits: {message: {per_day: 40}}`."
        problems.append(file.problem((*path, "limits"), "limits of a channel are written for each action.", remedy))
        return None
    check_actions(file, (*path, "limits"), name, own.get("limits"), problems=problems)
    model = read_model(ChannelModel, file, path, own, problems=problems)
    if model is None:
        return None
    limits = {action: limit.limits() for action, limit in model.limits.items()}
    if model.withdraw_after and name != "linkedin":
        remedy = "Only 'linkedin' has invitations. Remove it."
        problems.append(file.key_problem((*path, "withdraw_after"), f"'{name}' withdraws nothing.", remedy))
    return ChannelSettings(
        name=name, use=model.use, options=options, limits=limits, withdraw_after=model.withdraw_after
    )


def _has_flat_limits(limits: object) -> bool:
    return isinstance(limits, Mapping) and any(key in limits for key in known_keys(LimitsModel, ()))
