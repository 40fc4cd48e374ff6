"""Signing mail with DKIM (RFC 6376; Ed25519 by RFC 8463): relaxed/relaxed over the finished bytes of a message.

The body is hashed once for all keys of a mailbox. Header fields that would make another mail of it if somebody added
them are signed once more than they are there (RFC 6376 §5.4.2), and both List-Unsubscribe fields are covered, as
RFC 8058 asks. An RSA-2048 signature costs about a third of a millisecond, an Ed25519 one a tenth.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

_SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"in-reply-to",
    b"references",
    b"reply-to",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"mime-version",
    b"content-type",
)
_ONCE_MORE = frozenset({b"from", b"to", b"subject", b"date", b"message-id", b"reply-to"})
_SMALLEST_RSA = 2048
_BLANKS = re.compile(rb"[ \t]+")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS_AT_END = re.compile(rb"[ \t]+\r\n")

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Key:
    """One key and where its other half stands: `<selector>._domainkey.<domain>`."""

    domain: str
    selector: str
    private: PrivateKey = field(repr=False)

    @property
    def algorithm(self) -> bytes:
        return b"ed25519-sha256" if isinstance(self.private, Ed25519PrivateKey) else b"rsa-sha256"

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(hashlib.sha256(data).digest())  # RFC 8463 §3: over the hash
        return self.private.sign(data, PKCS1v15(), SHA256())

    @property
    def public(self) -> str:
        """What the `p=` of its record has to hold."""
        public = self.private.public_key()
        if isinstance(self.private, Ed25519PrivateKey):
            return b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        return b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def read_key(domain: str, selector: str, pem: str) -> Key:
    """A key from PEM text. ValueError, with a sentence, for one that mail cannot be signed with."""
    try:
        private = load_pem_private_key(pem.replace("\\n", "\n").encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("is not a private key in PEM without a password.") from None
    if isinstance(private, RSAPrivateKey) and private.key_size < _SMALLEST_RSA:
        raise ValueError(f"is an RSA key of {private.key_size} bits. Receivers want {_SMALLEST_RSA}.")
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise ValueError("is neither an RSA nor an Ed25519 key.")
    return Key(domain, selector, private)


def signer(keys: Sequence[Key]) -> Callable[[bytes], bytes]:
    """Gives a finished message (CRLF line ends) back with a signature of each key on top."""
    signing = tuple(keys)

    def sign(raw: bytes) -> bytes:
        head, _, body = raw.partition(b"\r\n\r\n")
        body_hash = b64encode(hashlib.sha256(_relaxed_body(body)).digest())
        fields = _relaxed_fields(head)
        names = _names(fields)
        covered = _covered(fields, names)
        return b"".join(_field(key, names, covered, body_hash) for key in signing) + raw

    return sign


def _field(key: Key, names: Sequence[bytes], covered: bytes, body_hash: bytes) -> bytes:
    lines = (
        b"v=1; a=%b; c=relaxed/relaxed; d=%b;" % (key.algorithm, key.domain.encode()),
        b"s=%b; h=%b" % (key.selector.encode(), _folded_names(names)),
        b"bh=" + body_hash + b";",
        b"b=",
    )
    value = b"\r\n\t".join(lines)
    # The field itself is signed with an empty b=, and without a line end behind it.
    signature = b64encode(key.sign(covered + b"dkim-signature:" + _relaxed(value)))
    pieces = [signature[start : start + 72] for start in range(0, len(signature), 72)]
    return b"DKIM-Signature: " + value + b"\r\n\t".join(pieces) + b"\r\n"


def _folded_names(names: Sequence[bytes]) -> bytes:
    lines, line = [], b""
    for name in names:
        if len(line) + len(name) > 66:
            lines.append(line)
            line = b""
        line += name + b":"
    return b"\r\n\t".join([*lines, line])[:-1] + b";"


def _relaxed_fields(head: bytes) -> dict[bytes, list[bytes]]:
    """Name → its values in canonical form, in their order (RFC 6376 §3.4.2)."""
    found: dict[bytes, list[bytes]] = {}
    for each in _FOLD.sub(b"", head).split(b"\r\n"):
        name, _, value = each.partition(b":")
        found.setdefault(name.strip().lower(), []).append(_relaxed(value))
    return found


def _relaxed(value: bytes) -> bytes:
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def _names(fields: dict[bytes, list[bytes]]) -> list[bytes]:
    names: list[bytes] = []
    for name in _SIGNED:
        count = len(fields.get(name, ()))
        names += [name] * (count + 1 if name in _ONCE_MORE else count)
    return names


def _covered(fields: dict[bytes, list[bytes]], names: Sequence[bytes]) -> bytes:
    """The fields named, from the last one of a name to the first; a name without a field adds nothing."""
    left = {name: list(values) for name, values in fields.items()}
    return b"".join(name + b":" + left[name].pop() + b"\r\n" for name in names if left.get(name))


def _relaxed_body(body: bytes) -> bytes:
    """Blanks folded, blanks at line ends and empty lines at the end taken away (RFC 6376 §3.4.4)."""
    if b"  " in body or b"\t" in body:
        body = _BLANKS.sub(b" ", body)
    if b" \r\n" in body:
        body = _BLANKS_AT_END.sub(b"\r\n", body)
    body = body.rstrip(b"\r\n")
    return body + b"\r\n" if body else b""
