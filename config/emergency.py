"""Know the emergency number of a country, for the fixed safety texts.

Only countries whose number for an ambulance is the same everywhere and well established are listed;
for any other one the settings must name it.
"""

from __future__ import annotations

# Source: Directive (EU) 2018/1972 Art. 109 for 112 in the EU; national authorities elsewhere.
_112 = (
    "AD AT BE BG CH CY CZ DE DK EE ES FI FO FR GE GL GR HR HU IE IN IS IT LI LT LU LV MC MD MT NL "
    "NO PL PT RO SE SI SK SM TR VA"
)
_911 = "CA CR DO EC MX PA PH PR PY US UY VI"
_999 = "GB GG HK IM JE MY"
_OTHERS = {
    "AU": "000",
    "BR": "192",
    "CL": "131",
    "CN": "120",
    "IL": "101",
    "JP": "119",
    "KR": "119",
    "NZ": "111",
    "SG": "995",
    "TH": "1669",
    "TW": "119",
}
EMERGENCY_NUMBERS = (
    dict.fromkeys(_112.split(), "112")
    | dict.fromkeys(_911.split(), "911")
    | dict.fromkeys(_999.split(), "999")
    | _OTHERS
)
_SPELLINGS = {"UK": "GB", "EL": "GR"}  # in daily use, though not the ISO 3166 codes


def country_code(text: str) -> str | None:
    """Return the ISO 3166 code of two letters in capitals, or `None` when it cannot be one."""
    code = text.upper()
    if len(code) != 2 or not (code.isascii() and code.isalpha()):  # noqa: PLR2004 - two letters
        return None
    return _SPELLINGS.get(code, code)


def emergency_number(country: str) -> str | None:
    """Return a country's emergency number, or `None` when keepcool does not know it.

    >>> emergency_number("AU")
    '000'
    """
    return EMERGENCY_NUMBERS.get(country)
