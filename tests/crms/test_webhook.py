"""The signed webhook: what is sent and how it is proved, what each answer means, and where it may not lead."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.crm import Deal, Field, Operation
from outreach.crms.webhook import TYPES, Options, Webhook, signature
from outreach.errors import AdapterError, Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.webhook_server import SECRET, FakeReceiver
from outreach.testing.crm import AYSE, REPLY, run

URL = "https://hooks.example.com/crm/outreach?k=path-secret"
OTHER = "whsec_" + base64.b64encode(b"another sample key of 32 bytes!!").decode()


class WebhookWorld:
    def __init__(self, *addresses: str, **options: Any) -> None:
        self.fake = FakeReceiver()
        self.clock = MovableClock(self.fake.now)
        self.looked_up: list[tuple[str, int]] = []
        self.addresses = list(addresses or ("93.184.216.34",))
        given = {"url": URL, "secrets": (SECRET,)} | options
        http = httpx.AsyncClient(transport=self.fake.transport())
        self.crm = Webhook(Options(**given), http, self.clock, resolve=self._resolve)

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append((host, port))
        return self.addresses


@pytest.fixture
def world() -> WebhookWorld:
    return WebhookWorld()


class TestNews:
    def test_a_reply_is_told_with_what_is_known_of_it(self, world: WebhookWorld) -> None:
        run(world.crm.log("ayse@example.com", REPLY, look_first=False))

        [news] = world.fake.news.values()
        assert news == {
            "type": "lead.responded",
            "timestamp": "2026-03-02T10:00:00.000Z",
            "data": {
                "version": 1,
                "lead": {"id": "ayse@example.com"},
                "reply": {
                    "id": "evt-1",
                    "channel": "email",
                    "direction": "in",
                    "received_at": "2026-03-02T10:00:00.000Z",
                    "subject": "Re: A question",
                    "text": "Sounds good, <call> me & my colleague",
                    "from": "ayse@example.com",
                    "to": "anna@example.org",
                },
            },
        }

    def test_a_person_is_known_by_the_address(self, world: WebhookWorld) -> None:
        fields = (Field(name="jobtitle", value="CTO"), Field(name="phone", value=""))

        made = run(world.crm.upsert_person(replace(AYSE, email="Ayse@Example.com", fields=fields), person_id=None))

        assert [made] == list(run(world.crm.find_person("ayse@example.com")))
        assert world.fake.told("lead.updated")[0]["lead"] == {
            "id": "ayse@example.com",
            "key": "lead-1",
            "email": "Ayse@Example.com",
            "first_name": "Ayşe",
            "last_name": "Kaya",
            "company": "Example GmbH",
            "fields": {"jobtitle": "CTO"},
        }

    def test_every_operation_has_a_type_of_its_own(self, world: WebhookWorld) -> None:
        async def all_of_them() -> None:
            crm, lead = world.crm, "ayse@example.com"
            await crm.upsert_person(AYSE, person_id=lead)
            await crm.log(lead, REPLY, look_first=False)
            await crm.log(lead, replace(REPLY, kind="note", key="evt-2"), look_first=True)
            await crm.set_status(lead, "responded")
            assert await crm.set_stage(lead, "meeting")
            await crm.ensure_deal(lead, Deal(name="Example", pipeline="default", stage="meeting", value="1200"))
            await crm.assign_owner(lead, "anna@example.com")
            await crm.add_tags(lead, ("warm",))
            await crm.set_do_not_contact(lead, lead)
            await crm.forget(lead)
            await crm.forget(lead)

        run(all_of_them())

        assert [each["type"] for each in world.fake.news.values()] == [
            *("lead.updated", "lead.responded", "lead.noted", "lead.status_changed", "lead.stage_changed"),
            *("deal.opened", "lead.owner_changed", "lead.tagged", "lead.unsubscribed", "lead.erased"),
        ]
        assert {each["type"] for each in world.fake.news.values()} == set(TYPES.values())

    def test_the_same_reply_has_the_same_id_at_every_attempt_and_a_fresh_time(self, world: WebhookWorld) -> None:
        world.fake.after = lambda request: httpx.ReadTimeout("silent")
        with pytest.raises(OutcomeUnknown):
            run(world.crm.log("ayse@example.com", REPLY, look_first=False))
        world.fake.after = lambda request: None
        world.clock.advance(timedelta(minutes=2))

        run(world.crm.log("ayse@example.com", REPLY, look_first=True))

        first, second = world.fake.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 120
        assert first.content == second.content
        assert len(world.fake.news) == 1

    def test_a_state_that_comes_back_is_news_again(self, world: WebhookWorld) -> None:
        for status in ("responded", "interested", "responded"):
            run(world.crm.set_status("ayse@example.com", status))

        assert [data["lead"]["status"] for data in world.fake.told("lead.status_changed")] == [
            "responded",
            "interested",
            "responded",
        ]

    @pytest.mark.parametrize("text", ["x" * 50_000, "ş" * 50_000])
    def test_a_long_text_is_cut_and_said_to_be(self, text: str) -> None:
        world = WebhookWorld(longest_text=40_000)

        run(world.crm.log("ayse@example.com", replace(REPLY, text=text), look_first=False))

        assert len(world.fake.requests[0].content) <= 20_000
        [data] = world.fake.told("lead.responded")
        assert data["reply"]["is_cut"]
        assert text.startswith(data["reply"]["text"])

    def test_only_the_types_that_are_wanted_are_sent(self) -> None:
        world = WebhookWorld(types=("lead.responded", "lead.unsubscribed"))

        made = run(world.crm.upsert_person(AYSE, person_id=None))
        run(world.crm.log(made.person_id, REPLY, look_first=False))

        assert [each["type"] for each in world.fake.news.values()] == ["lead.responded"]
        assert world.crm.can == {
            *(Operation.PERSON, Operation.LOG, Operation.LOG_REPLY, Operation.DO_NOT_CONTACT),
        }
        with pytest.raises(Refused, match="among `types`") as refusal:
            run(world.crm.set_status(made.person_id, "responded"))
        assert refusal.value.outcome is Outcome.CONFIG

    def test_a_check_pings_the_address(self, world: WebhookWorld) -> None:
        account = run(world.crm.check())

        assert account.name == "webhook at hooks.example.com"
        assert [each["type"] for each in world.fake.news.values()] == ["test.ping"]


class TestProof:
    def test_the_signature_is_the_one_of_the_standard(self) -> None:
        """The vector of the project, computed apart."""
        body = b'{"type":"lead.responded","timestamp":"2026-11-18T12:26:40Z","data":{"lead_id":"L1"}}'

        made = signature(bytes(range(24)), "msg_crm_0001", "1795000000", body)

        assert made == "v1,mm3m4sMy1qEMhqxFLVHeYL41cXYcFGN9uXVczNQNPFE="

    @pytest.mark.parametrize("secret", [SECRET, OTHER])
    def test_both_keys_are_good_while_they_are_exchanged(self, secret: str) -> None:
        world = WebhookWorld(secrets=(SECRET, OTHER))
        world.fake.secret = secret

        run(world.crm.check())

        assert len(world.fake.news) == 1

    def test_further_headers_are_sent_and_never_ours(self) -> None:
        world = WebhookWorld(headers={"Authorization": "Bearer further-secret"})

        run(world.crm.check())

        [request] = world.fake.requests
        assert request.headers["authorization"] == "Bearer further-secret"
        assert request.headers["user-agent"].startswith("outreach-webhook/")


class TestAnswers:
    @pytest.mark.parametrize(
        ("answer", "kind", "outcome"),
        [
            (httpx.Response(410), Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (httpx.Response(404), Unauthorized, Outcome.CONFIG),
            (httpx.Response(301, headers={"location": "https://elsewhere.example"}), Unauthorized, Outcome.CONFIG),
            (httpx.Response(307, headers={"location": "https://elsewhere.example"}), Unauthorized, Outcome.CONFIG),
            (httpx.Response(401), Unauthorized, Outcome.ACCOUNT_BLOCKED),
            (httpx.Response(400, json={"message": "no"}), Refused, Outcome.VALIDATION),
            (httpx.Response(409), Refused, Outcome.VALIDATION),
            (httpx.Response(422), Refused, Outcome.VALIDATION),
            (httpx.Response(429), RateLimited, Outcome.THROTTLED),
            (httpx.Response(503, headers={"retry-after": "7"}), RateLimited, Outcome.THROTTLED),
            (httpx.Response(408), Unavailable, Outcome.DEFERRED),
            (httpx.Response(503), Unavailable, Outcome.DEFERRED),
            (httpx.Response(500), OutcomeUnknown, Outcome.UNKNOWN),
            (httpx.Response(504), OutcomeUnknown, Outcome.UNKNOWN),
            (httpx.ConnectError("refused"), Unavailable, Outcome.DEFERRED),
            (httpx.ReadTimeout("silent"), OutcomeUnknown, Outcome.UNKNOWN),
        ],
    )
    def test_every_answer_has_one_meaning_and_none_is_about_the_person(
        self, world: WebhookWorld, answer: httpx.Response | Exception, kind: type[AdapterError], outcome: Outcome
    ) -> None:
        world.fake.before = lambda request: answer

        with pytest.raises(AdapterError) as error:
            run(world.crm.log("ayse@example.com", REPLY, look_first=False))

        assert (type(error.value), error.value.outcome) == (kind, outcome)
        assert len(world.fake.requests) == 1
        for secret in (SECRET, "path-secret"):
            assert secret not in str(error.value)

    def test_any_success_is_one_whatever_its_body(self, world: WebhookWorld) -> None:
        world.fake.before = lambda request: httpx.Response(202, text="<html>thanks</html>")

        assert run(world.crm.log("ayse@example.com", REPLY, look_first=False)).startswith("msg_")

    def test_nothing_secret_is_in_a_repr(self, world: WebhookWorld) -> None:
        shown = repr(world.crm) + repr(Options(url=URL, secrets=(SECRET,), headers={"x-key": "further-secret"}))

        assert not [each for each in (SECRET, "path-secret", "further-secret") if each in shown]


class TestWhereItLeads:
    def test_the_connection_goes_to_the_address_that_was_checked(self, world: WebhookWorld) -> None:
        run(world.crm.check())

        [request] = world.fake.requests
        assert world.looked_up == [("hooks.example.com", 443)]
        assert str(request.url) == "https://93.184.216.34/crm/outreach?k=path-secret"
        assert request.headers["host"] == "hooks.example.com"
        assert request.extensions["sni_hostname"] == "hooks.example.com"

    @pytest.mark.parametrize(
        "address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
    )
    def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(self, address: str) -> None:
        world = WebhookWorld("93.184.216.34", address)

        with pytest.raises(Unauthorized, match="not a public address") as refusal:
            run(world.crm.check())

        assert refusal.value.outcome is Outcome.CONFIG
        assert world.fake.requests == []

    def test_a_network_may_be_allowed(self) -> None:
        world = WebhookWorld("10.1.2.3", allow=("10.1.0.0/16",))

        run(world.crm.check())

        assert len(world.fake.news) == 1

    def test_a_name_that_nobody_knows_is_waited_for(self, world: WebhookWorld) -> None:
        world.addresses = []

        with pytest.raises(Unavailable, match="looked up"):
            run(world.crm.check())

    def test_over_real_http_on_an_allowed_address(self) -> None:
        fake = FakeReceiver()
        host = HttpHost(fake.served(), name="webhook")
        host.start()

        async def ping() -> None:
            options = Options(url=f"{host.url}/hook", secrets=(SECRET,), allow=("127.0.0.1",))
            async with httpx.AsyncClient() as http:
                await Webhook(options, http, MovableClock(fake.now)).check()

        asyncio.run(ping())
        host.stop()

        assert len(fake.news) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.com"},
        {"url": "https://user:word@example.com"},
        {"secrets": ()},
        {"secrets": SECRET},
        {"headers": ("X-Team",)},
        {"secrets": ("whsec_c2hvcnQ=",)},
        {"secrets": ("whsec_%%%",)},
        {"secrets": (SECRET, SECRET, OTHER)},
        {"types": ("lead.replied",)},
        {"headers": {"Webhook-Id": "x"}},
        {"allow": ("10.0.0.0/99",)},
    ],
)
def test_a_setting_that_cannot_be_is_refused_when_it_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"Write|Take|IPv4"):
        Options(**{"url": URL, "secrets": (SECRET,)} | wrong)
