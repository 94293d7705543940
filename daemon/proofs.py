"""Remember when each person and carer last pressed a button: what proves the road to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from daemon.clock import Instant
from daemon.records import Changes, read_json, to_json
from daemon.wall_clock import restamped
from policies.model import RoadProof

PROOF_KEY = "proof/"


@dataclass(frozen=True, slots=True)
class ProofMemory:
    """Hold what is known of one of them; whoever never pressed counts from when they were new."""

    known: Instant
    pressed: Instant | None = None


class Proofs:
    """Own the memory; only the loop touches it."""

    def __init__(self, recipient_ids: Iterable[str]) -> None:
        """Know whose phones there are."""
        self._recipient_ids = tuple(recipient_ids)
        self._memory: dict[str, ProofMemory] = {}

    def restore(self, memory: Mapping[str, str]) -> None:
        """Take over what earlier runs kept."""
        for recipient_id in self._recipient_ids:
            body = memory.get(PROOF_KEY + recipient_id)
            found = None if body is None else read_json(ProofMemory, body)
            if found is not None:
                self._memory[recipient_id] = found

    def meet(self, now: Instant, changes: Changes) -> None:
        """Note from when on those count who are new; call it only when the clock is right."""
        for recipient_id in self._recipient_ids:
            if recipient_id not in self._memory:
                self._set(recipient_id, ProofMemory(now), changes)

    def note_press(self, recipient_id: str, now: Instant, changes: Changes) -> None:
        """Note that a button on one of their messages was pressed."""
        known = self._memory.get(recipient_id, ProofMemory(now))
        self._set(recipient_id, replace(known, pressed=now), changes)

    def restamp(self, now: Instant, changes: Changes) -> None:
        """Correct the wall times after a step; the ages stay."""
        for recipient_id, memory in list(self._memory.items()):
            corrected = restamped(memory, now)
            if corrected != memory:
                self._set(recipient_id, corrected, changes)

    def pressed(self, recipient_id: str) -> Instant | None:
        """Return when they last pressed one; `None`: never."""
        known = self._memory.get(recipient_id)
        return None if known is None else known.pressed

    def conditions(self, now: Instant) -> tuple[RoadProof, ...]:
        """Return how long ago each of them proved the road."""
        return tuple(
            RoadProof(name, (known.pressed or known.known).plausible_elapsed_until(now))
            for name, known in self._memory.items()
        )

    def _set(self, recipient_id: str, memory: ProofMemory, changes: Changes) -> None:
        self._memory[recipient_id] = memory
        changes.memory[PROOF_KEY + recipient_id] = to_json(memory)
