"""Lists of registered projects as bytes, row by row. No tests here."""

from __future__ import annotations

from collections.abc import Sequence

from pshs_dagster_tests.fixtures.portal import zip_bytes

HEADINGS = (
    "鄉鎮市區,建案名稱,坐落街道,起造人,層棟戶數,使用分區,主要用途,主要建材,申報備查日期,銷售期間,坐落基地,"
    "建照核發日期,建造執照,第1次登記日期,編號"
)
ENGLISH = (
    "TOWN,BUILDCASE,LOCATION,BUILDER,HOUSEHOLD,USEZONING,MAINUSE,MAINMATERIAL,DECLAREDATE,SELLINGPERIOD,"
    "BUILDINGLANDS,BUILDINGPERMITDATE,BUILDINGPERMITNO,FIRST REGISTRATION DATE,NUMBER"
)
ORDINARY = {
    "鄉鎮市區": "淡水區",
    "建案名稱": "海天",
    "坐落街道": "新市一路、新市二路口",
    "起造人": "詠勝建設股份有限公司 負責人：王大明",
    "層棟戶數": "120",
    "使用分區": "第一種住宅區",
    "主要用途": "集合住宅",
    "主要建材": "鋼筋混凝土造",
    "申報備查日期": "1110105",
    "銷售期間": "自售:1110110~1111231",
    "坐落基地": "海鷗段12地號",
    "建照核發日期": "1100505",
    "建造執照": "110淡建字第00123號",
    "第1次登記日期": "",
    "編號": "F110000001",
}


def row(number: int = 1, **cells: str) -> str:
    """A line of the list; `cells` are what differs from an ordinary one."""
    return ",".join((ORDINARY | {"編號": f"F11{number:07d}"} | cells).values())


def csv(lines: Sequence[str], headings: str = HEADINGS, english: str = ENGLISH) -> bytes:
    """A CSV as MOI writes it."""
    return "".join(f"{line}\r\n" for line in ("\ufeff" + headings, english, *lines)).encode()


def list_zip(lines: Sequence[str], file: str = "f_lvr_buildcase.csv") -> bytes:
    """The zip with the lines of one city."""
    return zip_bytes({file: csv(lines), "manifest.csv": b"name,schema,description\r\n"})
