"""Settings whose shape a file may get wrong: a sentence with the remedy instead of a surprise later."""

from __future__ import annotations

from collections.abc import Mapping


def require_mapping(name: str, value: object, remedy: str) -> None:
    """ValueError unless it is a mapping. `remedy`: what to write, such as `{a: b}`."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is no mapping. Write {remedy}.")


def require_list(name: str, value: object, remedy: str) -> None:
    """ValueError unless it is a list; the settings reader makes a tuple of one."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} is no list. Write {remedy}.")
