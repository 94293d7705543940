"""Ask Home Assistant once for everything that it knows: areas, devices, entities, states."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from integrations.errors import PermanentError
from integrations.ha_events_opening import (
    log_in,
    open_websocket,
    receive,
    translated,
    websocket_url,
)

MAX_ANSWER_BYTES = 64 * 1024 * 1024  # the states of a large house are a few megabytes
_COMMANDS: Mapping[str, str] = {
    "user": "auth/current_user",
    "config": "get_config",
    "areas": "config/area_registry/list",
    "devices": "config/device_registry/list",
    "entities": "config/entity_registry/list",
    "states": "get_states",
    "services": "get_services",
}


def fetch_registries(base_url: str, token: str, *, within_s: float = 20.0) -> dict[str, object]:
    """Return the answers as they come, by name; one that is refused is missing.

    The names are user, config, areas, devices, entities, states and services.

    Raises:
        PermanentError: the token is refused, or address or token cannot be right.
        TransientError: nobody answers, or not as Home Assistant does.
    """
    text = token.strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise PermanentError("the token is empty or has characters that no token has")
    deadline = time.monotonic() + within_s
    url = websocket_url(base_url)
    with translated(), open_websocket(url, within_s, MAX_ANSWER_BYTES) as connection:
        log_in(connection, text, deadline)
        for number, kind in enumerate(_COMMANDS.values(), start=1):
            connection.send(json.dumps({"id": number, "type": kind}))
        answers: dict[str, object] = {}
        names = dict(enumerate(_COMMANDS, start=1))
        while names:
            answer = receive(connection, deadline)
            name = names.pop(answer["id"], None) if isinstance(answer.get("id"), int) else None  # type: ignore[call-overload]
            if name and answer.get("success") is True:
                answers[name] = answer.get("result")
        return answers
