"""Short names of adapters, and how one is made from its settings. A dotted path `package.module:Class` works as well.

An installed package may offer adapters under short names of its own, by entry points of the groups `outreach.channels`,
`outreach.receivers` and `outreach.crms`.

Every adapter's module holds its `Options` beside it. What an adapter's constructor asks for by name beyond its options
(`http`, `clock`, `tokens`) is handed in.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Collection, Mapping
from importlib import metadata
from typing import Any, Protocol

from outreach.consent import Consent
from outreach.content.configuration import CrmSettings
from outreach.content.suggestions import did_you_mean
from outreach.content.variables import is_unset
from outreach.crm import Abilities
from outreach.errors import ConfigError, Problem

CHANNELS = {
    "smtp": "outreach.channels.smtp:Smtp",
    "unipile": "outreach.channels.unipile:Unipile",
    "heyreach": "outreach.channels.heyreach:HeyReach",
    "phantombuster": "outreach.channels.phantombuster:PhantomBuster",
    "twilio": "outreach.channels.twilio:Twilio",
    "whatsapp": "outreach.channels.whatsapp:WhatsApp",
    "telegram": "outreach.channels.telegram:Telegram",
    "x": "outreach.channels.x:X",
    "slack": "outreach.channels.slack:Slack",
    "http": "outreach.channels.http:Http",
    "sendgrid": "outreach.channels.sendgrid:SendGrid",
    "mailgun": "outreach.channels.mailgun:Mailgun",
    "postmark": "outreach.channels.postmark:Postmark",
    "ses": "outreach.channels.ses:Ses",
    "brevo": "outreach.channels.brevo:Brevo",
    "resend": "outreach.channels.resend:Resend",
    "memory": "outreach.channels.memory:Memory",
}
RECEIVERS = {
    "standard": "outreach.receivers.standard:Standard",
    "postmark": "outreach.receivers.postmark:Postmark",
    "sendgrid": "outreach.receivers.sendgrid:SendGrid",
    "mailgun": "outreach.receivers.mailgun:Mailgun",
    "ses": "outreach.receivers.ses:Ses",
    "mailjet": "outreach.receivers.mailjet:Mailjet",
    "brevo": "outreach.receivers.brevo:Brevo",
    "resend": "outreach.receivers.resend:Resend",
    "unipile": "outreach.receivers.unipile:Unipile",
    "heyreach": "outreach.receivers.heyreach:HeyReach",
    "twilio": "outreach.receivers.twilio:Twilio",
    "whatsapp": "outreach.receivers.whatsapp:WhatsApp",
    "x": "outreach.receivers.x:X",
    "telegram": "outreach.receivers.telegram:Telegram",
    "slack": "outreach.receivers.slack:Slack",
    "calendly": "outreach.receivers.calendly:Calendly",
    "calcom": "outreach.receivers.calcom:CalCom",
    "hubspot": "outreach.receivers.hubspot:HubSpot",
    "pipedrive": "outreach.receivers.pipedrive:Pipedrive",
    "zoho": "outreach.receivers.zoho:Zoho",
    "trello": "outreach.receivers.trello:Trello",
    "clinchpad": "outreach.receivers.clinchpad:ClinchPad",
    "lagrowthmachine": "outreach.receivers.lagrowthmachine:LaGrowthMachine",
    "gmail": "outreach.receivers.gmail:Gmail",
    "graph": "outreach.receivers.graph:Graph",
}
POLLERS = {
    "imap": "outreach.pollers.imap:Imap",
}
POLLED = {
    "mailbox": "outreach.receivers.mailbox:Mailbox",
}
"""Receivers of what pollers find; no settings file names them."""
CRMS = {
    "hubspot": "outreach.crms.hubspot:HubSpot",
    "pipedrive": "outreach.crms.pipedrive:Pipedrive",
    "zoho": "outreach.crms.zoho:Zoho",
    "salesforce": "outreach.crms.salesforce:Salesforce",
    "trello": "outreach.crms.trello:Trello",
    "salesmate": "outreach.crms.salesmate:Salesmate",
    "clinchpad": "outreach.crms.clinchpad:ClinchPad",
    "investglass": "outreach.crms.investglass:InvestGlass",
    "lagrowthmachine": "outreach.crms.lagrowthmachine:LaGrowthMachine",
    "webhook": "outreach.crms.webhook:Webhook",
    "csv_file": "outreach.crms.csv_file:CsvFile",
    "memory": "outreach.crms.memory:Memory",
}


class Spot(Protocol):
    """Where an adapter is named and its options stand."""

    def error(self, message: str, remedy: str = "", *, key: str = "") -> ConfigError:
        """What is wrong there; `key`: with which option."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where an adapter is named, for errors: the file, and the section in it."""

    file: str
    section: str

    def error(self, message: str, remedy: str = "", *, key: str = "") -> ConfigError:
        return ConfigError(Problem(self.file, 0, 0, f"{self.section}: {message}", remedy))


def make(
    known: Mapping[str, str], use: str, options: Mapping[str, Any], *, place: Place, given: Mapping[str, Any]
) -> Any:
    """The adapter of that short name or dotted path. Raises ConfigError naming the section."""
    adapter, options_class = _load(known, use, place)
    wanted = inspect.signature(adapter.__init__).parameters
    extras = {name: value for name, value in given.items() if name in wanted}
    known_to_options = {field.name for field in dataclasses.fields(options_class)}
    filled = {name: value for name, value in given.items() if name in known_to_options}
    return adapter(_options(options_class, {**filled, **options}, place), **extras)


def actions_of(use: str, options: Mapping[str, Any]) -> Collection[str] | None:
    """What the channel of that short name or dotted path can do, by its options where they say so (`Options.actions`).

    None if it cannot be loaded or its options are wrong, which is told where it is made.
    """
    try:
        adapter, options_class = _load(CHANNELS, use, Place("", ""))
        by_options = hasattr(options_class, "actions")
        actions: Collection[str] = _options(options_class, options, Place("", "")).actions if by_options else ()
    except ConfigError:
        return None
    return actions or adapter.can.actions


def crm_abilities(each: CrmSettings, spot: Spot) -> Abilities | None:
    """What the connection can do, told by its options alone (`Options.can`, else the adapter's `can`).

    Raises ConfigError for an adapter or an option that does not exist, or is wrong; what an unset variable will hold
    is not looked at. None where it cannot be known without the adapter.
    """
    adapter, options_class = _load(CRMS, each.use, spot)
    options = own_options(each)
    _refuse_unknown(options_class, options, spot)
    if not is_unset(options):
        _options(options_class, options, spot)
    by_options = _as_written(options_class, options) if hasattr(options_class, "can") else adapter
    try:
        can = by_options.can
    except (AttributeError, KeyError, TypeError, ValueError):  # what decides it is not set yet
        return None
    return Abilities(can, getattr(adapter, "lacks", {})) if isinstance(can, frozenset) else None


def own_options(each: CrmSettings) -> dict[str, Any]:
    """The options of a CRM connection; its name and the field that `status` names are among them where asked for."""
    options: dict[str, Any] = dict(each.options)
    if takes(CRMS, each.use, "connection"):
        options.setdefault("connection", each.name)
    if each.status and takes(CRMS, each.use, "status_property"):
        options.setdefault("status_property", each.status.property)
    return options


def consent_of(each: CrmSettings, spot: Spot) -> Consent | None:
    """What a person has to agree to, so that the connection gets its tokens; None where it has a token of its own."""
    _, options_class = _load(CRMS, each.use, spot)
    consent: Consent | None = getattr(_options(options_class, own_options(each), spot), "consent", None)
    return consent


def _as_written(options_class: Any, options: Mapping[str, Any]) -> Any:
    """The options without a look at whether they are right: a secret that is not set yet changes no ability."""
    made = object.__new__(options_class)
    for each in dataclasses.fields(options_class):
        if each.name in options:
            object.__setattr__(made, each.name, options[each.name])
        elif each.default is not dataclasses.MISSING:
            object.__setattr__(made, each.name, each.default)
        elif each.default_factory is not dataclasses.MISSING:
            object.__setattr__(made, each.name, each.default_factory())
    return made


def takes(known: Mapping[str, str], use: str, option: str) -> bool:
    """Has the adapter of that short name or dotted path such an option? No, if it cannot be loaded."""
    try:
        _, options_class = _load(known, use, Place("", ""))
    except ConfigError:
        return False
    return option in {field.name for field in dataclasses.fields(options_class)}


def _path(known: Mapping[str, str], use: str, place: Spot) -> str:
    """`package.module:Class`; the name itself where nobody offers it."""
    if use in known or ":" in use:
        return known.get(use, use)
    group = next((group for group, names in _GROUPS.items() if names is known), "")
    offered = sorted({point.value for point in metadata.entry_points(group=group, name=use)})
    if len(offered) > 1:
        raise place.error(f"several packages offer '{use}'.", f"Write one of them out: {', '.join(offered)}.")
    return offered[0] if offered else use


_GROUPS = {"outreach.channels": CHANNELS, "outreach.receivers": RECEIVERS, "outreach.crms": CRMS}


def _load(known: Mapping[str, str], use: str, place: Spot) -> tuple[Any, Any]:
    path = _path(known, use, place)
    module_name, _, class_name = path.partition(":")
    if not class_name:
        remedy = did_you_mean(use, known) or f"Known: {', '.join(known)}."
        raise place.error(f"unknown adapter '{use}'.", remedy, key="use")
    try:
        module = importlib.import_module(module_name)
        return getattr(module, class_name), module.Options
    except (ImportError, AttributeError) as error:
        raise place.error(f"adapter '{use}' cannot be loaded ({error}).", key="use") from None


def _refuse_unknown(options_class: Any, options: Mapping[str, Any], place: Spot) -> None:
    known = [field.name for field in dataclasses.fields(options_class)]
    for name in options:
        if name not in known:
            remedy = did_you_mean(name, known) or f"Keys: {', '.join(known)}."
            raise place.error(f"unknown key '{name}'.", remedy, key=name)


def _options(options_class: Any, options: Mapping[str, Any], place: Spot) -> Any:
    _refuse_unknown(options_class, options, place)
    fields = {field.name: field for field in dataclasses.fields(options_class)}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    try:
        return options_class(**values)
    except TypeError:
        missing = [name for name, field in fields.items() if name not in values and _is_required(field)]
        raise place.error(f"{', '.join(repr(name) for name in missing)} is missing.") from None
    except ValueError as error:
        raise place.error(str(error)) from None


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
