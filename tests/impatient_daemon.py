"""Start the real daemon with little patience: `-m tests.impatient_daemon run ...`.

What it waits for Home Assistant is divided by 12.5, so that a time-out of 10 s takes 0.8 s.
"""

from __future__ import annotations

import functools

from daemon import cli
from daemon.bootstrap import roads
from integrations.ha_events import HomeAssistantEvents, StreamPace
from integrations.home_assistant import HomeAssistant

FASTER = 12.5
PACE = StreamPace(
    connect_within_s=10.0 / FASTER,
    ping_every_s=15.0 / FASTER,
    pong_within_s=10.0 / FASTER,
    first_retry_s=1.0 / FASTER,
    longest_retry_s=60.0 / FASTER,
    refused_retry_s=300.0 / FASTER,
)


def main() -> None:
    """Be `keepcool`, in a hurry."""
    timeout_s = (3.0 / FASTER, 10.0 / FASTER)
    vars(roads).update(
        HomeAssistant=functools.partial(HomeAssistant, timeout_s=timeout_s),
        HomeAssistantEvents=functools.partial(HomeAssistantEvents, pace=PACE),
    )
    cli.main()


if __name__ == "__main__":
    main()
