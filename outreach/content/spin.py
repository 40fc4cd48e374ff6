"""`spin("Hi", "Hello")`: one of several wordings, always the same one for the same lead and step."""

from __future__ import annotations

from hashlib import blake2b


class SpinKey(str):
    """`<lead id>.<step id>`, which wordings are chosen by; it remembers what was chosen, each call once."""

    __slots__ = ("choices",)

    def __new__(cls, key: str) -> SpinKey:
        made = super().__new__(cls, key)
        made.choices = {}
        return made

    choices: dict[str, str]

    @property
    def wording(self) -> str:
        """What was chosen, in the order of the text; empty where nothing was to be chosen."""
        return " | ".join(self.choices.values())


def chosen(key: object, signature: str, *options: object) -> object:
    """One option by a hash of the message's key and of what the call says, so that other leads change nothing."""
    digest = blake2b(f"{key}\0{signature}".encode("utf-8", "replace"), digest_size=8).digest()
    option = options[int.from_bytes(digest) % len(options)]
    if isinstance(key, SpinKey):
        key.choices[signature] = str(option)
    return option
