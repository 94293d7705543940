"""Know the emergency number of a country, for the fixed safety texts.

Only countries are listed whose number for an ambulance was found in the sources named here; for
any other one the settings must name it.

Source: 112 in the EU: Directive (EU) 2018/1972 Art. 109; in the other countries with 112: the
Latvian State Fire and Rescue Service (vugd.gov.lv, "Single emergency call number 112 in Europe")
or Europe Direct Saarbruecken; CA: CRTC 2018-188; US: Federal Communications Commission; AU: City
of Perth; JP: Ibaraki Prefecture; GB, NZ: Wikipedia, "999" and "111 (emergency telephone number)";
CN, HK, IL, TW: Wikibooks, "First Aid", appendix F, and lists for travellers. Looked up in 2026.
"""

from __future__ import annotations

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_112_TOO = "AD CH FO GE IS LI MC NO SM TR"
EMERGENCY_NUMBERS = dict.fromkeys(f"{_EU} {_112_TOO}".split(), "112") | {
    "AU": "000",
    "CA": "911",
    "CN": "120",
    "GB": "999",
    "HK": "999",
    "IL": "101",
    "JP": "119",
    "NZ": "111",
    "TW": "119",
    "US": "911",
}
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
