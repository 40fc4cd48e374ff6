"""What other mail servers ask of a domain, and the sender that waits until it is there."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from outreach.content.configuration import DkimSettings, EmailSettings, MailServerSettings
from outreach.errors import Unavailable
from outreach.mail.dkim import Key, read_key
from outreach.name_servers import NameServers
from outreach.scheduler import Scheduler
from outreach.services.hearing.stop import Target, Width, resume
from outreach.services.watching import dns_guard
from outreach.services.watching.sender_records import Finding, State, check_domain
from outreach.store.tables import pauses
from outreach.testing.field import Field

MakeField = Callable[[Mapping[str, str]], Field]
DOMAIN = "sender.example"
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
KEY: Key = read_key(DOMAIN, "mail", PEM)
GOOD: Mapping[tuple[str, str], tuple[str, ...]] = {
    (DOMAIN, "MX"): ("10 mx.sender.example",),
    (DOMAIN, "TXT"): ("a word", "v=spf1 include:relay.example -all"),
    ("relay.example", "TXT"): ("v=spf1 ip4:192.0.2.0/24 -all",),
    (f"mail._domainkey.{DOMAIN}", "TXT"): (f"v=DKIM1; k=rsa; p={KEY.public}",),
    (f"_dmarc.{DOMAIN}", "TXT"): ("v=DMARC1; p=none",),
    ("smtp.relay.example", "A"): ("192.0.2.1",),
    ("192.0.2.1", "PTR"): ("smtp.relay.example",),
}


class Table:
    """A resolver that knows what stands in it."""

    def __init__(self, **changed: tuple[str, ...]) -> None:
        self.records = dict(GOOD)
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False

    def look_up(self, name: str, kind: str) -> tuple[str, ...]:
        self.asked.append((name, kind))
        if self.is_silent:
            raise Unavailable("dns", f"no answer about {name}")
        return self.records.get((name, kind), ())


def email(**more: object) -> EmailSettings:
    smtp = MailServerSettings(url="smtps://smtp.relay.example:465")
    return EmailSettings(address=f"anna@{DOMAIN}", smtp=smtp, **more)  # type: ignore[arg-type]


def found(table: Table, settings: EmailSettings | None = None, keys: tuple[Key, ...] = (KEY,)) -> dict[str, Finding]:
    return {finding.check: finding for finding in check_domain(table, settings or email(), keys)}


def test_a_domain_with_everything_is_fine() -> None:
    assert {finding.state for finding in found(Table()).values()} == {State.OK}


@pytest.mark.parametrize(
    ("name", "kind", "records", "check", "said"),
    [
        (DOMAIN, "MX", (), "dns.mx", "no MX"),
        (DOMAIN, "MX", ("0 ",), "dns.mx", "takes no mail"),
        (DOMAIN, "TXT", ("a word",), "dns.spf", "no SPF"),
        (DOMAIN, "TXT", ("v=spf1 -all", "v=spf1 a -all"), "dns.spf", "2 SPF"),
        (DOMAIN, "TXT", ("v=spf1 +all",), "dns.spf", "everybody"),
        (DOMAIN, "TXT", ("v=spf1 all",), "dns.spf", "everybody"),
        (DOMAIN, "TXT", ("v=spf1 " + "a:x.example " * 11 + "-all",), "dns.spf", "more than 10"),
        (f"mail._domainkey.{DOMAIN}", "TXT", (), "dns.dkim", "no key"),
        (f"mail._domainkey.{DOMAIN}", "TXT", ("v=DKIM1; p=",), "dns.dkim", "withdrawn"),
        (f"mail._domainkey.{DOMAIN}", "TXT", ("v=DKIM1; p=QUJD",), "dns.dkim", "another key"),
        (f"_dmarc.{DOMAIN}", "TXT", (), "dns.dmarc", "no DMARC"),
        (f"_dmarc.{DOMAIN}", "TXT", ("v=DMARC1; p=none", "v=DMARC1; p=reject"), "dns.dmarc", "2 DMARC"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    name: str, kind: str, records: tuple[str, ...], check: str, said: str
) -> None:
    table = Table()
    table.records[name, kind] = records

    finding = found(table)[check]

    assert finding.state is State.FAILED
    assert said in finding.said
    assert finding.remedy


def test_included_records_count_against_the_ten() -> None:
    table = Table()
    table.records["relay.example", "TXT"] = ("v=spf1 " + "include:relay.example " * 3 + "-all",)

    assert found(table)["dns.spf"].state is State.FAILED


def test_the_policy_of_the_organisation_holds_below_it() -> None:
    table = Table()
    table.records["mail.sender.example", "MX"] = ("10 mx.sender.example",)
    settings = EmailSettings(address="anna@mail.sender.example")

    assert found(table, settings)["dns.dmarc"].state is State.OK


def test_a_return_path_elsewhere_without_a_signature_of_ours_does_not_pass_dmarc() -> None:
    findings = found(Table(), email(return_path="bounces@other.example"), keys=())

    assert findings["dns.alignment"].state is State.FAILED


def test_a_relay_that_signs_is_looked_up_by_its_selectors() -> None:
    table = Table()
    table.records[f"google._domainkey.{DOMAIN}", "TXT"] = ("v=DKIM1; p=QUJD",)

    findings = found(table, email(dkim_selectors=("google",)), keys=())

    assert findings["dns.dkim"].state is State.OK
    assert findings["dns.alignment"].state is State.OK


@pytest.mark.parametrize("names", [(), ("other.example",)])
def test_a_server_whose_address_has_no_name_of_its_own_is_a_warning(names: tuple[str, ...]) -> None:
    table = Table()
    table.records["192.0.2.1", "PTR"] = names

    assert found(table)["dns.reverse"].state is State.WARNING


def test_a_providers_api_has_a_return_path_of_its_own() -> None:
    table = Table()
    table.records[DOMAIN, "TXT"] = ()
    by_api = EmailSettings(address=f"anna@{DOMAIN}", use="postmark", dkim_selectors=("mail",))

    assert found(table, by_api, keys=())["dns.spf"].state is State.WARNING


def test_silence_is_unknown_and_not_missing() -> None:
    table = Table()
    table.is_silent = True

    states = {finding.state for finding in found(table).values()}

    assert State.FAILED not in states
    assert State.UNKNOWN in states


def test_a_provider_that_is_not_named_by_spf_is_a_warning() -> None:
    settings = EmailSettings(address=f"anna@{DOMAIN}", smtp=MailServerSettings(url="smtps://smtp.gmail.com:465"))

    assert found(Table(), settings)["dns.spf"].state is State.WARNING


class Answering(socketserver.BaseRequestHandler):
    """A name server on loopback with three records. It says nothing about what is called silent."""

    def handle(self) -> None:
        question = dns.message.from_wire(self.request[0])
        answer = dns.message.make_response(question)
        asked = question.question[0]
        if str(asked.name).startswith("silent"):
            return
        line = {"MX": "10 mx.sender.example.", "TXT": '"v=spf1 " "-all"', "PTR": "mx.sender.example."}
        kind = dns.rdatatype.to_text(asked.rdtype)
        if str(asked.name) in ("sender.example.", "1.2.0.192.in-addr.arpa."):
            answer.answer.append(dns.rrset.from_text(asked.name, 60, "IN", kind, line[kind]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.request[1].sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def name_server() -> Iterator[NameServers]:
    with socketserver.UDPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield NameServers(seconds=0.3, servers=("127.0.0.1",), port=server.server_address[1])
        server.shutdown()
        thread.join()


def test_a_name_server_is_asked_as_records_are_written(name_server: NameServers) -> None:
    assert name_server.look_up("sender.example", "TXT") == ("v=spf1 -all",)
    assert name_server.look_up("sender.example", "MX") == ("10 mx.sender.example",)
    assert name_server.look_up("192.0.2.1", "PTR") == ("mx.sender.example",)


def test_a_name_that_is_not_there_has_no_record_and_an_odd_one_neither(name_server: NameServers) -> None:
    for name in ("nobody.example", "a..example", "x" * 64 + ".example"):
        assert name_server.look_up(name, "TXT") == ()


def test_a_name_server_that_says_nothing_is_unavailable(name_server: NameServers) -> None:
    with pytest.raises(Unavailable):
        name_server.look_up("silent.example", "TXT")


SENDERS = """
anna:
  name: Anna Example
  timezone: Europe/Istanbul
  email:
    address: anna@sender.example
    smtp: {url: "smtps://smtp.relay.example:465", username: anna, password: sesame}
"""
OUTREACH = """
public_url: http://127.0.0.1:8080
secret_key: a-secret-for-tests
organisation: {{name: Example Ltd, postal_address: "1 Example St, Istanbul"}}
defaults: {{dns_check: {policy}}}
"""


def guarded(make_field: MakeField, policy: str = "pause") -> tuple[Field, Table]:
    field = make_field(
        {"config/senders.yaml": SENDERS, "config/outreach.yaml": OUTREACH.format(policy=policy), "config/crm.yaml": ""}
    )
    table = Table()
    field.app.resolver = table
    return field, table


def test_a_sender_without_records_is_paused_before_its_first_mail(make_field: MakeField) -> None:
    field, table = guarded(make_field)
    table.records[DOMAIN, "TXT"] = ()
    field.enroll(field.add_lead("ada@lead.example"))

    scheduler = Scheduler(field.app)
    scheduler._guarded_tick()

    (pause,) = field.rows(pauses)
    assert (pause["scope"], pause["value"]) == ("sender", "anna")
    assert "no SPF record" in pause["reason"]
    assert field.counts() == {"planned": 1}


def test_a_sender_with_records_is_looked_at_once_a_day(make_field: MakeField) -> None:
    field, table = guarded(make_field)

    assert field.app.guard_senders() == []
    asked = len(table.asked)
    field.app.guard_senders()

    assert asked
    assert len(table.asked) == asked


def test_records_that_go_missing_pause_the_sender(make_field: MakeField) -> None:
    field, table = guarded(make_field)
    field.app.guard_senders()
    table.records[f"_dmarc.{DOMAIN}", "TXT"] = ()
    field.clock.advance(dns_guard.EVERY)

    assert field.app.guard_senders() == ["anna"]


def test_who_resumes_the_sender_all_the_same_is_believed(make_field: MakeField) -> None:
    field, table = guarded(make_field)
    table.records[DOMAIN, "MX"] = ()
    field.app.guard_senders()
    resume(field.engine, Target(width=Width.SENDER, value="anna"), by="test")
    field.clock.advance(dns_guard.EVERY)

    assert field.app.guard_senders() == []


def test_silent_name_servers_stop_nobody_and_are_asked_once(make_field: MakeField) -> None:
    field, table = guarded(make_field)
    table.is_silent = True

    assert field.app.guard_senders() == []
    assert field.app.guard_senders() == []
    assert len(table.asked) == 1


@pytest.mark.parametrize("policy", ["warn", "off"])
def test_the_workspace_may_want_a_warning_or_nothing(make_field: MakeField, policy: str) -> None:
    field, table = guarded(make_field, policy)
    table.records[DOMAIN, "MX"] = ()

    assert field.app.guard_senders() == []
    assert bool(table.asked) is (policy == "warn")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (EmailSettings(address="a@x.example", use="memory"), False),
        (EmailSettings(address="a@x.example", smtp=MailServerSettings(url="smtp://127.0.0.1:25")), False),
        (EmailSettings(address="a@x.example", use="postmark", options={"base_url": "http://127.0.0.1:1"}), False),
        (EmailSettings(address="a@x.example", use="postmark"), True),
        (EmailSettings(address="a@x.example", smtp=MailServerSettings(url="smtps://smtp.x.example")), True),
    ],
)
def test_mail_that_stays_on_this_machine_needs_no_records(settings: EmailSettings, expected: bool) -> None:
    assert dns_guard.sends_outside(settings) is expected


def test_a_key_that_cannot_be_read_is_a_finding(make_field: MakeField) -> None:
    field, table = guarded(make_field)
    broken = email(dkim=(DkimSettings(selector="mail", key_file="nothing.pem"),))

    (finding,) = dns_guard.findings_of(field.app.settings, "anna", broken, table)

    assert finding.state is State.FAILED
    assert "nothing.pem" in finding.said
