"""Build what Home Assistant is told to show."""

from __future__ import annotations

from config.home import build_home, build_motion, build_people, build_presence, build_rooms
from config.settings import Settings
from daemon import __version__
from daemon.faces import Topics
from integrations.discovery import Household
from policies.texts_en import ENTITY_NAMES


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
    )
