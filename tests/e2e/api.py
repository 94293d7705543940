"""Ask a real Home Assistant, as the setup assistant, the frontend, a person and a phone do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from websockets.sync.client import connect

from tests.waiting import wait_until

TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Login:
    """Hold what somebody got who logged in with name and password."""

    access_token: str
    refresh_token: str


class HomeAssistantApi:
    """Hold an address and an administrator's token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = ""
        self.login = Login("", "")

    def onboard(self) -> None:
        """Make the first user and a long-lived token of theirs."""
        client_id = f"{self.url}/"
        user = {"name": "Owner", "username": "owner", "password": "owner-password"}
        code = self._post_openly(
            "onboarding/users", json={**user, "client_id": client_id, "language": "en"}
        )["auth_code"]
        asked = {"client_id": client_id, "grant_type": "authorization_code", "code": code}
        answer = requests.post(f"{self.url}/auth/token", data=asked, timeout=TIMEOUT_S)
        answer.raise_for_status()
        found = answer.json()
        self.login = Login(found["access_token"], found["refresh_token"])
        self.token = self.login.access_token
        self.token = self.new_token("tests")
        self.command("http/config/promote", is_known=False)  # mandatory from 2026 on

    def new_token(self, name: str) -> str:
        """Return another long-lived token of the administrator."""
        found = self.command("auth/long_lived_access_token", client_name=name, lifespan=365)
        return str(found)

    def revoke_token(self, name: str) -> None:
        """Take a long-lived token back, as a person does in their profile."""
        (found,) = [
            each for each in self.command("auth/refresh_tokens") if each["client_name"] == name
        ]
        self.command("auth/delete_refresh_token", refresh_token_id=found["id"])

    def wait_until_running(self) -> None:
        """Wait until everything of the configuration is set up."""
        wait_until(self._is_running, 120.0, what="Home Assistant to run")

    def add_mqtt(self, port: int) -> None:
        """Add the MQTT integration, as a person clicks through its form."""
        flows = "config/config_entries/flow"
        flow = self.post(flows, {"handler": "mqtt", "show_advanced_options": False})
        fields = {field["name"] for field in flow["data_schema"]}
        form: dict[str, object] = {"broker": "127.0.0.1", "port": port}
        if "other_settings" in fields:  # from 2026 on
            other = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
            form |= {"protocol": "5", "other_settings": other}
        done = self.post(f"{flows}/{flow['flow_id']}", form)
        assert done["type"] == "create_entry", done

    def version(self) -> str:
        """Return its version."""
        return str(self.get("config")["version"])

    def get(self, path: str) -> Any:  # noqa: ANN401 - foreign JSON
        """Read `/api/...`."""
        return self._answered(self._request("GET", path))

    def download(self, path: str) -> tuple[str, bytes]:
        """Fetch a file as the phone's app does, with the login: its type and what it holds."""
        bearer = {"Authorization": f"Bearer {self.token}"}
        answer = requests.get(f"{self.url}{path}", headers=bearer, timeout=TIMEOUT_S)
        assert answer.ok, answer.text
        return answer.headers["Content-Type"], answer.content

    def post(self, path: str, data: object) -> Any:  # noqa: ANN401 - foreign JSON
        """Post to `/api/...`."""
        return self._answered(self._request("POST", path, data))

    def status_of(self, path: str, data: object) -> tuple[int, str]:
        """Post to `/api/...` and return status and text, whatever they are."""
        answer = self._request("POST", path, data)
        return answer.status_code, answer.text

    def call(self, service: str, **data: object) -> Any:  # noqa: ANN401 - foreign JSON
        """Call a service, `switch.turn_on`, as the person would."""
        return self.post(f"services/{service.replace('.', '/', 1)}", data)

    def state(self, entity_id: str) -> dict[str, Any]:
        """Return an entity's state object; its state is None when it does not exist."""
        answer = self._request("GET", f"states/{entity_id}")
        if answer.status_code == requests.codes.not_found:
            return {"entity_id": entity_id, "state": None, "attributes": {}}
        found: dict[str, Any] = self._answered(answer)
        return found

    def render(self, template: str) -> str:
        """Return what a template makes. A state's `last_reported` is told right only there."""
        answer = self._request("POST", "template", {"template": template})
        assert answer.ok, answer.text
        return answer.text

    def states(self) -> dict[str, dict[str, Any]]:
        """Return every entity's state object, by id."""
        return {each["entity_id"]: each for each in self.get("states")}

    def fire(self, event_type: str, data: object) -> None:
        """Put an event on the bus."""
        self.post(f"events/{event_type}", data)

    def command(self, kind: str, *, is_known: bool = True, **data: object) -> Any:  # noqa: ANN401
        """Give one command over the WebSocket and return its result.

        Args:
            kind: the command's type.
            is_known: False for one that this version may not know.
            data: its fields.
        """
        address = self.url.replace("http", "ws", 1) + "/api/websocket"
        with connect(address, proxy=None, open_timeout=TIMEOUT_S, max_size=None) as wire:
            wire.recv(TIMEOUT_S)
            wire.send(json.dumps({"type": "auth", "access_token": self.token}))
            assert json.loads(wire.recv(TIMEOUT_S))["type"] == "auth_ok"
            wire.send(json.dumps({"id": 1, "type": kind, **data}))
            answer = json.loads(wire.recv(TIMEOUT_S))
        assert answer["success"] or not is_known, answer
        return answer.get("result")

    def _is_running(self) -> bool:
        return bool(self.get("config")["state"] == "RUNNING")

    def _request(self, method: str, path: str, data: object = None) -> requests.Response:
        return requests.request(
            method,
            f"{self.url}/api/{path}",
            json=data,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=TIMEOUT_S,
        )

    def _answered(self, answer: requests.Response) -> Any:  # noqa: ANN401 - foreign JSON
        assert answer.ok, (
            f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
        )
        return answer.json()

    def _post_openly(self, path: str, **body: Any) -> Any:  # noqa: ANN401 - foreign JSON
        answer = requests.post(f"{self.url}/api/{path}", timeout=TIMEOUT_S, **body)
        return self._answered(answer)
