"""Be phones with Home Assistant's companion app: registered, pushed to, tapped on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from policies.model import PhoneKind
from tests.e2e.api import TIMEOUT_S, HomeAssistantApi
from tests.road_server import RoadServer

BUTTON_EVENT = "mobile_app_notification_action"
RECEIPT_EVENT = "mobile_app_notification_received"
CLEAR = "clear_notification"
_SYSTEMS = {
    PhoneKind.ANDROID: ("io.homeassistant.companion.android", "Android", "15"),
    PhoneKind.IPHONE: ("io.robbie.HomeAssistant", "iOS", "18.4"),
}


@dataclass(frozen=True, slots=True)
class Push:
    """Hold one push as it left Home Assistant for the phone."""

    title: str | None
    message: str
    data: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """Return the tag; empty when it has none."""
        return str(self.data.get("tag", ""))

    @property
    def is_clear(self) -> bool:
        """Return whether it takes its tag off the phone."""
        return self.message == CLEAR

    @property
    def buttons(self) -> dict[str, str]:
        """Return the actions by the words on their buttons."""
        return {each["title"]: each["action"] for each in self.data.get("actions", ())}


class Phone:
    """Hold one registered phone."""

    def __init__(
        self, api: HomeAssistantApi, server: RoadServer, name: str, kind: PhoneKind
    ) -> None:
        """Register it; its notify service exists from then on."""
        self.kind = kind
        self.service = "mobile_app_" + name.lower().replace(" ", "_")
        self._server = server
        self._path = "/" + self.service
        app_id, system, version = _SYSTEMS[kind]
        registration = {
            "device_id": self.service,
            "app_id": app_id,
            "app_name": "Home Assistant",
            "app_version": "2025.4.1",
            "device_name": name,
            "manufacturer": "test",
            "model": "test",
            "os_name": system,
            "os_version": version,
            "supports_encryption": False,
            "app_data": {
                "push_token": self.service,
                "push_url": f"http://127.0.0.1:{server.port}{self._path}",
            },
        }
        answer = api.post("mobile_app/registrations", registration)
        self._webhook = f"{api.url}/api/webhook/{answer['webhook_id']}"

    @property
    def pushes(self) -> list[Push]:
        """Return every push that arrived since the last `Home.clean`, clears among them."""
        return [
            Push(body.get("title"), body["message"], body.get("data", {}))
            for body in (taken.fields for taken in self._server.taken if taken.path == self._path)
        ]

    @property
    def shown(self) -> list[Push]:
        """Return what is on the screen: the last push of each tag, unless it was cleared."""
        last: dict[str, Push] = {}
        for push in self.pushes:
            last.pop(push.tag, None)
            if not push.is_clear:
                last[push.tag] = push
        return list(last.values())

    def about(self, subject: str) -> list[Push]:
        """Return every push about something, like "heat" or "trouble", clears not among them."""
        wanted = f"keepcool-{subject}-"
        return [push for push in self.pushes if push.tag.startswith(wanted) and not push.is_clear]

    def tap(self, push: Push, button: str) -> None:
        """Tap a button of a push, as the app then tells it. Raises: KeyError."""
        self.tell(BUTTON_EVENT, {"action": push.buttons[button], "tag": push.tag})

    def confirm(self, push: Push) -> None:
        """Say that a push is there, as Android's app does when the push asked for it."""
        flat: dict[str, object] = {"title": push.title, "message": push.message}
        for key, value in push.data.items():
            if key != "actions":
                flat[key] = str(value).lower() if isinstance(value, bool) else str(value)
        for number, (title, action) in enumerate(push.buttons.items(), start=1):
            flat |= {f"action_{number}_key": action, f"action_{number}_title": title}
        self.tell(RECEIPT_EVENT, flat)

    def tell(self, event_type: str, data: Mapping[str, object]) -> None:
        """Fire an event through the app's webhook."""
        body = {"type": "fire_event", "data": {"event_type": event_type, "event_data": data}}
        requests.post(self._webhook, json=body, timeout=TIMEOUT_S).raise_for_status()
