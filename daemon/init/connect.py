"""Come to the broker and to Home Assistant with a person's help, and hear what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from daemon.init.ask import Check, Terminal, ask_checked, choose
from daemon.init.household import Household
from daemon.init.listen import Progress
from daemon.init.plan import BrokerPlan, HomeAssistantPlan
from daemon.init.sensors import Broker
from integrations.errors import NOT_AUTHORISED, IntegrationError, PermanentError

RETRY, WITHOUT, STOP = 0, 1, 2
TLS_PORT = 8883
USUAL_URL = "http://homeassistant.local:8123"
USUAL_USER = "keepcool"
_WHERE_IT_IS = (
    "  The token: in Home Assistant, your profile > Security > Long-lived access tokens, as an "
    "administrator. It is not shown while you paste it."
)
_PASTE_AGAIN = "  Paste the whole token. If you no longer have it, make a new one there."
_NO_LOGIN = (
    "  It asks for a user name and a password: those that Zigbee2MQTT or Tasmota use do. For the "
    "broker of Home Assistant OS (add-on Mosquitto) any user of Home Assistant does."
)
_WRONG_LOGIN = "  User name and password do not fit together, or the broker does not know them."


class GivenUpError(Exception):
    """Report that somebody wants to stop; nothing was written."""


class Roads(Protocol):
    """Reach the broker and Home Assistant; every method raises `IntegrationError`."""

    def new_broker(self) -> Broker:
        """Return an empty collection of what is heard."""
        ...

    def read_retained(self, plan: BrokerPlan, broker: Broker) -> None:
        """Read what others announce."""
        ...

    def listen(
        self, plan: BrokerPlan, broker: Broker, seconds: float, show_progress: Progress
    ) -> None:
        """Hear every sensor for so long."""
        ...

    def fetch_household(self, plan: HomeAssistantPlan) -> Household:
        """Ask Home Assistant for everything that it knows."""
        ...


@dataclass(frozen=True, slots=True)
class Hints:
    """Hold what options and this machine tell already; `password` is that of a file."""

    broker: BrokerPlan | None = None
    password: str | None = field(default=None, repr=False)
    home_assistant_url: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """Hold the roads that work, and what was found on them; `None` is a road not taken."""

    broker_plan: BrokerPlan | None = None
    broker: Broker | None = None
    home_assistant_plan: HomeAssistantPlan | None = None
    household: Household | None = None


class Connecting:
    """Ask for both roads, one after the other; what works is kept when the next one does not."""

    def __init__(
        self, terminal: Terminal, checks: Mapping[str, Check], roads: Roads, hints: Hints
    ) -> None:
        self._terminal = terminal
        self._checks = checks
        self._roads = roads
        self._hints = hints

    def run(self, listen_s: float) -> Connected:
        """Return what works. Raises: GivenUpError."""
        broker_plan, broker = self._broker()
        home_assistant_plan, household = self._home_assistant()
        if broker_plan is not None and broker is not None:
            self._listen(broker_plan, broker, listen_s)
        return Connected(broker_plan, broker, home_assistant_plan, household)

    # ---------------------------------------------------------------- the broker

    def _broker(self) -> tuple[BrokerPlan | None, Broker | None]:
        say = self._terminal.say
        say("Step 1 of 4: the MQTT broker, to which Zigbee2MQTT, Tasmota, ESPHome or Shelly speak.")
        say('  Without MQTT, type "none": sensors then come from Home Assistant alone.')
        known = self._hints.broker
        while True:
            plan = self._ask_broker(known)
            if plan is None:
                return None, None
            broker = self._roads.new_broker()
            say(f"  Reading what is announced at {plan.address} ...")
            try:
                self._roads.read_retained(plan, broker)
            except IntegrationError as error:
                for line in _broker_trouble(error, plan):
                    say(line)
                if self._decide("the broker") == WITHOUT:
                    return None, None
                known = plan
                continue
            say(f"  Connected. {len(broker.sensors())} temperature sensors are announced there.")
            return plan, broker

    def _ask_broker(self, known: BrokerPlan | None) -> BrokerPlan | None:
        terminal, checks = self._terminal, self._checks
        default = known.host if known else "localhost"
        if known and known.port:
            default += f":{known.port}"
        address = ask_checked(terminal, "Broker, as host or host:port", checks["broker"], default)
        if address == "none":
            return None
        host, _, port_text = address.partition(" ")
        port = int(port_text) if port_text else None
        base = replace(
            known or BrokerPlan(), host=host, port=port, tls=port == TLS_PORT, username=None
        )
        user = (known.username if known else None) or (USUAL_USER if self._hints.password else "")
        user = terminal.ask("Its user name (none if it asks for none)", user or "none")
        if user.lower() == "none":
            return replace(base, password=None)
        return replace(base, username=user, password=self._password(known))

    def _password(self, known: BrokerPlan | None) -> str:
        kept = self._hints.password
        held = (known.password if known else None) or kept  # of the attempt before, if it failed
        question = "Its password (not shown while you type)"
        if held:
            place = "in the file" if held == kept else "typed before"
            question = f"Its password (Enter: the one {place})"
        while True:
            answer = self._terminal.ask(question, is_hidden=True) or held
            if answer:
                return answer
            self._terminal.say("  A user has a password; type it, or Ctrl-C to stop.")

    # ---------------------------------------------------------------- Home Assistant

    def _home_assistant(self) -> tuple[HomeAssistantPlan | None, Household | None]:
        say = self._terminal.say
        say()
        say("Step 2 of 4: Home Assistant, which brings messages to phones and switches cooling.")
        say('  Without it, type "none": keepcool then only watches, and nobody\'s phone rings.')
        url, token = self._hints.home_assistant_url or USUAL_URL, self._hints.token
        while True:
            url = ask_checked(self._terminal, "Home Assistant's address", self._checks["url"], url)
            if url == "none":
                return None, None
            if token is None:
                say(_WHERE_IT_IS)
                token = ask_checked(self._terminal, "Token", self._checks["token"], is_hidden=True)
            plan = HomeAssistantPlan(url, token)
            say("  Asking Home Assistant ...")
            try:
                household = self._roads.fetch_household(plan)
            except IntegrationError as error:
                say(f"  Home Assistant does not work: {error}")
                if isinstance(error, PermanentError):
                    say(_PASTE_AGAIN)
                if self._decide("Home Assistant") == WITHOUT:
                    return None, None
                if isinstance(error, PermanentError):  # the address was checked: it is the token
                    token = None
                continue
            self._greet(household)
            return plan, household

    def _greet(self, household: Household) -> None:
        say = self._terminal.say
        say(f"  Connected to Home Assistant {household.version}.")
        if not household.is_administrator:
            say(
                "  Careful: this token is no administrator's. Buttons on phones would not be "
                "heard: make one as an administrator and put it into the file home_assistant_token."
            )

    def _decide(self, road: str) -> int:
        """Ask what to do about a road that does not work. Raises: GivenUpError."""
        options = ("try again, with other answers", f"go on without {road}", "stop")
        chosen = choose(self._terminal, "What now?", options)
        if chosen == STOP:
            raise GivenUpError
        return chosen

    # ---------------------------------------------------------------- sensors that speak

    def _listen(self, plan: BrokerPlan, broker: Broker, seconds: float) -> None:
        say = self._terminal.say
        say()
        say(f"Step 3 of 4: listening to the sensors for {seconds:.0f} s.")
        say("  Many speak only every hour or when something changes: those are listed as waiting.")
        announced = broker.sensors().keys()  # a list of Zigbee devices is megabytes

        def show(left_s: float, heard: Broker) -> None:
            waiting = len(announced - heard.heard.keys())
            self._terminal.show_progress(
                f"  {left_s:3.0f} s left: {heard.count} messages, {waiting} sensors still waiting"
            )

        try:
            self._roads.listen(plan, broker, seconds, show)
        except IntegrationError as error:
            say(f"  The broker went away: {error}. What was announced is kept.")
        finally:
            self._terminal.show_progress("")


def _broker_trouble(error: IntegrationError, plan: BrokerPlan) -> Iterator[str]:
    """Yield what is wrong with the broker; a refusal without the names of settings."""
    said, is_refused, _ = str(error).partition(NOT_AUTHORISED)
    if not is_refused:
        yield f"  The broker does not work: {said}"
        return
    who = f" as {plan.username}" if plan.username else ""
    yield f"  The broker does not work: {NOT_AUTHORISED}{who}."
    yield _WRONG_LOGIN if plan.username else _NO_LOGIN
