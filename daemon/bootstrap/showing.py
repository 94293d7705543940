"""Build what Home Assistant is told to show."""

from __future__ import annotations

import json
from dataclasses import replace

from config.home import (
    build_carers,
    build_home,
    build_motion,
    build_people,
    build_presence,
    build_rooms,
)
from config.settings import Settings
from daemon import __version__, dashboard
from daemon.faces import Topics
from integrations.discovery import Household, announcements
from policies.heat_limits import every_room_of
from policies.texts_en import ENTITY_NAMES
from policies.wording import safety_card


def build_household(settings: Settings) -> Household:
    """Build the home as it is announced; without discovery what was announced is taken back."""
    home, mqtt = build_home(settings), settings.mqtt
    return Household(
        home_id=home.home_id,
        home_name=home.name,
        rooms=build_rooms(settings),
        people=build_people(settings),
        topics=Topics(mqtt.base_topic, home.home_id),
        names=ENTITY_NAMES,
        version=__version__,
        prefix=mqtt.discovery_prefix if mqtt.discovery else None,
        motion_rooms=frozenset(motion.room_id for motion in build_motion(settings)),
        presence_people=frozenset(each.person_id for each in build_presence(settings)),
        has_official_warnings=bool(settings.official_warnings),
        carers=build_carers(settings),
        picture_rooms=_picture_rooms(settings),
    )


def _picture_rooms(settings: Settings) -> frozenset[str]:
    """Return the rooms in which somebody is at times: elsewhere there is no limit to draw."""
    if not (settings.mqtt.pictures and settings.mqtt.discovery):
        return frozenset()
    known = {room.id for room in settings.rooms}
    used = (every_room_of(person) for person in build_people(settings))
    return frozenset(known & set().union(*used))


def render_dashboard(settings: Settings) -> str:
    """Return the YAML of a dashboard for the household, with the entity ids that are announced."""
    household = replace(build_household(settings), prefix="homeassistant")
    announced = [json.loads(each.payload) for each in announcements(household, {})]
    ids = dashboard.read_ids(announced, household.home_id)
    shown = dashboard.Shown(
        household.home_name,
        household.rooms,
        household.people,
        ids,
        safety_card(build_home(settings)),
    )
    topics = Topics(settings.mqtt.base_topic, household.home_id)
    lines = [*dashboard.describe(shown, topics.root), *dashboard.to_yaml(dashboard.lay_out(shown))]
    return "\n".join(lines)
