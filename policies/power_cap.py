"""Keep the home's cooling under its limit of electric power, and take turns where it is too little.

The limit is a fuse: nothing passes it, no level and no minimum time. What runs without keepcool
counts too, until nobody has seen it for an hour. Devices start one after the other. The room that
is worse for a person comes first, then the one that somebody is in; of equals one runs for an hour,
then the other gets its turn. One whose room is at its target gives way to any.

Source: our own choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from policies.alert import HeatLevel
from policies.cooling_commands import leave, release
from policies.cooling_view import RoomView
from policies.model import CoolingAction, CoolingCommand, DeviceConditions

TURN = timedelta(hours=1)
START_APART = timedelta(minutes=1)
# As long as a lease lasts at most, and a turn: what is unplugged must not hold up others for ever.
COUNTS_UNSEEN = timedelta(hours=1)
_MESSAGE = "cooling_power_cap"


@dataclass(frozen=True, slots=True)
class Wish:
    """Carry what the plan wants of a device by its room alone."""

    view: RoomView
    device: DeviceConditions
    command: CoolingCommand

    @property
    def device_id(self) -> str:
        """Return whose wish it is."""
        return self.device.device.device_id

    @property
    def power_w(self) -> float:
        """Return what the device draws while it runs."""
        return self.device.device.power_w or 0.0

    @property
    def is_on(self) -> bool:
        """Return whether it draws power now, or may: what was commanded counts until it is seen.

        What did not respond and is seen to be off keeps no power from the others, nor does what is
        lost from sight.
        """
        if self.is_lost:
            return False
        observed = self.device.observed
        if observed is not None and observed.is_on:
            return True
        is_dead = self.device.has_failed and self.device.is_available and observed is not None
        has_lease = self.device.lease is not None
        return not is_dead and (self.is_kept or (has_lease and observed is None))

    @property
    def is_lost(self) -> bool:
        """Return whether it is out of sight for so long that what it did last counts no more."""
        unseen_for = self.device.unseen_for
        return unseen_for is not None and unseen_for >= COUNTS_UNSEEN

    @property
    def is_kept(self) -> bool:
        """Return whether keepcool runs it and wants to go on."""
        return self.device.lease is not None and self.command.action is CoolingAction.RUN

    @property
    def is_at_target(self) -> bool:
        """Return whether it only holds its room where another one could be cooled."""
        aim, value_c = self.view.aim(self.device.device), self.view.effective_c
        return aim is not None and value_c is not None and value_c <= aim.end_c

    @property
    def is_new(self) -> bool:
        """Return whether it is to start now."""
        is_ours = self.device.lease is not None
        is_wanted = self.command.action is CoolingAction.RUN and not self.is_lost
        return is_wanted and not (is_ours or self.is_on)


def within_cap(
    wishes: Sequence[Wish], levels: Mapping[str, HeatLevel], limit_w: float | None
) -> list[CoolingCommand]:
    """Return the commands that may be given, in order; the others wait or end, and say so.

    Args:
        wishes: one for each device of the home.
        levels: of the rooms, by id.
        limit_w: what all devices may draw together; `None` is no limit.
    """
    if limit_w is None:
        return [wish.command for wish in wishes]
    changed: dict[str, CoolingCommand] = {}

    def rank(wish: Wish) -> tuple[int, bool]:
        need = wish.view.need
        level = levels.get(wish.view.conditions.room.room_id, HeatLevel.NORMAL)
        return int(level), need is not None and need.is_now

    used_w = _sum_w([wish for wish in wishes if wish.is_on])
    kept = [wish for wish in wishes if wish.is_kept and wish.is_on and wish.power_w]
    kept.sort(key=rank)
    while kept and used_w > limit_w:  # somebody switched another one on
        used_w -= kept[0].power_w
        changed[kept[0].device_id] = _end(kept[0], wishes)
        kept = kept[1:]
    is_turn = not changed and not any(_has_just_started(wish) for wish in wishes)
    new = [wish for wish in wishes if wish.is_new and wish.power_w]
    for wish in sorted(new, key=lambda each: (rank(each), _rested(each)), reverse=True):
        is_first, is_turn = is_turn, False  # whoever comes first starts, or is waited for
        if is_first and used_w + wish.power_w <= limit_w:
            continue
        changed[wish.device_id] = _wait(wish, wishes)
        ours_w = _sum_w([e for e in kept if e.is_at_target or rank(e) <= rank(wish)])
        if is_first and used_w + wish.power_w - ours_w > limit_w:
            is_turn = True  # not even in its turn: another that fits need not wait for it
        may_yield = [each for each in kept if _yields(each, rank(each), rank(wish))]
        if is_first and used_w + wish.power_w - _sum_w(may_yield) <= limit_w:
            for each in may_yield:
                if used_w + wish.power_w > limit_w:
                    used_w -= each.power_w
                    changed[each.device_id] = _end(each, wishes)
    changed |= _lost_that_do_not_fit(wishes, changed, limit_w)
    return [changed.get(wish.device_id, wish.command) for wish in wishes]


def _lost_that_do_not_fit(
    wishes: Sequence[Wish], changed: Mapping[str, CoolingCommand], limit_w: float
) -> dict[str, CoolingCommand]:
    """Return the end of each wish for a device out of sight that would not fit if it came back.

    Nobody yields to what may never start, however hot its room is.
    """
    going = [
        wish
        for wish in wishes
        if wish.is_on or (wish.command.action is CoolingAction.RUN and not wish.is_lost)
    ]
    used_w = _sum_w([wish for wish in going if wish.device_id not in changed or wish.is_on])
    ended: dict[str, CoolingCommand] = {}
    for wish in wishes:
        if not wish.is_lost or wish.command.action is not CoolingAction.RUN:
            continue
        used_w += wish.power_w
        if wish.power_w and used_w > limit_w:
            used_w -= wish.power_w
            is_ours = wish.device.lease is not None
            ended[wish.device_id] = (_end if is_ours else _wait)(wish, wishes)
    return ended


def _yields(kept: Wish, kept_rank: tuple[int, bool], waiting_rank: tuple[int, bool]) -> bool:
    """Return whether a running device makes room for one that waits."""
    running_for = kept.device.lease.running_for if kept.device.lease else timedelta(0)
    if running_for < kept.device.device.minimum_on:
        return False
    is_turn_over = running_for >= TURN and waiting_rank == kept_rank
    return waiting_rank > kept_rank or is_turn_over or kept.is_at_target


def _sum_w(wishes: Sequence[Wish]) -> float:
    return sum(wish.power_w for wish in wishes)


def _has_just_started(wish: Wish) -> bool:
    since = wish.device.since_switched_on
    return bool(wish.power_w) and since is not None and since < START_APART


def _rested(wish: Wish) -> timedelta:
    """Return how long a device has been off; longest for one that never ran."""
    return wish.device.since_switched_off or timedelta.max


def _other_room(wish: Wish, wishes: Sequence[Wish]) -> str | None:
    others = (each for each in wishes if each is not wish and each.power_w and each.is_on)
    other = next(others, None)
    return None if other is None else other.view.conditions.room.name


def _wait(wish: Wish, wishes: Sequence[Wish]) -> CoolingCommand:
    return leave(wish.view, wish.device, _MESSAGE, over_room=_other_room(wish, wishes))


def _end(wish: Wish, wishes: Sequence[Wish]) -> CoolingCommand:
    return release(wish.view, wish.device, _MESSAGE, over_room=_other_room(wish, wishes))
