"""A message sent by us verifies: read by the standard library, by dkimpy, and by our own opt-out endpoint."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

import dkim
import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from outreach.content.configuration import DkimSettings, EmailSettings
from outreach.errors import ConfigError
from outreach.mail.dkim import Key, read_key, signer
from outreach.sandbox.mail_server import Mail, MailServer
from outreach.services.watching.dkim_keys import keys_of
from outreach.store.tables import enrollments, events, touches
from outreach.testing.field import FILES, Field
from outreach.web.application import create_app
from outreach.web.backing import services_of

MakeField = Callable[[Mapping[str, str]], Field]
ANNA = "anna@sender.example"
PNG = bytes.fromhex("89504e470d0a1a0a") + b"a small image"

SENDERS = """
anna:
  name: Anna Yılmaz
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    smtp: {{url: "{url}", username: anna@sender.example, password: sesame}}
    reply_token: true
    dkim: {{selector: mail, key_file: config/dkim.pem}}
  signature: "Anna Yılmaz · Örnek A.Ş."
"""
INTRO = (
    """---
subject: "Ayşe'nin denetimi — {{ lead.first_name }}, bir soru: {{ lead.first_name }} {{ lead.first_name }} uzun konu"
attachments: [brochure.pdf]
images: {logo: logo.png}
---
Merhaba {{ lead.first_name }}, **çok** uzun bir satır: """
    + "kelime " * 300
    + """

![Logo](cid:logo)

[Takvim](https://cal.example.com/anna?a=1&b=2)
"""
)

THREAD = (
    FILES["sequences/two-mails.yaml"]
    + """  - wait: 3 days
  - id: last
    email: bump
    thread: intro
"""
)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA_PEM = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer({ANNA: "sesame"}, lambda mail: None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sent(make_field: MakeField, mail_server: MailServer, tmp_path: Path) -> tuple[Field, list[Mail]]:
    """Three mails of one thread, as the server got them."""
    root = tmp_path / "workspace"
    (root / "attachments").mkdir(parents=True)
    (root / "attachments/brochure.pdf").write_bytes(b"%PDF-1.7 a brochure")
    (root / "attachments/logo.png").write_bytes(PNG)
    files = {
        "config/senders.yaml": SENDERS.format(url=mail_server.url),
        "config/dkim.pem": RSA_PEM,
        "templates/intro.md": INTRO,
        "sequences/two-mails.yaml": THREAD,
    }
    field = make_field(files)
    field.enroll(field.add_lead("ayşe@örnek.example", first_name="Ayşe", language="tr"))
    field.settle()
    field.go(days=4)
    field.go(days=4)
    return field, mail_server.mails


def key() -> Key:
    return read_key("sender.example", "mail", RSA_PEM)


def records(name: bytes, timeout: int = 5) -> bytes:
    found = {b"mail._domainkey.sender.example.": f"v=DKIM1; k=rsa; p={key().public}".encode()}
    return found.get(name, b"")


def test_a_message_sent_by_us_verifies(sent: tuple[Field, list[Mail]]) -> None:
    _, mails = sent

    assert len(mails) == 3
    for mail in mails:
        raw = mail.content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert dkim.verify(raw, dnsfunc=records)
        assert mail.parsed.defects == []
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")


def test_a_changed_message_does_not_verify(sent: tuple[Field, list[Mail]]) -> None:
    raw = sent[1][0].content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    assert not dkim.verify(raw.replace(b"/u/", b"/v/", 1), dnsfunc=records)
    assert not dkim.verify(raw.replace(b"From: ", b"From: x@other.example\r\nFrom: ", 1), dnsfunc=records)


def test_the_signature_covers_what_rfc_8058_asks_for(sent: tuple[Field, list[Mail]]) -> None:
    signed = re.sub(r"\s", "", sent[1][0].header("DKIM-Signature")).split("h=")[1].split(";")[0].split(":")

    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(signed)
    assert signed.count("from") == 2


def test_headers_outside_ascii_are_read_as_they_were_meant(sent: tuple[Field, list[Mail]]) -> None:
    parsed: EmailMessage = sent[1][0].parsed

    assert parsed["Subject"] == "Ayşe'nin denetimi — Ayşe, bir soru: Ayşe Ayşe uzun konu"
    assert parsed["From"].addresses[0].display_name == "Anna Yılmaz"
    assert sent[1][0].recipient == "ayşe@xn--rnek-4qa.example"


def test_mails_thread_in_the_order_of_references(sent: tuple[Field, list[Mail]]) -> None:
    first, second, third = sent[1]

    assert second.header("In-Reply-To") == f"<{first.message_id}>"
    assert second.header("References").split() == [f"<{first.message_id}>"]
    assert third.header("In-Reply-To") == f"<{second.message_id}>"
    assert third.header("References").split() == [f"<{first.message_id}>", f"<{second.message_id}>"]
    assert second.header("Subject") == third.header("Subject") == f"Re: {first.header('Subject')}"
    assert len({first.message_id, second.message_id, third.message_id}) == 3


def test_files_and_images_arrive_as_they_were(sent: tuple[Field, list[Mail]]) -> None:
    parsed = sent[1][0].parsed

    (brochure,) = parsed.iter_attachments()
    html = parsed.get_body(("html",))
    image = next(part for part in parsed.walk() if part["Content-ID"])
    assert brochure.get_filename() == "brochure.pdf"
    assert brochure.get_content() == b"%PDF-1.7 a brochure"
    assert image["Content-ID"] == "<logo>"
    assert image.get_content() == PNG
    assert html is not None
    assert 'src="cid:logo"' in html.get_content()
    assert "Merhaba Ayşe" in sent[1][0].text


def test_the_reply_address_names_the_touch(sent: tuple[Field, list[Mail]]) -> None:
    field, mails = sent
    touch = field.row(touches, step="intro")

    assert mails[0].header("Reply-To") == f"anna+{touch['id']}@sender.example"


def test_nothing_is_tracked_unless_somebody_wants_it(sent: tuple[Field, list[Mail]]) -> None:
    html = sent[1][0].parsed.get_body(("html",))

    assert html is not None
    assert 'href="https://cal.example.com/anna?a=1&amp;b=2"' in html.get_content()
    assert "/o/" not in html.get_content()


def test_the_one_click_header_works_against_our_own_endpoint(sent: tuple[Field, list[Mail]]) -> None:
    field, mails = sent
    url = mails[1].header("List-Unsubscribe").strip("<>")

    answer = asyncio.run(post(field, url, mails[1].header("List-Unsubscribe-Post")))

    assert answer.status_code == 200
    assert field.row(events, kind="unsubscribed")["reason"] == "link"
    assert {row["state"] for row in field.rows(enrollments)} == {"finished"}


async def post(field: Field, url: str, body: str) -> httpx.Response:
    """What a mailbox provider does when somebody presses its button: no cookie, no login."""
    transport = httpx.ASGITransport(create_app(services_of(field.app)))
    async with httpx.AsyncClient(transport=transport) as provider:
        return await provider.post(url, content=body, headers={"content-type": "application/x-www-form-urlencoded"})


class VerifyKey:
    """The key as dkimpy asks for it of a library that is not here."""

    def __init__(self, written: bytes, encoder: object) -> None:
        self._key = ed25519.Ed25519PublicKey.from_public_bytes(b64decode(written))

    def verify(self, data: bytes, signature: bytes) -> None:
        self._key.verify(signature, data)


def test_a_mail_with_two_signatures_verifies_by_each(monkeypatch: pytest.MonkeyPatch) -> None:
    nacl = SimpleNamespace(
        signing=SimpleNamespace(VerifyKey=VerifyKey),
        encoding=SimpleNamespace(Base64Encoder=None),
        exceptions=SimpleNamespace(BadSignatureError=InvalidSignature, ValueError=ValueError),
    )
    monkeypatch.setattr(dkim, "nacl", nacl, raising=False)
    curve = read_key("sender.example", "ed", pem(ed25519.Ed25519PrivateKey.generate()))
    known = {
        b"ed._domainkey.sender.example.": f"v=DKIM1; k=ed25519; p={curve.public}".encode(),
        b"mail._domainkey.sender.example.": records(b"mail._domainkey.sender.example."),
    }
    message = (
        b"From: anna@sender.example\r\nTo:  ada@lead.example\r\nSubject: a\r\n  b\t c\r\n\r\nHello  \t\r\n\r\n\r\n"
    )

    signed = signer([curve, key()])(message)

    def found(name: bytes, timeout: int = 5) -> bytes:
        return known[name]

    for index in range(2):
        assert dkim.DKIM(signed).verify(idx=index, dnsfunc=found)
    assert signed.endswith(message)
    with_change = dkim.DKIM(signed.replace(b"Hello", b"Hallo"))
    with pytest.raises(dkim.ValidationError):
        with_change.verify(dnsfunc=found)


@pytest.mark.parametrize("body", [b"", b"\r\n", b"a", b"a\r\n\r\n", b" a\t b \r\n", b"\r\n\r\na\r\n", b" \r\n"])
def test_any_body_is_signed_as_the_standard_has_it(body: bytes) -> None:
    signed = signer([key()])(b"From: anna@sender.example\r\nSubject: x\r\n\r\n" + body)

    assert dkim.verify(signed, dnsfunc=records)


def test_keys_that_receivers_would_not_take_are_refused(tmp_path: Path) -> None:
    small = pem(rsa.generate_private_key(public_exponent=65537, key_size=1024))

    for written in (small, "no key", ""):
        with pytest.raises(ValueError, match=r"\."):
            read_key("sender.example", "mail", written)


def test_a_key_file_outside_the_workspace_is_refused(tmp_path: Path) -> None:
    email = EmailSettings(address=ANNA, dkim=(DkimSettings(selector="mail", key_file="../dkim.pem"),))
    (tmp_path / "inside").mkdir()
    (tmp_path / "dkim.pem").write_text(RSA_PEM)

    with pytest.raises(ConfigError, match="not a file of the workspace"):
        keys_of(tmp_path / "inside", "anna", email)
