"""Answer each message with a message: what broker and paho cost without anything of keepcool."""

from __future__ import annotations

import socket
import sys

from paho.mqtt.client import Client, MQTTMessage, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

ASKED, ANSWERED = "bench/asked/", "bench/answered/"


def _on_connect(client: Client, *_: object) -> None:
    client.subscribe(f"{ASKED}#", qos=1)


def _on_message(client: Client, _userdata: object, message: MQTTMessage) -> None:
    client.publish(ANSWERED + message.topic.removeprefix(ASKED), message.payload)


def _on_socket_open(_client: Client, _userdata: object, connection: object) -> None:
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def main(port: int, version: str) -> None:
    """Answer until killed."""
    protocol = MQTTv5 if version == "5" else MQTTv311
    client = Client(CallbackAPIVersion.VERSION2, "responder", protocol=protocol)
    client.on_connect = _on_connect
    client.on_message = _on_message
    client.on_socket_open = _on_socket_open
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
