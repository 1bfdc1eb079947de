"""MOI's list of registered pre-sale projects, as it would be in a month: the projects of the made-up deals.

It is as dirty as the real one is said to be: cells with commas that nobody quoted, rows cut short, homes in words,
names in other spellings, several permits of one project, projects that nobody bought in, and some missing that deals
name. How the projects themselves are drawn belongs to `projects.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.releases import ROC_OFFSET
from pshs_dagster.sandbox import places, words
from pshs_dagster.sandbox.deals import EPOCH
from pshs_dagster.sandbox.draw import Keys, below, normal, unit
from pshs_dagster.sandbox.projects import ON_SALE, described, opened_between, whole_names
from pshs_dagster.sandbox.zips import zipped

ZIP_NAME = "lvr_buildcasecsv.zip"

HEADINGS = (
    "鄉鎮市區,建案名稱,坐落街道,起造人,層棟戶數,使用分區,主要用途,主要建材,申報備查日期,銷售期間,坐落基地,"
    "建照核發日期,建造執照,第1次登記日期,編號"
)
ENGLISH = (
    "TOWN,BUILDCASE,LOCATION,BUILDER,HOUSEHOLD,USEZONING,MAINUSE,MAINMATERIAL,DECLAREDATE,SELLINGPERIOD,"
    "BUILDINGLANDS,BUILDINGPERMITDATE,BUILDINGPERMITNO,FIRST REGISTRATION DATE,NUMBER"
)

UNLISTED = 0.03
"""Projects that deals name and the list does not have."""

RATES = {
    "two permits": 0.04,
    "repeated": 0.004,
    "cut short": 0.004,
    "line break": 0.003,
    "spelt otherwise": 0.08,
    "with its builder": 0.03,
    "other district": 0.01,
    "generic": 0.02,
    "homes in words": 0.12,
    "no homes": 0.01,
    "comma in period": 0.3,
    "commas in land": 0.15,
    "entity": 0.003,
    "quoted": 0.003,
}
"""Of the listed projects. No real list was at hand: the kinds are those that readers of it tell of."""

FOOTNOTE = "※以上資料由起造人申報，僅供參考"
"""At the end of New Taipei's file: a line that tells of no project."""

_FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


@dataclass(frozen=True)
class _Listed:
    """One project as the list has it."""

    key: str
    """Sixteen digits that nothing else has."""
    whole: str
    name: str
    district: str
    address: str
    homes: int
    floors: int
    opened: date
    struck: frozenset[str]
    """Names of RATES."""
    builder: str
    choice: int


@lru_cache(maxsize=4)
def project_list_zip(
    month: date, first: date, *, seed: int = 1, scale: float = 1.0, cities: Collection[str] | None = None
) -> bytes:
    """The zip of the list as it is in `month` (a first day), of projects that deals since `first` may name."""
    files = {"manifest.csv": ("\ufeffname,schema,description\r\n").encode()}
    for number, letter in enumerate(CITIES):
        if cities is not None and letter not in cities:
            continue
        lines = [line for project in _projects(number, month, first, seed, scale) for line in _lines(project, month)]
        if lines:
            lines += [FOOTNOTE] if letter == "f" else []
            text = "\r\n".join([HEADINGS, ENGLISH, *lines])
            files[f"{letter}_lvr_buildcase.csv"] = f"\ufeff{text}\r\n".encode()
    return zipped(files, month)


def _projects(city: int, month: date, first: date, seed: int, scale: float) -> list[_Listed]:
    begin, end = _position(first), _position(month)
    key, opened = opened_between(city, begin, end, seed=seed, scale=scale)
    listed = unit(key, "listed") >= UNLISTED
    key, opened = key[listed], opened[listed]
    told = described(key, np.full(len(key), city, dtype=np.int64), opened)
    names, homes = whole_names(key), _homes(key, scale)
    builders = below(key, "builder", len(words.BUILDERS))
    choices = below(key, "choice", 1_000)
    struck = {name: unit(key, name) < rate for name, rate in RATES.items()}
    return [
        _Listed(
            key=f"{int(key[at]):016X}",
            whole=str(names[at]),
            name=str(told.name[at]),
            district=str(told.district[at]),
            address=str(told.address[at]),
            homes=int(homes[at]),
            floors=int(told.floors[at]),
            opened=EPOCH.astype(object) + timedelta(days=int(opened[at] * 10)),
            struck=frozenset(name for name, which in struck.items() if which[at]),
            builder=words.BUILDERS[int(builders[at])],
            choice=int(choices[at]),
        )
        for at in range(len(key))
    ]


def _homes(key: Keys, scale: float) -> np.ndarray:
    """So many that most projects sell most of their homes in their time; small samples have small projects."""
    sold = 110_000 / ON_SALE * min(1.0, scale**0.4)
    return np.maximum(3, np.round(sold * np.exp(0.3 * normal(key, "homes") + 0.55))).astype(np.int64)


def _lines(project: _Listed, month: date) -> list[str]:
    """The lines of a project: one a permit."""
    if "two permits" in project.struck and project.homes > 3:
        half = project.homes // 2
        return [_line(project, half, 1, month), _line(project, project.homes - half, 2, month)]
    line = _line(project, project.homes, 1, month)
    return [line, line] if "repeated" in project.struck else [line]


def _line(project: _Listed, homes: int, permit: int, month: date) -> str:
    declared = min(project.opened, month)
    permitted = declared - timedelta(days=60 + project.choice % 200)
    completed = _roc(declared + timedelta(days=1_100)) if (month - declared).days > 1_200 else ""
    cells = [
        _district(project),
        _name(project),
        project.address,
        f"{project.builder}建設股份有限公司{'&#65533;' if 'entity' in project.struck else ''} 負責人：王大明",
        _homes_text(project, homes),
        "第二種住宅區",
        "集合住宅、店鋪" if project.choice % 3 else "集合住宅",
        "鋼筋混凝土造",
        _roc(declared),
        f"自售:{_roc(declared)}~售完為止{',' if 'comma in period' in project.struck else ';'}代銷:無",
        _land(project),
        _roc(permitted),
        f"{permitted.year - ROC_OFFSET}建字第{project.choice:05d}號",
        completed,
        f"{project.key[:15]}{permit}",
    ]
    if "cut short" in project.struck:
        cells = cells[:9]
    return ",".join(cells)


def _district(project: _Listed) -> str:
    if "other district" not in project.struck:
        return project.district
    city = next(city for city in places.CITIES if project.district in city.districts)
    return city.districts[(city.districts.index(project.district) + 1) % len(city.districts)]


def _name(project: _Listed) -> str:
    name = project.whole
    if "spelt otherwise" in project.struck:
        name = (name.translate(_FULL_WIDTH), f"{name[:2]} {name[2:]}", f"{name[:2]}．{name[2:]}")[project.choice % 3]
    if "with its builder" in project.struck:
        name = project.builder + name
    if "generic" in project.struck:
        name += "新建工程"
    return f'"{name}"' if "quoted" in project.struck else name


def _homes_text(project: _Listed, homes: int) -> str:
    if "no homes" in project.struck:
        return ""
    if "homes in words" not in project.struck:
        return str(homes)
    forms = (
        f"{1 + project.choice % 5}棟,銷售戶數共 {homes} 戶",
        f"地上{project.floors}層地下3層1棟{homes}戶",
        f"{homes}戶(含店鋪2戶)",
        f"住宅{homes - 1}戶、店鋪1戶",
    )
    return forms[project.choice % len(forms)]


def _land(project: _Listed) -> str:
    first = 1 + project.choice
    parcels = [f"{first + step}-{step}" for step in range(1, 4)]
    if "line break" in project.struck:
        return f"大社段{first}地號\n及{parcels[0]}地號"
    return f"大社段{','.join(parcels)}地號" if "commas in land" in project.struck else f"大社段{first}地號"


def _position(day: date) -> float:
    return float((np.datetime64(day, "D") - EPOCH).astype(np.int64)) / 10.0


def _roc(day: date) -> str:
    return f"{day.year - ROC_OFFSET:03d}{day.month:02d}{day.day:02d}"
