"""Make rooms out of names and topics, and ids out of rooms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_SPLIT = re.compile(r"[^\w]+|_+|(?<=[a-z])(?=[A-Z])")
_MACHINE = re.compile(r"0x[0-9a-f]+|\d+|(?=[0-9a-f]*\d)[0-9a-f]{4,}|[0-9a-f]{12,}", re.IGNORECASE)
_LONGEST_NAME = 40


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a name says besides the room.
_NOISE = _words(
    """
    sensor sensors sensoren state status stat tele events event rpc data readings reading value raw
    temperature temperatur temperatura temperatuur temp humidity hum humi feuchte luftfeuchtigkeit
    climate klima thermometer thermostat hygrometer thermo hygro th ht thp thb temphum temphumpres
    air quality environment env weather multisensor device node home house haus room zimmer
    homeassistant zigbee zigbee2mqtt z2m tasmota esphome esp esp32 esp8266 esp32dev wemos nodemcu
    shelly shellies shellyht shellyplusht shellyhtg3 shelly1 sonoff snzb aqara xiaomi mijia mi
    lywsd ikea vindstyrka timmerflotte tuya govee thermopro ruuvi ruuvitag switchbot meter netatmo
    bme bme280 bme680 bmp280 dht dht11 dht22 am2301 ds18b20 sht sht30 sht31 sht40 sht41 scd scd30
    scd40 scd41 si7021 htu21 aht10 aht20 rtl rtl433 raspi raspberry pi gateway theengsgateway
    omg openmqttgateway bttomqtt btto lywsdcgq pres theengs ble ble2mqtt bluetooth mqtt ecowitt
    ecowitt2mqtt airgradient co2 probe local current the of and friendly name my in indoor
    indoors inside innen
    """
)
_OUTDOORS = _words(
    """
    outdoor outdoors outside out garden balcony terrace patio porch yard roof garage carport shed
    greenhouse aussen außen draussen draußen garten balkon terrasse dach schuppen gewächshaus
    exterior exterieur extérieur dehors jardin balcon jardín esterno giardino balcone buiten tuin
    ute utomhus utendørs ulko outtemp
    """
)
_OTHER = _words(
    """
    freezer fridge refrigerator gefrierschrank gefriertruhe kühlschrank kuehlschrank frigo
    congelateur congélateur vriezer koelkast boiler heater kessel therme warmwasser water wasser eau
    acqua flow return supply vorlauf rücklauf ruecklauf heatpump wärmepumpe puffer buffer solar
    collector kollektor oven ofen grill bbq stove cpu chip processor soc board core disk drive nas
    router ups server printer inverter battery engine car auto aquarium terrarium vivarium pool spa
    jacuzzi sauna dishwasher washer washing dryer machine soil boden plant pflanze dew dewpoint
    taupunkt apparent feels setpoint target pipe cylinder tank chest meat fireplace kamin
    """
)
_VENT = _words(
    """
    window vent ventilation extractor exhaust hrv erv mvhr fenster fensterventilator lüftung
    lueftung abluft zuluft fenêtre fenetre vmc extracteur ventana finestra raam ventilatie
    """
)
_BEDROOM = (
    "bed", "schlaf", "chambre", "coucher", "camera da letto", "dormitorio", "slaap", "sov",
    "makuu", "sypialnia", "quarto",
)  # fmt: skip


def fitting_name(text: str) -> str:
    """Return a name as the settings take it: in one line, without what means something in topics.

    >>> fitting_name("Kitchen / dining")
    'Kitchen dining'
    """
    plain = "".join(sign if sign.isprintable() and sign not in "+#/" else " " for sign in text)
    return " ".join(plain.split()).lstrip("$ ")[:_LONGEST_NAME].strip()


def words_of(text: str) -> list[str]:
    """Return a text's words.

    >>> words_of("tele/Living_Room/SENSOR")
    ['tele', 'Living', 'Room', 'SENSOR']
    """
    return [word for word in _SPLIT.split(text) if word]


def room_name(text: str) -> str | None:
    """Return the room that a name or topic speaks of, or `None` when it names none.

    >>> room_name("zigbee2mqtt/living_room")
    'Living room'
    >>> room_name("shellies/shellyht-3CBD1F/sensor/temperature") is None
    True
    """
    words = [
        word
        for word in words_of(text)
        if not _MACHINE.fullmatch(word) and not _is_noise(word) and len(word) > 1
    ]
    kept = " ".join(dict.fromkeys(word.lower() for word in words))[:_LONGEST_NAME].strip()
    if not kept or kept in ("room", "zimmer"):
        return None
    return kept[0].upper() + kept[1:]


def _is_noise(word: str) -> bool:
    lowered = word.lower()
    if lowered in ("room", "zimmer"):  # "living room", but not "room" alone
        return False
    return lowered in _NOISE or lowered.rstrip("0123456789") in _NOISE


def says_temperature(text: str) -> bool:
    """Return whether a topic says that a temperature is told there.

    >>> says_temperature("attic/temperature"), says_temperature("attic/fan/percentage")
    (True, False)
    """
    words = [word.lower() for word in words_of(text)]
    return any(word.startswith("temp") or "temperatur" in word for word in words)


def is_outdoors(text: str) -> str | None:
    """Return the word that says that something is outdoors, or `None`."""
    return _first(text, _OUTDOORS)


def is_other(text: str) -> str | None:
    """Return the word that says that something is no room's air, or `None`."""
    return _first(text, _OTHER)


def is_vent(text: str) -> str | None:
    """Return the word that says that a fan moves outdoor air, or `None`: most cool people.

    >>> is_vent("Bedroom window fan"), is_vent("Bedroom Ventilator")
    ('window', None)
    """
    return _first(text, _VENT)


def is_bedroom(name: str) -> bool:
    """Return whether somebody sleeps in a room of this name."""
    lowered = name.lower()
    return any(word in lowered for word in _BEDROOM)


def _first(text: str, words: frozenset[str]) -> str | None:
    lowered = [word.lower() for word in words_of(text)]
    return next((word for word in lowered if word in words), None)


def id_of(name: str, fallback: str, taken: Iterable[str] = ()) -> str:
    """Return an id for a name: small letters, digits and `-`, at most 40, unlike those taken.

    >>> id_of("Annas Schlafzimmer", "room")
    'annas-schlafzimmer'
    >>> id_of("Küche", "room", taken=["kuche"])
    'kuche-2'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")[:36].strip("-") or fallback
    used, number, found = set(taken), 1, slug
    while found in used:
        number += 1
        found = f"{slug}-{number}"
    return found
