"""Put keepcool's blueprints into Home Assistant, and automations made from them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.e2e.home import Home
from tests.waiting import wait_until

SHIPPED: Final = Path("config/home_assistant/blueprints").absolute()
TELL: Final = [
    {
        "action": "mqtt.publish",
        "data": {
            "topic": "test/told",
            "payload": "{{ {'title': title, 'message': message} | to_json }}",
        },
    }
]


@contextmanager
def automation(home: Home, blueprint: str, *others: object, **inputs: object) -> Iterator[str]:
    """Make an automation from a shipped blueprint, and others; return its entity id.

    Afterwards they go.
    """
    folder = home.process.folder
    shutil.copytree(SHIPPED, folder / "blueprints", dirs_exist_ok=True)
    alias = f"test {blueprint}"
    entity_id = "automation." + alias.replace(" ", "_")
    path = folder / "automations" / f"{blueprint}.yaml"
    used = {"path": f"keepcool/{blueprint}.yaml", "input": inputs}
    path.write_text(json.dumps([{"id": blueprint, "alias": alias, "use_blueprint": used}, *others]))
    home.api.call("automation.reload")
    try:
        wait_until(
            lambda: home.api.state(entity_id)["state"] == "on", 30.0, what=f"{entity_id} to be on"
        )
        yield entity_id
    finally:
        path.unlink()
        home.api.call("automation.reload")
