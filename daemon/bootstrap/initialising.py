"""Build what `keepcool init` needs: the real roads, the settings' own checks, the test push."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from pydantic_core import PydanticCustomError

from config import credentials, fields
from config.addresses import is_private, read_address
from config.credentials import UnfitFileError
from config.emergency import emergency_number
from config.errors import SettingsError, refuse
from config.home import MappingSettings, build_home, build_people
from config.settings import PLAIN_PORT, TLS_PORT, Settings, load_settings
from daemon.bootstrap.checking import check
from daemon.bootstrap.payloads import build_parser
from daemon.bootstrap.roads import build_home_assistant
from daemon.check import CheckReport
from daemon.clock import SystemClock
from daemon.init import listen
from daemon.init.ask import Check
from daemon.init.connect import Connected
from daemon.init.household import Household, read_household
from daemon.init.interview import Knowledge
from daemon.init.plan import BrokerPlan, HomeAssistantPlan
from daemon.init.sensors import Broker, is_entity
from daemon.ports import MqttLink, Post
from integrations.errors import PermanentError
from integrations.ha_events_registries import fetch_registries
from integrations.messages import PhoneMessage
from integrations.mobile_app import MobileApp
from integrations.mqtt import MqttClient, MqttOptions, Subscription
from integrations.mqtt_payloads import parse_message
from policies.alert import Message, Severity
from policies.model import SensorMessage
from policies.wording import render

HOME_ASSISTANT_PORT = 8123
LARGEST_ANNOUNCEMENT_BYTES = 8 * 1024 * 1024  # a list of 300 Zigbee devices is about 2 MB
_FAHRENHEIT = build_parser(MappingSettings(unit="F"))


class RealRoads:
    """Reach the broker and Home Assistant (`daemon.init.connect.Roads`)."""

    def new_broker(self) -> Broker:
        """Return an empty collection of what is heard."""
        return Broker(parse)

    def read_retained(self, plan: BrokerPlan, broker: Broker) -> None:
        """Read what others announce. Raises: IntegrationError."""
        listen.read_retained(_link_builder(plan), broker)

    def listen(
        self, plan: BrokerPlan, broker: Broker, seconds: float, show_progress: listen.Progress
    ) -> None:
        """Hear every sensor for so long. Raises: IntegrationError."""
        listen.listen(_link_builder(plan), broker, seconds, show_progress)

    def fetch_household(self, plan: HomeAssistantPlan) -> Household:
        """Ask Home Assistant for everything that it knows. Raises: IntegrationError."""
        return read_household(fetch_registries(plan.url, plan.token))


def parse(topic: str, payload: bytes, unit: str | None) -> SensorMessage:
    """Read a sensor's message; `unit` is "F" for numbers that do not tell theirs."""
    return _FAHRENHEIT(topic, payload) if unit == "F" else parse_message(topic, payload)


def _link_builder(plan: BrokerPlan) -> listen.BuildLink:
    options = MqttOptions(
        host=plan.host,
        port=plan.port or (TLS_PORT if plan.tls else PLAIN_PORT),
        client_id=f"keepcool-init-{os.getpid()}",
        version=plan.version,
        username=plan.username,
        password=plan.password,
        uses_tls=plan.tls,
        ca_file=plan.ca_file,
        maximum_payload_bytes=LARGEST_ANNOUNCEMENT_BYTES,
    )

    def build(topics: Sequence[str], post: Post) -> MqttLink:
        wanted = [Subscription(topic, qos=0) for topic in topics]
        return MqttClient(options, wanted, post, SystemClock().boot_s)

    return build


class RealFinish:
    """Load, check and push for real (`daemon.init.setup.Finish`)."""

    def __init__(self) -> None:
        """Take what was heard while the settings were made, because no daemon has run yet."""
        self.heard: set[str] = set()

    def note(self, found: Connected) -> None:
        """Remember what was heard."""
        heard = found.broker.heard if found.broker else {}
        entities = found.household.entities if found.household else ()
        self.heard = {*heard, *(key.partition(" ")[0] for key in heard)}
        self.heard |= {entity.entity_id for entity in entities if entity.is_known}

    def refusals(self, text: str) -> tuple[str, ...]:
        """Return what the real loader refuses in a text of settings."""
        with tempfile.TemporaryDirectory(prefix="keepcool-") as folder:
            path = Path(folder) / "keepcool.toml"
            path.write_text(text, encoding="utf-8")
            try:
                _load(path, environ={})
            except SettingsError as error:
                return tuple(str(problem).removeprefix(f"{folder}/") for problem in error.problems)
        return ()

    def check(self, config: Path) -> CheckReport:
        """Check the settings and every road; sensors by what was heard just now."""
        return check(config, is_online=True, heard=self.heard)

    def push(self, config: Path, person_id: str) -> None:
        """Send a test message to a person's phones. Raises: IntegrationError."""
        settings = _load(config, environ=os.environ)
        home_assistant = build_home_assistant(settings)
        if home_assistant is None:
            raise PermanentError("there is no Home Assistant, or its token cannot be read")
        person = next(each for each in build_people(settings) if each.person_id == person_id)
        words = render(Message("test_setup"), person, build_home(settings))
        try:
            for phone in person.phones:
                MobileApp(home_assistant.call_service).send(
                    PhoneMessage(
                        service=phone.service,
                        kind=phone.kind,
                        tag="test:setup",
                        title=words.title,
                        body=words.body,
                        severity=Severity.WARNING,
                    )
                )
        finally:
            home_assistant.close()


def _load(path: Path, environ: Mapping[str, str]) -> Settings:
    return load_settings(path, environ=environ, credentials_directory=None, require_secrets=False)


def build_knowledge() -> Knowledge:
    """Return what the interview must know of the settings' rules."""
    checks: dict[str, Check] = {
        "name": _by(fields.check_name),
        "clock": _by(_check_clock),
        "time_zone": _by(fields.check_time_zone),
        "country": _by(fields.check_country),
        "emergency": _by(fields.check_emergency_number),
        "latitude": _by(partial(_check_degrees, 90)),
        "longitude": _by(partial(_check_degrees, 180)),
        "broker": _by(_check_broker),
        "url": _by(_check_url),
        "token": _by(_check_token),
        "sensor": _by(_check_sensor),
        "second_road": _by(_check_second_road),
    }
    return Knowledge(checks, emergency_number, _own_time_zone())


def _by(check_value: Callable[[object], object]) -> Check:
    """Return one of the settings' checks with its reason in words."""

    def checked(answer: str) -> str:
        try:
            return str(check_value(answer))
        except PydanticCustomError as error:
            told = error.context or {}
            allowed = f"allowed: {told['allowed']}" if told.get("allowed") else ""
            nearest = f"did you mean {told['nearest']}?" if told.get("nearest") else ""
            parts = (told.get("what"), allowed, nearest, told.get("fix"))
            raise ValueError("; ".join(str(part) for part in parts if part)) from None

    return checked


def _check_degrees(limit: float, value: object) -> object:
    text = str(value).strip().replace(",", ".")
    return round(fields.Between(-limit, limit, "°").check(text, is_whole=False), 2)


def _check_clock(value: object) -> str:
    """Return a time of day as the settings write it; people type 7, 7:30 or 7.30, too."""
    text = str(value).strip()
    if typed := re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?", text):
        text = f"{typed[1]:0>2}:{typed[2] or '00'}"
    return f"{fields.check_clock_time(text):%H:%M}"


def _check_broker(value: object) -> str:
    """Return host and port, separated by a blank, or none."""
    text = str(value).strip()
    if text.lower() == "none":
        return "none"
    host, separator, port = text.partition(":") if text.count(":") == 1 else (text, "", "")
    if separator and not (port.isdecimal() and 0 < int(port) < 65536):  # noqa: PLR2004 - a port
        raise refuse("holds a port that is none", allowed="1 to 65535")
    host = fields.check_host(host)
    if not is_private(host) and port != str(TLS_PORT):
        raise refuse(
            "is a public address, and without TLS everyone on the way can read along",
            fix=f"write {host}:{TLS_PORT} if the broker offers TLS",
        )
    return f"{host} {port}".strip()


def _check_url(value: object) -> str:
    text = str(value).strip()
    if text.lower() == "none":
        return "none"
    if "://" not in text:
        text = f"http://{text}" if ":" in text else f"http://{text}:{HOME_ASSISTANT_PORT}"
    url = fields.check_home_assistant_url(text)
    address = read_address(url)
    if address and not address.is_encrypted and not is_private(address.host):
        raise refuse("is a public address, and the token would be readable", fix="write https://")
    return url


def _check_token(value: object) -> str:
    text = str(value).strip()
    if (reason := credentials.weakness(text)) is not None or not text.isascii():
        raise refuse(reason or "holds letters that no token has", fix="paste the whole token")
    return text


def _check_sensor(value: object) -> str:
    text = str(value).strip()
    return fields.check_sensor_entity(text) if is_entity(text) else fields.check_topic(text)


def _check_second_road(value: object) -> str:
    """Return an address that apprise knows, or an empty text for none; it is never shown."""
    text = str(value).strip()
    if not text or text.lower() == "none":
        return ""
    from integrations.apprise_push import find_destination  # noqa: PLC0415 - 14 MB, for this alone

    try:
        find_destination(text)
    except PermanentError as error:
        raise refuse(
            str(error), fix="for example ntfys://ntfy.sh/a-name-that-nobody-guesses"
        ) from None
    return text


def read_secret_file(path: Path) -> str:
    """Return the secret in a file. Raises: ValueError with the reason."""
    try:
        return credentials.read_real_secret(path)
    except UnfitFileError as error:
        raise ValueError(f"{error}; {error.fix}") from None


def _own_time_zone() -> str:
    """Return this machine's time zone; empty when it does not tell."""
    try:
        target = Path("/etc/localtime").resolve()
    except OSError:
        return ""
    _, found, name = str(target).partition("/zoneinfo/")
    return name if found and name not in ("Etc/UTC", "UTC") else ""
