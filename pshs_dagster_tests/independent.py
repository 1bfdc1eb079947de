"""Another reading of MOI's bytes, which shares nothing with the one that it is to judge.

Plain Python, line by line, by position: slow, and easy to see to be right.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile


def data_lines(data: bytes) -> list[tuple[int, list[str]]]:
    """Physical line number and fields of each data line, as they stand between the commas."""
    text = data.decode("utf-8-sig")
    lines = text.split("\n")
    assert lines.pop() == ""
    numbered = [(number, text.removesuffix("\r").split(",")) for number, text in enumerate(lines, start=1)]
    assert numbered[1][1][0].startswith("The villages")
    return numbered[2:]


def deal(fields: list[str], width: int) -> dict[str, object]:
    """The fields of a line in a file of `width` columns → what the table should hold, values as text or number."""
    tail = fields[28:]
    if width == 31:
        name, buildings, termination = tail[0], ",".join(tail[1:-1]), tail[-1]
    elif width == 30:
        name, buildings, termination = tail[0], ",".join(tail[1:]), ""
    else:
        assert width == 28
        name, buildings, termination = "", "", ""
    day = fields[7].zfill(7)
    return {
        "object_of_transaction": fields[1],
        "location": fields[2],
        "land_total_area": float(fields[3] or 0),
        "transaction_date": f"{int(day[:3]) + 1911}-{day[3:5]}-{day[5:]}",
        "level": fields[9],
        "total_floor_numbers": fields[10],
        "building_state": fields[11],
        "main_use": fields[12],
        "building_total_area": float(fields[15] or 0),
        "room": fields[16] or "0",
        "restaurant_and_living_room": fields[17] or "0",
        "bathroom": fields[18] or "0",
        "price": int(fields[21]),
        "unit_price": int(fields[22] or 0),
        "parking_sapce_type": fields[23],
        "parking_sapce_total_area": float(fields[24] or 0),
        "parking_sapce_price": int(fields[25] or 0),
        "note": fields[26],
        "serial_number": fields[27],
        "build_name": name,
        "buildings": buildings,
        "termination": termination,
    }


def is_plain(fields: list[str]) -> bool:
    """Whether a line has none of the characters that are dropped or decoded, and rooms that are digits."""
    text = ",".join(fields)
    plain = all(ord(char) >= 32 and char != "\x7f" for char in text) and "&#" not in text
    return plain and all(len(room) <= 1 for room in fields[16:19])


def csvs(path: Path) -> dict[str, bytes]:
    """The pre-sale main files of a zip."""
    with ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith("_lvr_land_b.csv")}
