"""Command and read Home Assistant's entities over REST."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from integrations.errors import IntegrationError, PayloadError, PermanentError, TransientError
from integrations.home_assistant_commands import COMMANDED_DOMAINS, plan_calls
from integrations.home_assistant_http import (
    MAX_ANSWER_BYTES,
    AnswerTooLargeError,
    HomeAssistantHttp,
    NotFoundError,
)
from integrations.home_assistant_states import (
    AGES_TEMPLATE,
    CELSIUS,
    FAHRENHEIT,
    missing,
    parse_ages,
    parse_state,
)
from integrations.messages import DeviceObserved
from policies.model import DeviceState

log = structlog.get_logger()

# One list of all states is cheaper than many single questions, unless the house is large.
MOST_SINGLE_READS = 8
# The list of services grows with the house; only `check` asks for it.
MAX_LIST_BYTES = 16 * MAX_ANSWER_BYTES

_ENTITY_ID = re.compile(r"([a-z0-9_]+)\.[a-z0-9_]+", re.ASCII)
# What devices report again and again, changed or not; persons and switches are states.
_REPORTING = frozenset({"sensor", "binary_sensor"})
_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)


class HomeAssistant:
    """Talk to one Home Assistant, which may be down at any time; usable from several threads."""

    def __init__(
        self, base_url: str, token: str, *, timeout_s: tuple[float, float] = (3.0, 10.0)
    ) -> None:
        """Prepare the connection without making it.

        Args:
            base_url: `http://homeassistant.local:8123`, with or without `/api`.
            token: a long-lived access token.
            timeout_s: for connecting, and for each read.

        Raises:
            PermanentError: address or token cannot be right.
        """
        self._http = HomeAssistantHttp(base_url, token, timeout_s)
        self._temperature_unit: str | None = None
        self._is_list_too_large = False
        self._is_age_refused = False

    def apply(self, entity_id: str, desired: DeviceState) -> tuple[str, ...]:
        """Call the services that bring a device's entity to `desired`; return context ids.

        The state is read first: what it already satisfies is not called, setpoints are held
        within the entity's bounds. Accepted is not happened: read back. An integration that
        changes the state only later returns no context id.

        Raises:
            TransientError: not reachable, in trouble, or the entity is missing or unavailable now.
            PermanentError: token or service refused, no such mode, or a domain never commanded.
        """
        domain = _domain(entity_id)
        if domain not in COMMANDED_DOMAINS:
            raise PermanentError(f"{entity_id}: {domain} entities are never commanded")
        raw = self._read(entity_id)
        if raw is None:
            raise TransientError(f"{entity_id} does not exist in Home Assistant")
        unit = self._unit() if domain == "climate" else CELSIUS
        try:
            if not parse_state(raw, unit).is_available:
                raise TransientError(f"{entity_id} is not available in Home Assistant")
            calls = plan_calls(raw, desired, unit)
        except PayloadError as err:
            raise TransientError(f"Home Assistant's state of {entity_id} is unreadable") from err
        except PermanentError as err:
            raise PermanentError(f"{entity_id}: {err}") from err
        context_ids: list[str] = []
        for position, call in enumerate(calls, start=1):
            try:
                context_ids += self.call_service(call.domain, call.service, call.data)
            except IntegrationError:
                # Giving the setpoint back comes before switching off, and must not prevent it.
                if desired.is_on or position == len(calls):
                    raise
                log.warning("setpoint.kept", entity_id=entity_id)
        return tuple(dict.fromkeys(context_ids))

    def call_service(
        self, domain: str, service: str, data: Mapping[str, object]
    ) -> tuple[str, ...]:
        """Call any service; return the context ids of the states that changed during the call.

        Raises: TransientError, PermanentError.
        """
        _check_service(domain, service)
        answer = self._http.call_service(domain, service, data)
        if not isinstance(answer, list):
            raise TransientError(f"Home Assistant answered {domain}.{service} without a list")
        return tuple(dict.fromkeys(filter(None, map(_context_id, answer))))

    def call_for_answer(
        self, domain: str, service: str, data: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Call a service that answers, such as `weather.get_forecasts`; return the whole answer.

        Raises: TransientError, PermanentError.
        """
        _check_service(domain, service)
        answer = self._http.call_service(domain, service, data, wants_answer=True)
        if not isinstance(answer, dict):
            raise TransientError(f"Home Assistant answered {domain}.{service} without an object")
        return answer

    def read_state(self, entity_id: str) -> Mapping[str, object] | None:
        """Return an entity's state object as it comes; `None` when there is no such entity.

        Raises: TransientError, PermanentError.
        """
        return self._read(entity_id)

    def fetch_states(self, entity_ids: Sequence[str]) -> tuple[DeviceObserved, ...]:
        """Read entities, in the order asked; a missing one comes back with `is_missing`.

        Sensors come with the time since their last report. A Home Assistant that does not tell it
        (a restricted user) is no failure: the ages are unknown then.

        Raises: TransientError, PermanentError.
        """
        ages = self._fetch_ages([each for each in entity_ids if _domain(each) in _REPORTING])
        return tuple(
            replace(found, reported_age=ages.get(found.entity_id))
            for found in self._fetch_states(entity_ids)
        )

    def _fetch_ages(self, entity_ids: Sequence[str]) -> Mapping[str, timedelta]:
        if not entity_ids:
            return {}
        try:
            return parse_ages(self._http.render(AGES_TEMPLATE, {"names": list(entity_ids)}))
        except PermanentError as err:
            if not self._is_age_refused:
                log.warning("ages.refused", reason=str(err))
            self._is_age_refused = True
            return {}

    def _fetch_states(self, entity_ids: Sequence[str]) -> tuple[DeviceObserved, ...]:
        is_climate_among = any(_domain(entity_id) == "climate" for entity_id in entity_ids)
        unit = self._unit() if is_climate_among else CELSIUS
        if len(entity_ids) > MOST_SINGLE_READS and not self._is_list_too_large:
            try:
                every = self._list("states")
            except AnswerTooLargeError:
                self._is_list_too_large = True
                log.warning("states.read_singly", reason="the list of all states is too large")
            else:
                by_id = {raw.get("entity_id"): raw for raw in every if isinstance(raw, dict)}
                return tuple(_observed(each, by_id.get(each), unit) for each in entity_ids)
        return tuple(_observed(each, self._read(each), unit) for each in entity_ids)

    def fetch_services(self) -> Mapping[str, frozenset[str]]:
        """Return the names of the services per domain. Raises: TransientError, PermanentError."""
        services: dict[str, frozenset[str]] = {}
        for row in self._list("services", MAX_LIST_BYTES):
            match row:
                case {"domain": str(domain), "services": dict(names)}:
                    services[domain] = frozenset(names)
        return services

    def check_connection(self) -> str:
        """Return Home Assistant's version, such as "2025.4.4"; address and token are right then.

        Raises: TransientError, PermanentError, with a text for a person.
        """
        return self._read_configuration()[0]

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()

    def _unit(self) -> str:
        if self._temperature_unit is None:
            self._read_configuration()
        return self._temperature_unit or CELSIUS

    def _read_configuration(self) -> tuple[str, str]:
        try:
            answer = self._http.get("config")
        except NotFoundError as err:
            raise PermanentError("there is no Home Assistant at this address (404)") from err
        match answer:
            case {"version": str(version), "unit_system": {"temperature": str(unit)}} if unit in {
                CELSIUS,
                FAHRENHEIT,
            }:
                self._temperature_unit = unit
                return version, unit
        raise TransientError("Home Assistant's /api/config tells no version or temperature unit")

    def _read(self, entity_id: str) -> dict[str, object] | None:
        _domain(entity_id)
        try:
            answer = self._http.get(f"states/{entity_id}")
        except NotFoundError:
            return None
        if not isinstance(answer, dict):
            raise TransientError(f"Home Assistant's state of {entity_id} is unreadable")
        return answer

    def _list(self, path: str, limit_bytes: int = MAX_ANSWER_BYTES) -> list[object]:
        answer = self._http.get(path, limit_bytes)
        if not isinstance(answer, list):
            raise TransientError(f"Home Assistant answered /api/{path} without a list")
        return answer


def _domain(entity_id: str) -> str:
    match = _ENTITY_ID.fullmatch(entity_id)
    if match is None:
        raise PermanentError(f"{entity_id[:80]!r} cannot be the id of an entity")
    return match.group(1)


def _check_service(domain: str, service: str) -> None:
    if not _NAME.fullmatch(domain) or not _NAME.fullmatch(service):
        raise PermanentError(f"{domain}.{service} cannot be the name of a service")


def _observed(entity_id: str, raw: object, unit: str) -> DeviceObserved:
    if raw is None:
        return missing(entity_id)
    try:
        return parse_state(raw, unit)
    except PayloadError as err:
        log.warning("state.rejected", entity_id=entity_id, reason=str(err))
        return DeviceObserved(
            entity_id, None, is_available=False, last_updated=None, raw_state="unreadable"
        )


def _context_id(state: object) -> str | None:
    match state:
        case {"context": {"id": str(context_id)}}:
            return context_id
    return None
