"""Hear and speak MQTT through paho: connect for ever, say when the link changes.

The network thread only copies messages into the inbox: an exception in a paho callback would end
that thread while `is_connected()` stays True, and a slow callback loses messages at the broker.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from integrations.certificates import certificate_fault
from integrations.errors import NOT_AUTHORISED, PermanentError
from integrations.messages import Heard, LinkChanged, MessageReceived
from integrations.mqtt_access import HOLD_OFF_S, Access
from integrations.mqtt_connection import BufferedClient, Connection

log = structlog.get_logger()
MAXIMUM_PAYLOAD_BYTES = 64 * 1024  # no sensor message is near it; source: FAULTS 18
OFFLINE, ONLINE = "offline", "online"
_PROBE_S = 1.0
_NO_REASON = "Unspecified error"  # paho's name for a connection that was closed
_TAKEN_OVER = "Session taken over"  # paho's name of MQTT 5's reason code 0x8E
_SEND_NEVER_RETAINED = 2  # MQTT 5 retain handling


@dataclass(frozen=True, slots=True)
class MqttOptions:
    """Say how to reach the broker; `version` is "5" or "3.1.1".

    Without a `ca_file` the system's authorities count. Without a `status_topic` the client has no
    last will and does not announce itself. Longer payloads than
    `maximum_payload_bytes` are not taken.
    """

    host: str
    port: int
    client_id: str
    status_topic: str | None = None
    version: str = "5"
    username: str | None = None
    password: str | None = None
    uses_tls: bool = False
    ca_file: str | None = None
    keepalive_s: int = 30
    maximum_payload_bytes: int = MAXIMUM_PAYLOAD_BYTES


@dataclass(frozen=True, slots=True)
class Subscription:
    """Name a topic to hear; commands are never wanted retained, states and readings are."""

    topic: str
    qos: int = 1
    is_command: bool = False


class MqttClient:
    """Keep one connection to the broker (`daemon.ports.MqttLink`)."""

    def __init__(
        self,
        options: MqttOptions,
        subscriptions: Sequence[Subscription],
        post: Callable[[Heard], None],
        boot_s: Callable[[], float],
    ) -> None:
        """Prepare the client; nothing is connected before `start`.

        Raises: PermanentError when the CA file cannot be used.
        """
        self._options = options
        self._subscriptions = tuple(subscriptions)
        self._post = post
        self._boot_s = boot_s
        self._is_v5 = options.version == "5"
        self._told: LinkChanged | None = None
        self._is_up: bool | None = None
        self._detail = self._trouble = ""
        self._echo_topic = f"{options.status_topic}/echo" if options.status_topic else None
        self._echo = threading.Event()
        self.dropped_messages = 0
        self._access = Access(options.client_id)
        self._asked: dict[int | None, tuple[str, ...]] = {}  # message id -> topics
        self._said_online: int | None = None  # message id
        self._client = BufferedClient(options.client_id, MQTTv5 if self._is_v5 else MQTTv311)
        if options.status_topic is not None:
            self._client.will_set(options.status_topic, OFFLINE, qos=1, retain=True)
        self._client.max_queued_messages_set(1000)
        if options.username is not None:
            self._client.username_pw_set(options.username, options.password)
        if options.uses_tls:
            self._client.tls_set_context(_tls_context(options.ca_file))
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_socket_open = _send_at_once
        self._connection = Connection(self._client, self._on_connect_fail, self._on_beat)

    def start(self) -> None:
        """Start connecting in the background, every 1 to 30 s; an absent broker is normal."""
        properties = None
        if self._is_v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = self._options.maximum_payload_bytes + 1024
        self._client.connect_async(
            self._options.host,
            self._options.port,
            keepalive=self._options.keepalive_s,
            properties=properties,
        )
        self._connection.start()

    def publish(
        self, topic: str, payload: str | bytes, *, is_retained: bool = False, qos: int = 0
    ) -> None:
        """Publish without waiting; without a connection only QoS 1 is kept."""
        self._connection.publish(topic, payload, qos=qos, is_retained=is_retained)

    def is_thread_alive(self) -> bool:
        """Return whether the network thread lives."""
        return self._connection.is_alive()

    def flush(self, timeout_s: float) -> bool:
        """Return once everything published before this call was posted: our own echo is back."""
        if self._echo_topic is None:
            return False
        self._echo.clear()
        self._connection.publish(self._echo_topic, b"", qos=1, is_retained=False)
        return self._echo.wait(timeout_s)

    def stop(self) -> None:
        """Say offline, disconnect and end the thread, within 3 s.

        A thread that still connects, or that a frozen broker holds up, is left behind.
        """
        if self._client.is_connected() and self._options.status_topic is not None:
            topic = self._options.status_topic
            info = self._connection.publish(topic, OFFLINE, qos=1, is_retained=True)
            try:
                info.wait_for_publish(timeout=2.0)
            except (RuntimeError, ValueError) as error:
                log.warning("mqtt.offline_not_said", error=str(error))
        self._connection.stop(1.0)

    # ------------------------------------------------------------- the network thread from here on

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        try:
            if reason.is_failure:
                is_lasting = _is_lasting(str(reason))
                if is_lasting:  # it would only be refused again
                    self._connection.hold_off(HOLD_OFF_S)
                detail = _explain_refusal(str(reason), self._options)
                self._say_link(is_up=False, detail=detail, is_refused=is_lasting)
                return
            self._access.note_connected(time.monotonic())
            self._asked.clear()
            if self._subscriptions:
                entries = [self._subscribe_entry(wanted) for wanted in self._subscriptions]
                _, message_id = client.subscribe(entries)
                self._asked[message_id] = tuple(wanted.topic for wanted in self._subscriptions)
            if self._echo_topic is not None and self._options.status_topic is not None:
                client.subscribe(self._echo_topic, qos=1)
                said = client.publish(self._options.status_topic, ONLINE, qos=1, retain=True)
                self._said_online = said.mid
            self._say_link(is_up=True)
        except Exception:
            log.exception("mqtt.callback_crashed", callback="on_connect")

    def _subscribe_entry(self, subscription: Subscription) -> tuple[str, Any]:
        if not self._is_v5:
            return subscription.topic, subscription.qos
        handling = _SEND_NEVER_RETAINED if subscription.is_command else 0
        return subscription.topic, SubscribeOptions(qos=subscription.qos, retainHandling=handling)

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        message_id: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        topics = self._asked.pop(message_id, None)
        if topics is not None:
            self._access.note_subscribed(topics, [reason.is_failure for reason in reasons])
            self._say_access()

    def _on_publish(
        self,
        _client: Client,
        _userdata: object,
        message_id: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if message_id == self._said_online:  # one is enough: it stands for all that keepcool says
            self._access.note_said(self._options.status_topic or "", is_refused=reason.is_failure)
            self._say_access()

    def _on_beat(self) -> None:
        self._access.note_time(time.monotonic())
        self._say_access()

    def _say_access(self) -> None:
        """Say the link again when what is wrong with our access changed."""
        if self._is_up is not None and self._access.trouble != self._trouble:
            self._say_link(is_up=self._is_up, detail=self._detail)

    def _on_connect_fail(self, error: Exception) -> None:
        self._access.note_no_connection()
        self._say_link(is_up=False, detail=_explain_failure(error, self._options))

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._is_up is not False:
            # Most brokers close without a word; one that died listens no more.
            is_taken_over = str(reason) == _TAKEN_OVER or (
                str(reason) == _NO_REASON and _is_listening(self._options)
            )
            hold_off_s = self._access.note_lost(time.monotonic(), is_taken_over=is_taken_over)
            self._connection.hold_off(hold_off_s)
            self._say_link(is_up=False, detail=f"connection lost ({reason})")

    def _say_link(self, *, is_up: bool, detail: str = "", is_refused: bool = False) -> None:
        self._is_up, self._detail, self._trouble = is_up, detail, self._access.trouble
        found = LinkChanged(
            "mqtt", is_up, self._trouble or detail, is_refused=is_refused or bool(self._trouble)
        )
        if found != self._told:
            self._told = found
            self._post(found)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
            if topic == self._echo_topic:
                self._echo.set()
            elif len(message.payload) > self._options.maximum_payload_bytes:
                self.dropped_messages += 1
            else:
                self._post(
                    MessageReceived(topic, bytes(message.payload), message.retain, self._boot_s())
                )
        except UnicodeDecodeError:  # a topic that is not UTF-8
            self.dropped_messages += 1
        except MemoryError:
            raise  # this thread ends and the watchdog starves: only a new process helps
        except Exception:
            self.dropped_messages += 1
            log.exception("mqtt.callback_crashed", callback="on_message")


def _is_listening(options: MqttOptions) -> bool:
    """Return whether a broker takes connections this moment."""
    try:
        with socket.create_connection((options.host, options.port), timeout=_PROBE_S):
            return True
    except (OSError, UnicodeError):
        return False


def _send_at_once(_client: Client, _userdata: object, connection: object) -> None:
    """Switch Nagle's algorithm off: it held readings back for 40 ms."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _tls_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        message = (
            f"mqtt.ca_file = {ca_file}: cannot be used ({error}); "
            "give a PEM file with the broker's authority"
        )
        raise PermanentError(message) from error
    if ca_file is not None:
        # A household's own authority seldom follows RFC 5280 to the letter, which Python asks for
        # from 3.13 on. Signature, host and dates are checked all the same.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _explain_failure(error: Exception, options: MqttOptions) -> str:
    """Say why no connection came about."""
    where = f"{options.host}:{options.port}"
    if (fault := certificate_fault(error)) is not None:
        return f"the certificate of {where} {fault}; check mqtt.host and mqtt.ca_file"
    if isinstance(error, ssl.SSLError | ConnectionResetError) and options.uses_tls:
        return f"no TLS with {where}: check mqtt.port and mqtt.tls"
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"there is no host {options.host}: check mqtt.host and the name server"
    return f"no broker answers at {where}: is mosquitto running?"


def _is_about_rights(reason: str) -> bool:
    lowered = reason.lower()
    return "authori" in lowered or "user name" in lowered or "password" in lowered


def _is_lasting(reason: str) -> bool:
    return _is_about_rights(reason) or "protocol version" in reason.lower()


def _explain_refusal(reason: str, options: MqttOptions) -> str:
    lowered = reason.lower()
    if "protocol version" in lowered:
        return f'the broker refuses MQTT {options.version}: set mqtt.version = "3.1.1"'
    if _is_about_rights(reason):
        who = options.username or "anonymous"
        return f"{NOT_AUTHORISED} as {who}: check mqtt.username and mqtt_password"
    return f"the broker refused the connection: {reason}"
