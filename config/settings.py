"""Load the household's settings: file, environment and secrets, refused as a whole or not at all.

`config.sources` says which of several sources counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from config.addresses import is_private, is_this_machine, read_address
from config.credentials import resolve
from config.errors import Problem, SettingsError
from config.model import (
    CarerTable,
    Document,
    ElectricityTable,
    HeartbeatTable,
    HomeAssistantTable,
    HomeTable,
    MqttTable,
    OfficialWarningTable,
    PersonTable,
    RoomTable,
    ThresholdsTable,
    WeatherTable,
)
from config.overrides import override
from config.relations import Relations
from config.second_roads import SecondRoad, read_second_roads
from config.source import Loading, Source, read_document
from config.sources import BY_SUPERVISOR
from config.translation import translate_errors

PLAIN_PORT = 1883
TLS_PORT = 8883


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold settings that are complete and consistent. Secrets are `SecretStr` and never printed."""

    home: HomeTable
    mqtt: MqttTable
    home_assistant: HomeAssistantTable | None
    weather: WeatherTable
    official_warnings: tuple[OfficialWarningTable, ...]
    thresholds: ThresholdsTable
    people: tuple[PersonTable, ...]
    rooms: tuple[RoomTable, ...]
    state_directory: Path
    carers: tuple[CarerTable, ...] = ()
    second_roads: tuple[SecondRoad, ...] = ()
    heartbeat: HeartbeatTable | None = None
    electricity: ElectricityTable = field(default_factory=ElectricityTable)
    ca_file: Path | None = None
    path: Path | None = None
    absent_secrets: tuple[Problem, ...] = ()  # empty unless loaded with require_secrets=False
    source: Source = field(default_factory=lambda: Source("settings"), repr=False, compare=False)

    @property
    def mqtt_port(self) -> int:
        """Return the broker's port: as set, else 8883 with TLS and 1883 without."""
        return self.mqtt.port or (TLS_PORT if self.mqtt.tls else PLAIN_PORT)

    @property
    def mqtt_password(self) -> str | None:
        """Return the broker's password in the clear, for the adapter alone."""
        return self.mqtt.password.get_secret_value() if self.mqtt.password else None

    @property
    def home_assistant_token(self) -> str | None:
        """Return Home Assistant's token in the clear, for the adapter alone."""
        if self.home_assistant is None or self.home_assistant.token is None:
            return None
        return self.home_assistant.token.get_secret_value()

    @property
    def heartbeat_url(self) -> str | None:
        """Return where heartbeats go in the clear, for the adapter alone."""
        if self.heartbeat is None or self.heartbeat.url is None:
            return None
        return self.heartbeat.url.get_secret_value()

    @property
    def is_mqtt_readable_by_others(self) -> bool:
        """Return whether MQTT leaves this machine without encryption."""
        is_near = is_this_machine(self.mqtt.host) or self._is_provided("mqtt", "host")
        return not (self.mqtt.tls or is_near)

    @property
    def is_home_assistant_readable_by_others(self) -> bool:
        """Return whether the token leaves this machine without encryption."""
        if self.home_assistant is None or self._is_provided("home_assistant", "url"):
            return False
        address = read_address(self.home_assistant.url)
        return address is not None and not (address.is_encrypted or is_this_machine(address.host))

    def _is_provided(self, table: str, key: str) -> bool:
        """Return whether the Supervisor gave this address: one of the same machine."""
        return self.source.where((table, key)) == BY_SUPERVISOR

    @property
    def is_mqtt_private(self) -> bool:
        """Return whether the broker is inside the home."""
        return is_private(self.mqtt.host)


def load_settings(
    path: Path | None,
    *,
    environ: Mapping[str, str],
    credentials_directory: Path | None,
    require_secrets: bool,
    text: str | None = None,
    second_roads: Mapping[str, str] = MappingProxyType({}),
    changes: Sequence[str] = (),
) -> Settings:
    """Load and check everything; `path=None` means environment variables only.

    Without `require_secrets` an absent secret is a warning (`Settings.absent_secrets`); one that is
    empty, a placeholder or readable by everyone is refused either way.

    Args:
        path: the settings file; relative paths in it start from its folder.
        environ: the environment's variables.
        credentials_directory: systemd's own.
        require_secrets: whether an absent secret is refused.
        text: what counts instead of the file's content.
        second_roads: addresses by channel, which count instead of their files.
        changes: settings that count instead of the file's, see `config.overrides`.

    Raises: SettingsError with all problems at once.
    """
    document, source = read_document(path, text) if path else ({}, Source("the environment"))
    base = path.parent.absolute() if path else Path.cwd()
    document, unmade = override(document, source, changes)
    loading = Loading(document, source, environ, credentials_directory, base)
    loading.second_roads = second_roads
    problems, absent = loading.problems, loading.absent
    problems += unmade
    checked = None
    try:
        checked = Document(loading)
    except ValidationError as err:
        problems += translate_errors(err, loading.merged, source)
    problems += Relations(loading.merged, source).problems()
    if checked is None:
        raise SettingsError(_in_reading_order(problems, absent, require_secrets))
    ca_file = resolve(checked.mqtt.ca_file, base) if checked.mqtt.ca_file else None
    if ca_file is not None and not ca_file.is_file():
        where = source.where(("mqtt", "ca_file"))
        fix = "name the certificate of the authority that signed the broker's"
        problems.append(Problem(where, "mqtt.ca_file", f"there is no file {ca_file}", fix=fix))
    roads = read_second_roads(checked, loading)
    if problems or (require_secrets and absent):
        raise SettingsError(_in_reading_order(problems, absent, require_secrets))
    return Settings(
        home=checked.home,
        mqtt=checked.mqtt,
        home_assistant=checked.home_assistant,
        weather=checked.weather,
        official_warnings=checked.official_warnings,
        thresholds=checked.thresholds,
        people=checked.people,
        rooms=checked.rooms,
        state_directory=_state_directory(checked.storage.state_directory, base, environ),
        carers=checked.carers,
        second_roads=roads,
        heartbeat=checked.heartbeat,
        electricity=checked.electricity,
        ca_file=ca_file,
        path=path,
        absent_secrets=tuple(absent),
        source=source,
    )


def find_state_directory(path: Path, environ: Mapping[str, str]) -> Path:
    """Return where the state lies although the settings may be refused.

    What is no TOML any more cannot say it: then systemd's own counts, or the user's home.
    """
    named: object = environ.get("KEEPCOOL_STORAGE__STATE_DIRECTORY")
    with suppress(SettingsError):
        table = read_document(path)[0].get("storage")
        if named is None and isinstance(table, Mapping):
            named = table.get("state_directory")
    usable = named if isinstance(named, str) and named and "\0" not in named else None
    return _state_directory(usable, path.parent.absolute(), environ)


def _state_directory(named: str | None, base: Path, environ: Mapping[str, str]) -> Path:
    """Return where the database lives: as set, as systemd says, or in the user's home."""
    if named is not None:
        return resolve(named, base)
    by_systemd = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if by_systemd:
        return Path(by_systemd)
    home = environ.get("HOME", "")
    return (Path(home) if home else resolve("~", base)) / ".local" / "state" / "keepcool"


def _in_reading_order(
    problems: list[Problem],
    absent: list[Problem],
    require_secrets: bool,  # noqa: FBT001 - private
) -> list[Problem]:
    """Sort problems as a reader meets them in the file, each told once."""
    told = dict.fromkeys([*problems, *absent] if require_secrets else problems)

    def line(problem: Problem) -> tuple[str, int]:
        file_name, _, number = problem.where.rpartition(":")
        is_line = number.isdecimal()
        return (file_name if is_line else problem.where, int(number) if is_line else 0)

    return sorted(told, key=line)
