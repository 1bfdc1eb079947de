"""The columns of the list by MOI's headings, with what each is taken for where a row is ragged.

MOI publishes (2021 on): 鄉鎮市區,建案名稱,坐落街道,起造人,層棟戶數,使用分區,主要用途,主要建材,申報備查日期,銷售期間,
坐落基地,建照核發日期,建造執照,第1次登記日期,編號, with a second row in English. Its pages and other years spell some of
them otherwise; columns that are not named here are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

DAY = r"\d{6,7}|\d{2,3}[年/.-]\d{1,2}[月/.-]\d{1,2}日?"
DISTRICT = r"[^\x00-\x7f]{1,6}[區鄉鎮市巿]"


@dataclass(frozen=True)
class Heading:
    """One column of the list."""

    field: str
    """Our name."""
    names: tuple[str, ...]
    """MOI's headings, the usual one first."""
    looks: re.Pattern[str] | None = None
    """What a cell of it matches as a whole; None where a cell may be anything."""
    strict: bool = False
    """Whether a cell that looks otherwise proves that the row is shifted."""
    commas: bool = False
    """Whether commas are at home in its cells."""


def _column(field: str, names: str, looks: str | None = None, *, strict: bool = False, commas: bool = False) -> Heading:
    return Heading(field, tuple(names.split()), re.compile(looks) if looks else None, strict, commas)


HEADINGS = (
    _column("city", "縣市 縣市別 城市"),
    _column("district", "鄉鎮市區 行政區 鄉鎮市區別", DISTRICT, strict=True),
    _column("name", "建案名稱 社區名稱 預售屋建案名稱 案名"),
    _column("location", "坐落街道 建案位置 坐落位置 建案坐落", r"(?!.*(公司|負責人)).*", commas=True),
    _column(
        "builder",
        "起造人 建設公司 起造人名稱",
        r"(?!.*(\d[戶棟層]|,\d+$)).*(公司|負責人|建設|開發|社|人).*",
        commas=True,
    ),
    _column(
        "homes_text",
        "層棟戶數 銷售戶數 總戶數 戶數 銷售層棟戶數 銷售棟戶數 銷售地上層數棟數戶數",
        r"\d{1,5}|\d{1,2},\d{3}|(?!.*(公司|負責人)).*\d.*[戶棟層].*",
        commas=True,
    ),
    _column("zone", "使用分區 土地使用分區", r".*(區|地|用)$"),
    _column("main_use", "主要用途 用途", r".*(用|宅|住|店|辦|廠|商|所).*"),
    _column("material", "主要建材 建材 構造種類", r".*(造|構|材|RC|SRC|SC|其他|磚|木|石).*"),
    _column("declared_on", "申報備查日期 備查日期 備查完成日期 申報備查期間", DAY, strict=True),
    _column("selling_period", "銷售期間 銷售期間(自售代銷)", r".*(售|銷|~|-|～|無|止).*", commas=True),
    _column("land", "坐落基地 地號 基地地號 建築基地", r"(?!.*[售銷]).*(段|地號|號).*", commas=True),
    _column("permitted_on", "建照核發日期 建照核發日 建造執照核發日期 建照日期", DAY, strict=True),
    _column(
        "permit",
        "建造執照 建照執照 建造執照號碼 建照執照字號 建造執照字號 建照號碼 建築執照",
        r".*[號字照].*",
        commas=True,
    ),
    _column("completed_on", "第1次登記日期 第一次登記日期 完成建物第一次登記日期 完成第一次登記日期", DAY, strict=True),
    _column("number", "編號 備查編號 建案編號", r"[0-9A-Za-z-]{4,64}", strict=True),
)

REQUIRED = ("district", "name")
"""Without these a row tells of no project."""

_BY_NAME = {name: heading for heading in HEADINGS for name in heading.names}
_OTHER = Heading("", ())


def heading_of(text: str) -> Heading:
    """The column that a heading names; one without a field where the project does not know it."""
    plain = unicodedata.normalize("NFKC", text).strip().strip('"').replace(" ", "").lstrip("\ufeff")
    return _BY_NAME.get(plain, _OTHER)
