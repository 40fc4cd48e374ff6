"""The keys a sender's mail is signed with: out of the environment, or out of a file of the workspace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from outreach.content.configuration import DkimSettings, EmailSettings
from outreach.errors import ConfigError, Problem
from outreach.mail.dkim import Key, read_key, signer

_LARGEST = 64 * 1024


def signer_of(root: Path, sender: str, email: EmailSettings) -> Callable[[bytes], bytes]:
    """Signs with every key of the sender. Raises ConfigError naming the key that cannot be used."""
    return signer(keys_of(root, sender, email))


def keys_of(root: Path, sender: str, email: EmailSettings) -> list[Key]:
    """The keys of the sender's settings, read. Raises ConfigError."""
    return [_key(root, sender, each, email.address.rpartition("@")[2]) for each in email.dkim]


def _key(root: Path, sender: str, settings: DkimSettings, domain: str) -> Key:
    place = f"{sender}.email.dkim: the key of '{settings.selector}'"
    try:
        return read_key(settings.domain or domain, settings.selector, settings.private_key or _read(root, settings))
    except (OSError, UnicodeDecodeError):
        remedy = f"Put it at {settings.key_file} in the workspace."
        raise ConfigError(Problem("config/senders.yaml", 0, 0, f"{place} cannot be read.", remedy)) from None
    except ValueError as error:
        remedy = "Make one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
        raise ConfigError(Problem("config/senders.yaml", 0, 0, f"{place} {error}", remedy)) from None


def _read(root: Path, settings: DkimSettings) -> str:
    path = (root / settings.key_file).resolve()
    if not path.is_relative_to(root.resolve()) or path.stat().st_size > _LARGEST:
        raise ValueError("is not a file of the workspace.")
    return path.read_text("utf-8")
