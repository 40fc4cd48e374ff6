"""`spin("Hi", "Hello")`: one of several wordings, always the same one for the same lead and step."""

from __future__ import annotations

from hashlib import blake2b


def chosen(key: object, signature: str, *options: object) -> object:
    """One option by a hash of the message's key and of what the call says, so that other leads change nothing."""
    digest = blake2b(f"{key}\0{signature}".encode("utf-8", "replace"), digest_size=8).digest()
    return options[int.from_bytes(digest) % len(options)]
