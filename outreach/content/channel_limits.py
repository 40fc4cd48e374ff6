"""The limits of one account: by action, or at once where its channel has one action only."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from outreach.content.suggestions import did_you_mean
from outreach.content.yaml_file import Path, YamlFile
from outreach.domain.action import ACTIONS, HTTP
from outreach.errors import Problem


def by_action(channel: str, limits: object, keys: Collection[str]) -> object:
    """`{per_day: 50}` of a channel that is one action means that action; `keys` are those of limits."""
    is_flat = isinstance(limits, Mapping) and any(key in keys for key in limits)
    return {channel: limits} if is_flat and channel in ACTIONS else limits


def check_actions(file: YamlFile, path: Path, channel: str, limits: object, *, problems: list[Problem]) -> None:
    """Only what the channel can do has limits. A channel that no step names may have whatever it likes."""
    known = [action.word for action in ACTIONS.values() if action.channel == channel]
    if not known or channel == HTTP or not isinstance(limits, Mapping):
        return
    for name in limits:
        if name not in known:
            remedy = did_you_mean(str(name), known)
            message = f"'{channel}' has no action '{str(name)[:80]}'."
            problems.append(file.key_problem((*path, name), message, remedy))
