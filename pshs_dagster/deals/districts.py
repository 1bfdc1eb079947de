"""Districts 鄉鎮市區: how they are written, and how one is read from an address.

An address of MOI begins with the city and the district, `高雄市三民區覺民路`, so that a blank district can be
recovered. Which city a deal belongs to is never guessed here: it comes with the file.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

UNDIVIDED = ("新竹市", "嘉義市")
"""MOI gives each of these cities as its only district, so every address in it tells the district."""

TAITUNG = ("臺東市", "台東市")
"""MOI's addresses write 臺東市, but the district it publishes is 台東市, and rows are to be grouped by it."""

LOOKALIKES = {"巿": "市", "台": "臺"}
"""U+5DFF looks like 市; 台 is the short way to write 臺."""


def normalise_district(district: pa.Array) -> pa.Array:
    """Districts without surrounding space and with 市 where the look-alike 巿 stands."""
    return pc.replace_substring(pc.utf8_trim_whitespace(district), "巿", "市")


def district_of(location: pa.Array, city: str) -> pa.Array:
    """The district that each address of `city` begins with, blank where it names none."""
    prefix = "".join(_either(char) for char in city)
    if city in UNDIVIDED:
        return pc.if_else(pc.match_substring_regex(location, f"^{prefix}"), city, "")
    # The shortest name that ends as it should: 東區 of `東區園區路`, 竹東鎮 of `竹東鎮市場路`. Counties have no
    # 區; in cities a 鎮 or 市 may stand within the name, as in 平鎮區 and 新市區.
    ending = "[鄉鎮市巿]" if city.endswith("縣") else "區"
    found = pc.extract_regex(location, f"^{prefix}(?P<district>.{{1,3}}?{ending})").field("district")
    named = pc.fill_null(normalise_district(found), "")
    return pc.if_else(pc.equal(named, TAITUNG[0]), TAITUNG[1], named)


def _either(char: str) -> str:
    alike = next((short for short, full in LOOKALIKES.items() if full == char), None)
    return f"[{char}{alike}]" if alike else re.escape(char)
