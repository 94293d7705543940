"""Push to phones through Home Assistant's companion app."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from integrations.messages import PhoneMessage
from policies.alert import Severity
from policies.model import PhoneKind

# domain, service, data; raises TransientError or PermanentError that names the service
ServiceCall = Callable[[str, str, Mapping[str, object]], object]

# Source: companion.home-assistant.io, "Actionable Notifications": Android shows three.
MOST_BUTTONS = 3
# Source: Apple, "Sending notification requests to APNs": apns-collapse-id, which the tag becomes,
# has at most 64 bytes. A longer one is refused by Apple while Home Assistant still answers 200.
LONGEST_TAG_BYTES = 64

# Android keeps what a channel first said (sound, importance), and shows its name in the phone's
# settings, so that each loudness is a channel of its own.
_ANDROID_CHANNELS = {
    Severity.NUDGE: ("keepcool nudges", "low"),
    Severity.WARNING: ("keepcool warnings", "default"),
    Severity.LOUD_WARNING: ("keepcool loud warnings", "high"),
    # Not ours to name: the app plays only the channel of this very name with the alarm's sound,
    # which rings with the ringer off and passes do-not-disturb wherever alarms may.
    Severity.CRITICAL: ("alarm_stream", "high"),
}
_IPHONE_PUSH: Mapping[Severity, Mapping[str, object]] = {
    Severity.NUDGE: {"sound": "none", "interruption-level": "passive"},
    Severity.WARNING: {"sound": "default", "interruption-level": "active"},
    Severity.LOUD_WARNING: {"sound": "default", "interruption-level": "time-sensitive"},
    # Both ways of saying it: only with `critical` and a volume the push relay counts it as
    # critical and exempts it from its daily limit.
    Severity.CRITICAL: {
        "sound": {"name": "default", "critical": 1, "volume": 1.0},
        "interruption-level": "critical",
    },
}


_NO_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a"})


class MobileApp:
    """Push through `notify.mobile_app_*`; accepted is not received, Home Assistant hides that."""

    def __init__(self, call_service: ServiceCall) -> None:
        """Take the function that calls a service of Home Assistant."""
        self._call_service = call_service

    def send(self, message: PhoneMessage) -> None:
        """Hand a message over; repeating it is harmless, because the tag replaces.

        Raises: TransientError, PermanentError.
        """
        self._call_service("notify", message.service, build_payload(message))


def build_payload(message: PhoneMessage) -> dict[str, object]:
    """Build the data of the notify service for the phone's kind.

    Source: companion.home-assistant.io, pages "Notifications: Introduction", "Critical
    notifications", "Actionable Notifications" and "Standard Attachments".
    """
    is_android = message.kind is PhoneKind.ANDROID
    tag = fitting_tag(message.tag)
    if message.is_clear:
        # With high priority, or a sleeping Android phone takes it off only when it wakes.
        urgency = {"ttl": 0, "priority": "high"} if is_android else {}
        return {"message": "clear_notification", "data": {"tag": tag, **urgency}}
    severity = min(max(Severity(message.severity), Severity.NUDGE), Severity.CRITICAL)
    data: dict[str, Any] = {"tag": tag}
    data |= _android(severity) if is_android else {"push": dict(_IPHONE_PUSH[severity])}
    if message.image is not None:
        data["image"] = message.image  # the app adds Home Assistant's address and the login
    if message.buttons:
        data["actions"] = [
            {"action": button.action, "title": _plain(button.title)}
            for button in message.buttons[:MOST_BUTTONS]
        ]
    return {"title": _plain(message.title), "message": _plain(message.body), "data": data}


def _plain(text: str) -> str:
    """Return a text in which the phone finds no markup: Android shows HTML, links as well.

    Source: companion.home-assistant.io, "Notification message HTML formatting".
    """
    return text.translate(_NO_MARKUP)


def fitting_tag(tag: str) -> str:
    """Return the tag, or where it is too long for a phone its beginning and a digest of it all.

    >>> fitting_tag("heat:anna:3")
    'heat:anna:3'
    """
    encoded = tag.encode()
    if len(encoded) <= LONGEST_TAG_BYTES:
        return tag
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    beginning = encoded[: LONGEST_TAG_BYTES - len(digest) - 1].decode(errors="ignore")
    return f"{beginning}-{digest}"


def _android(severity: Severity) -> dict[str, object]:
    channel, importance = _ANDROID_CHANNELS[severity]
    data: dict[str, object] = {"channel": channel, "importance": importance}
    if severity is Severity.NUDGE:
        return {**data, "alert_once": True}
    # Wakes a phone that sleeps; otherwise the push waits until the screen is switched on.
    data |= {"ttl": 0, "priority": "high"}
    # Asks the app to fire an event when the push is there. iPhones have nothing like it.
    return data | {"confirmation": True} if severity is Severity.CRITICAL else data
