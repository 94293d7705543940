"""Say a message in the home: by a speaker through `tts.speak`, or with a light at its brightest."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from integrations.errors import PermanentError, TransientError
from integrations.messages import HomeMessage

# domain, service, data; raises TransientError or PermanentError that names the service
ServiceCall = Callable[[str, str, Mapping[str, object]], object]
# an entity's state object, `None` when there is no such entity; raises the same
ReadState = Callable[[str], Mapping[str, object] | None]

_FLASH = 8  # Home Assistant's LightEntityFeature.FLASH
_UNDIMMED = {"onoff", "unknown"}  # the colour modes of lights without brightness


class Announcer:
    """Speak through speakers and light lights; accepted is not heard, nobody can know that."""

    def __init__(self, call_service: ServiceCall, read_state: ReadState) -> None:
        """Take the functions that call a service and read an entity."""
        self._call_service = call_service
        self._read_state = read_state

    def send(self, message: HomeMessage) -> None:
        """Say it once.

        The entities are looked at first: Home Assistant answers 200 for those that are not there.

        Raises:
            TransientError: not reachable, or an entity is missing or unavailable now.
            PermanentError: token or service refused, or a domain that nothing is said by.
        """
        domain = message.entity_id.partition(".")[0]
        if domain == "light":
            attributes = self._attributes(message.entity_id)
            self._call_service("light", "turn_on", _light_data(message.entity_id, attributes))
        elif domain == "media_player" and message.voice_id is not None:
            self._attributes(message.entity_id)
            self._attributes(message.voice_id)
            data = {
                "entity_id": message.voice_id,
                "media_player_entity_id": message.entity_id,
                "message": f"{message.title}. {message.body}",
            }
            self._call_service("tts", "speak", data)
        else:
            raise PermanentError(f"{message.entity_id}: nothing is said by {domain} entities")

    def _attributes(self, entity_id: str) -> Mapping[str, object]:
        """Return an entity's attributes. Unknown is no fault: a voice that never spoke is that."""
        raw = self._read_state(entity_id)
        if raw is None:
            raise TransientError(f"{entity_id} does not exist in Home Assistant")
        if raw.get("state") == "unavailable":
            raise TransientError(f"{entity_id} is not available in Home Assistant")
        attributes = raw.get("attributes")
        return attributes if isinstance(attributes, Mapping) else {}


def _light_data(entity_id: str, attributes: Mapping[str, object]) -> dict[str, object]:
    data: dict[str, object] = {"entity_id": entity_id}
    modes = attributes.get("supported_color_modes")
    if isinstance(modes, list) and any(mode not in _UNDIMMED for mode in modes):
        data["brightness_pct"] = 100
    features = attributes.get("supported_features")
    if isinstance(features, int) and features & _FLASH:
        data["flash"] = "long"
    return data
