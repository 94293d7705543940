"""Start the real daemon with one thing wrong: `-m tests.unwell_daemon ILLNESS run ...`.

Ticks and signs of life come every 0.2 s instead of 10 s and 120 s, a job counts as hanging after
0.5 s instead of 120 s, and a start waits 2 s for its disk instead of 40 s.
Nothing else differs from `keepcool run` before the illness breaks out.

ILLNESS:
    none: healthy, for comparison.
    blocked_dns: asking for any address but a numeric one never comes back.
    mqtt_callback: an exception leaves paho's callback at the first message, which ends its thread.
    stuck_loop: the second decision never ends.
    leak: from the first decision on, memory is taken until there is none.
    broken_start: building it crashes, but for basic mode.

What takes minutes for basic mode takes moments: settings prove themselves, trouble is said.
"""

from __future__ import annotations

import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from daemon import basic_mode, cli, delivery, outbox, rescue
from daemon.bootstrap import running
from daemon.loop import Daemon
from integrations.mqtt import MqttClient
from policies import data_quality
from policies.model import Decision, Snapshot

TICK = MOMENT = timedelta(seconds=0.2)
HANGING_AFTER_S = 0.5
OPENING_S = 2.0
PIECES_BYTES = (64 * 1024, 4096, 256, 16)


def hang() -> None:
    """Never come back."""
    threading.Event().wait()


def block_names() -> None:
    """Let every look-up of a name hang, as a resolver without an answer may do for minutes."""
    look_up = socket.getaddrinfo

    def ask(host: str, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - of getaddrinfo
        if host != "127.0.0.1":
            hang()
        return look_up(host, *arguments, **named)

    socket.getaddrinfo = ask  # type: ignore[assignment]


def break_callback() -> None:
    """Let the callback raise past its own guard."""

    def raise_error(*_arguments: object) -> None:
        raise RuntimeError("planted")

    MqttClient._on_message = raise_error  # type: ignore[assignment,method-assign]


def leak() -> None:
    """Take memory until there is none, and go on trying."""
    kept: tuple[object, ...] = ()  # a chain: a list could not grow long before memory ends
    while True:
        for size in PIECES_BYTES:  # the small ones fill the gaps that the large ones leave
            try:
                while True:
                    kept = (kept, bytes(size))
            except MemoryError:
                continue
        time.sleep(0.01)


def deciding(
    illness: str, decide: Callable[[Snapshot], Decision]
) -> Callable[[Snapshot], Decision]:
    """Return the policies, which fall ill in time."""
    numbers = itertools.count(1)

    def decide_unwell(snapshot: Snapshot) -> Decision:
        number = next(numbers)
        if illness == "stuck_loop" and number > 1:
            hang()
        if illness == "leak" and number == 1:
            threading.Thread(target=leak, daemon=True).start()
        return decide(snapshot)

    return decide_unwell


def main() -> None:
    """Plant the illness and be `keepcool`."""
    illness = sys.argv.pop(1)
    if illness == "blocked_dns":
        block_names()
    if illness == "mqtt_callback":
        break_callback()
    delivery.LONGEST_JOB_S = HANGING_AFTER_S
    rescue.OPENING_S = OPENING_S
    basic_mode.PROVED_AFTER = data_quality.BASIC_MODE_TROUBLE_AFTER = MOMENT  # type: ignore[misc]
    outbox.SETTLING_S = MOMENT.total_seconds()
    build = running.build_daemon

    def build_unwell(*arguments: Any, **named: Any) -> Daemon:  # noqa: ANN401 - passed on
        if illness == "broken_start" and not named["start"].is_basic:
            raise RuntimeError("planted")
        daemon = build(*arguments, **named)
        decide = deciding(illness, daemon.parts.decide)
        daemon.parts = replace(daemon.parts, tick_interval=TICK, decide=decide)
        daemon.dispatcher._beat_interval_s = TICK.total_seconds()
        return daemon

    running.build_daemon = build_unwell
    cli.main()


if __name__ == "__main__":
    main()
