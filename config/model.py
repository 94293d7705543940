"""Describe every table and key of the settings file, with defaults and allowed ranges.

Each number's default and range come from EVIDENCE 8 unless its comment says otherwise.
Relations between keys are checked in `config.relations`, so that they are all told at once.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config import sources
from config.credentials import check_secret
from config.fields import (
    AnnouncerEntity,
    BaseTopic,
    Between,
    ClockTime,
    CoolingEntity,
    Country,
    EmergencyNumber,
    HomeAssistantUrl,
    Host,
    Id,
    MatchValue,
    MotionEntity,
    Name,
    NotifyService,
    PresenceEntity,
    SensorEntity,
    Switch,
    Text,
    TimeZone,
    Topic,
    Url,
    VoiceEntity,
    one_of,
)
from config.picture_fields import PictureFolder
from config.source import Loading
from config.table import Table
from config.weather_fields import (
    Contact,
    MeteoalarmCountry,
    NwsZone,
    WarningServiceName,
    WeatherEntity,
    WeatherSourceName,
)

_UNITS = (("°C", "C"), ("°F", "F"), ("c", "C"), ("f", "F"), ("celsius", "C"), ("fahrenheit", "F"))
Unit = Annotated[str, BeforeValidator(one_of("C", "F", spellings=_UNITS))]
Quantity = Annotated[str, BeforeValidator(one_of("temperature", "humidity"))]
MqttVersion = Annotated[str, BeforeValidator(one_of("5", "3.1.1"))]
PhoneApp = Annotated[str, BeforeValidator(one_of("android", "iphone"))]
CoolingUse = Annotated[
    str, BeforeValidator(one_of("air_conditioner", "fan", "vent", "dehumidifier", "blind"))
]
Secret = Annotated[SecretStr | None, BeforeValidator(check_secret)]

LONG_CONTACT_S = 86_400
PROTECTION_S = Between(120, 1800, "s", off=0)  # compressors need their rest
FACING = Between(0, 359, "°")  # a compass direction: 0 north, 90 east, 180 south, 270 west
SUN_WITHIN = Between(20, 90, "°")  # a window in a plain wall sees 90, a deep one less
LOWEST_SUN = Between(0, 45, "°")  # under this, what stands opposite keeps the sun away


class HomeTable(Table):
    """`[home]`: where the home is; the place serves the forecast, the country the safety texts."""

    name: Name
    id: Id | None = None  # part of the MQTT topics; from the name when it is not given
    latitude_deg: Annotated[float, Between(-90, 90, "°")]
    longitude_deg: Annotated[float, Between(-180, 180, "°")]
    time_zone: TimeZone
    country: Country
    emergency_number: EmergencyNumber | None = None  # overrides the country's


class MqttTable(Table):
    """`[mqtt]`: the broker that the sensors speak to."""

    host: Host = "localhost"
    port: Annotated[int, Between(1, 65535)] | None = None  # 1883, or 8883 with tls
    username: Text | None = None
    password: Secret = None
    password_file: Text | None = None
    tls: Switch = False
    ca_file: Text | None = None  # the home's own certificate authority
    client_id: Id | None = None
    version: MqttVersion = "5"
    base_topic: BaseTopic = "keepcool"
    discovery: Switch = True  # have Home Assistant show keepcool's devices by itself
    discovery_prefix: BaseTopic = "homeassistant"  # as set in Home Assistant's MQTT options
    pictures: Switch = True  # with discovery: draw each room's next 24 hours
    keepalive_s: Annotated[int, Between(5, 600, "s")] = 30
    allow_plaintext: Switch = False


class HomeAssistantTable(Table):
    """`[home_assistant]`: the road to phones and cooling."""

    url: HomeAssistantUrl  # without /api
    token: Secret = None
    token_file: Text | None = None
    allow_plaintext: Switch = False
    picture_folder: PictureFolder | None = None  # its www or media folder, on this machine


class WeatherTable(Table):
    """`[weather]`: where the forecast comes from; the next source is asked when one fails."""

    sources: tuple[WeatherSourceName, ...] = ("open_meteo",)
    contact: Contact | None = None  # MET Norway and the NWS want to know who asks
    entity: WeatherEntity | None = None  # of Home Assistant
    base_url: Url | None = None  # an Open-Meteo server of one's own
    poll_interval_s: Annotated[int, Between(60, 21_600, "s")] = 1800


class OfficialWarningTable(Table):
    """`[[official_warning]]`: whose official heat warnings to hear, and for which area."""

    service: WarningServiceName
    zone: NwsZone | None = None  # of the NWS; the home's place when it is not given
    country: MeteoalarmCountry | None = None
    area: Text | None = None  # of MeteoAlarm: its code or its name


class HeartbeatTable(Table):
    """`[heartbeat]`: a monitoring service tells a carer when keepcool itself falls silent."""

    url: Secret = None
    url_file: Text | None = None
    interval_s: Annotated[int, Between(60, 300, "s")] = 120  # with 10 min of patience: 15 min


class DearTable(Table):
    """`[[electricity.dear]]`: a time of day at which electricity is dear."""

    from_at: ClockTime = Field(alias="from")
    until: ClockTime


class ElectricityTable(Table):
    """`[electricity]`: what cooling may draw, and when it is dear."""

    max_cooling_power_w: Annotated[float, Between(100, 20_000, "W")] | None = None  # no limit
    dear: tuple[DearTable, ...] = ()


class StorageTable(Table):
    """`[storage]`: where keepcool keeps its database."""

    state_directory: Text | None = None


class ThresholdsTable(Table):
    """`[thresholds]`: how fast and how often keepcool judges and speaks."""

    rolling_window_s: Annotated[float, Between(60, 3600, "s", off=0)] = 1800.0
    fast_window_s: Annotated[float, Between(60, 1800, "s", off=0)] = 600.0
    resolve_hold_s: Annotated[float, Between(0, 3600, "s")] = 900.0
    hysteresis_c: Annotated[float, Between(0, 2, "°C")] = 0.5
    unanswered_critical_s: Annotated[float, Between(60, 3600, "s")] = 900.0
    planning_horizon_h: Annotated[float, Between(1, 24, "h", off=0)] = 8.0
    nudges_per_day: Annotated[int, Between(0, 24)] = 6
    pushes_per_day: Annotated[int, Between(1, 24)] = 8
    budgets: Switch = True  # false: no limit on messages a day, for test benches
    max_step_c_per_min: Annotated[float, Between(1, 60, "°C", off=0)] = 10.0
    repeat_interval_s: Annotated[float, Between(0, LONG_CONTACT_S, "s")] = 10_800.0
    mqtt_trouble_after_s: Annotated[float, Between(10, LONG_CONTACT_S, "s")] = 300.0
    forecast_usable_h: Annotated[float, Between(1, 48, "h")] = 12.0
    decision_interval_s: Annotated[float, Between(0.01, 60, "s")] = 1.0


class StayTable(Table):
    """`[[person.stay]]`: a room in which a person usually is from one time of day to another."""

    room: Id
    from_at: ClockTime = Field(alias="from")
    until: ClockTime


class PhoneTable(Table):
    """`[[person.phone]]`: a phone with the Home Assistant app."""

    service: NotifyService
    kind: PhoneApp


class SecondRoadTable(Table):
    """`[[person.second_road]]`, `[[carer.second_road]]`: a road beside Home Assistant (apprise)."""

    url_file: Text | None = None  # else second_road_<id> in the folder of secrets


class AnnouncerTable(Table):
    """`[[person.announcer]]`: a speaker or light that tells what is critical in the home itself."""

    entity: AnnouncerEntity
    tts: VoiceEntity | None = None  # of a speaker: what makes speech of a text


class PersonTable(Table):
    """`[[person]]`: someone keepcool looks after, with their own limits in °C."""

    id: Id
    name: Name
    rooms: tuple[Id, ...] = ()
    stays: tuple[StayTable, ...] = Field(default=(), alias="stay")
    phones: tuple[PhoneTable, ...] = Field(default=(), alias="phone")
    second_roads: tuple[SecondRoadTable, ...] = Field(default=(), alias="second_road")
    announcers: tuple[AnnouncerTable, ...] = Field(default=(), alias="announcer")
    presence_entity: PresenceEntity | None = None  # tells whether they are at home
    level_1_c: Annotated[float, Between(23, 28, "°C")] = 26.0
    level_2_c: Annotated[float, Between(26, 31, "°C")] = 29.0
    level_3_c: Annotated[float, Between(29, 33, "°C")] = 32.0
    night_level_1_c: Annotated[float, Between(20, 26, "°C")] = 24.0
    night_level_2_c: Annotated[float, Between(20, 26, "°C")] = 26.0
    offset_c: Annotated[float, Between(-3, 2, "°C")] = 0.0
    heat_sensitive: Switch = False
    reduced_sweating: Switch = False
    fluid_or_salt_loss: Switch = False
    circulation: Switch = False
    heat_production_or_set_point: Switch = False
    lithium_or_narrow: Switch = False
    fluid_restricted: Switch = False
    wake_at: ClockTime = time(7, 0)
    bed_at: ClockTime = time(22, 30)
    quiet_from: ClockTime | None = None  # bed_at when it is not given
    quiet_until: ClockTime | None = None  # wake_at when it is not given
    brief_at: ClockTime | None = None  # no brief without it
    drinks_goal_ml: Annotated[int, Between(1000, 3000, "ml")] | None = None
    portion_ml: Annotated[int, Between(100, 300, "ml")] = 200
    drink_interval_s: Annotated[float, Between(2700, 10_800, "s")] = 7200.0
    evening_cut_off_s: Annotated[float, Between(0, 14_400, "s")] = 7200.0


class CarerTable(Table):
    """`[[carer]]`: somebody who is told when a person does not answer."""

    id: Id
    name: Name
    people: tuple[Id, ...] = ()  # whom they care for; everybody when it is not given
    phones: tuple[PhoneTable, ...] = Field(default=(), alias="phone")
    second_roads: tuple[SecondRoadTable, ...] = Field(default=(), alias="second_road")


class SensorTable(Table):
    """`[[room.sensor]]`: one sensor; without paths the well-known kinds are recognised.

    Its values come either by a topic or by an entity of Home Assistant.
    """

    id: Id | None = None  # from the topic or the entity when it is not given
    topic: Topic | None = None
    entity: SensorEntity | None = None
    humidity_entity: SensorEntity | None = None
    humidity_topic: Topic | None = None  # where humidity comes in messages of its own
    availability_topic: Topic | None = None
    temperature_path: Text | None = None
    humidity_path: Text | None = None
    unit: Unit | None = None
    match: dict[str, MatchValue] = Field(default_factory=dict)  # only messages that say this
    quantity: Quantity | None = None  # what a bare number means
    stale_after_s: Annotated[float, Between(60, LONG_CONTACT_S, "s")] | None = None


class MotionTable(Table):
    """`[[room.motion]]`: a sensor that tells that somebody moves in the room."""

    topic: Topic | None = None
    entity: MotionEntity | None = None


class CoolingTable(Table):
    """`[[room.cooling]]`: a device that keepcool may switch, through Home Assistant or by MQTT."""

    id: Id | None = None  # from the entity or the command topic when it is not given
    entity: CoolingEntity | None = None
    command_topic: Topic | None = None  # of an MQTT plug, instead of an entity
    state_topic: Topic | None = None  # known for the usual families
    availability_topic: Topic | None = None
    state_path: Text | None = None  # "state" otherwise
    payload_on: Text | None = None  # these four: for a plug of no known family
    payload_off: Text | None = None
    state_on: Text | None = None
    state_off: Text | None = None
    own_timer: Switch = True  # false: the plug cannot go off by itself
    name: Name | None = None
    role: CoolingUse | None = None  # switches and plugs; of a fan, vent
    facing_deg: Annotated[float, FACING] | None = None  # blinds; else the room's window says it
    sun_within_deg: Annotated[float, SUN_WITHIN] = 75.0
    lowest_sun_deg: Annotated[float, LOWEST_SUN] = 5.0
    shaded_position_pct: Annotated[int, Between(0, 50, "%")] = 0  # blinds: 0 is closed
    drying_humidity_pct: Annotated[int, Between(40, 60, "%")] = 50  # dehumidifiers
    drying_mode: Text | None = None  # for a device that also humidifies
    target_day_c: Annotated[float, Between(20, 26, "°C")] = 24.0
    target_night_c: Annotated[float, Between(20, 26, "°C")] = 22.0
    minimum_on_s: Annotated[float, PROTECTION_S] | None = None  # 600, fans 120
    minimum_off_s: Annotated[float, PROTECTION_S] | None = None
    max_run_s: Annotated[float, Between(14_400, LONG_CONTACT_S, "s")] = 43_200.0
    blind_cooling_max_s: Annotated[float, Between(0, 21_600, "s")] = 10_800.0
    override_s: Annotated[float, Between(1800, 43_200, "s")] = 7200.0
    fan_percentage: Annotated[int, Between(1, 100, "%")] | None = None
    power_entity: SensorEntity | None = None
    power_topic: Topic | None = None
    power_path: Text | None = None  # for a message that is not recognised
    running_power_w: Annotated[float, Between(1, 3000, "W")] = 50.0
    power_w: Annotated[float, Between(50, 6000, "W")] | None = None  # by its type plate


class WindowTable(Table):
    """`[[room.window]]`: where a window without a motor looks to, for advice on its blind."""

    facing_deg: Annotated[float, FACING]
    sun_within_deg: Annotated[float, SUN_WITHIN] = 75.0
    lowest_sun_deg: Annotated[float, LOWEST_SUN] = 5.0


class RoomTable(Table):
    """`[[room]]`: a room with its sensors, cooling and windows."""

    id: Id
    name: Name
    bedroom: Switch = False
    sensors: tuple[SensorTable, ...] = Field(default=(), alias="sensor")
    motion: tuple[MotionTable, ...] = ()
    cooling: tuple[CoolingTable, ...] = ()
    windows: tuple[WindowTable, ...] = Field(default=(), alias="window")


class Document(BaseSettings, Table):
    """The whole file, with everything that lies over and under it."""

    model_config = SettingsConfigDict(
        env_prefix=sources.PREFIX,
        env_nested_delimiter=sources.SEPARATOR,
        validate_default=False,
    )

    secrets_directory: Text | None = None
    home: HomeTable
    mqtt: MqttTable = Field(default_factory=MqttTable)
    home_assistant: HomeAssistantTable | None = None
    weather: WeatherTable = Field(default_factory=WeatherTable)
    official_warnings: tuple[OfficialWarningTable, ...] = Field(
        default=(), alias="official_warning"
    )
    heartbeat: HeartbeatTable | None = None
    storage: StorageTable = Field(default_factory=StorageTable)
    electricity: ElectricityTable = Field(default_factory=ElectricityTable)
    thresholds: ThresholdsTable = Field(default_factory=ThresholdsTable)
    people: tuple[PersonTable, ...] = Field(default=(), alias="person")
    carers: tuple[CarerTable, ...] = Field(default=(), alias="carer")
    rooms: tuple[RoomTable, ...] = Field(default=(), alias="room")

    def __init__(self, loading: Loading) -> None:
        """Load everything; what pydantic cannot judge is noted in `loading`."""
        super().__init__(loading=loading)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources, the strongest first."""
        loading = init_settings()["loading"]
        order = (
            sources.EnvironmentSource,
            sources.CredentialsSource,
            sources.FileSource,
            sources.ProvidedSource,
            sources.SecretsSource,
        )
        return tuple(source(settings_cls, loading) for source in order)
