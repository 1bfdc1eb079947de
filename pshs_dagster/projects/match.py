"""Which registered projects the projects are that deals name, each match with its method and confidence.

The methods are tried in the order of METHODS, and the first that finds one project decides; where it finds several,
the name is `ambiguous` and matched to none. Everything is looked up in dictionaries; only names with lost characters
are held against the other names of their district.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pshs_dagster.projects.names import LOST, normalised, phase_key, plain_key

EXACT, NORMALISED, PHASE, LOST_CHARACTERS, BUILDER, GENERIC, OTHER_DISTRICT = METHODS = (
    "exact",
    "normalised",
    "phase",
    "lost_characters",
    "builder",
    "generic_words",
    "other_district",
)
AMBIGUOUS, NONE = "ambiguous", "none"

CONFIDENCE: Mapping[str, float] = {
    EXACT: 1.0,  # letter for letter, in the same district
    NORMALISED: 0.95,  # 長虹 PARK 32 is 長虹PARK32
    PHASE: 0.9,  # 第二期 is 二期
    LOST_CHARACTERS: 0.85,  # 文華? is 文華苑, where no other name of the district fits
    BUILDER: 0.8,  # 詠勝欣宇 is 欣宇 of 詠勝建設
    GENERIC: 0.8,  # 欣宇新建工程 is 欣宇
    OTHER_DISTRICT: 0.7,  # the name stands in one other district of the city: at a border, or mistyped
    AMBIGUOUS: 0.0,
    NONE: 0.0,
}

FEWEST_KNOWN = 2
"""Characters that must be left of a name with lost ones: `大?` would be half of all names."""

BRAND = re.compile(r"^(.{2,6}?)(?:建設|開發|建築|營造|實業|機構|企業|置業|地產|國際|股份|有限|事業|興業|投資|公司)")
"""The name by which a builder is known: 詠勝 of 詠勝建設股份有限公司."""

ENDINGS = ("", "建設", "開發", "建築", "機構", "實業")
"""What may stand behind a builder's name in that of a project."""


@dataclass(frozen=True, order=True)
class Project:
    """A registered project: all its registrations, by the spelling that they share."""

    city: str
    district: str
    name: str


@dataclass(frozen=True, order=True)
class Name:
    """A project's name as it stands in deals."""

    city: str
    district: str
    text: str


@dataclass(frozen=True)
class Match:
    """What a name was found to be. `project` is None where nothing was, or several were."""

    name: Name
    project: Project | None
    method: str
    candidates: tuple[Project, ...] = ()
    """The projects between which an ambiguous name cannot be told."""

    @property
    def confidence(self) -> float:
        return CONFIDENCE[self.method]


def project_names(registrations: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], str]:
    """City, district and name of registrations → the name of their project: the spelling that most of them have.

    Registrations of one district whose names have one key are one project with several permits.
    """
    spellings: defaultdict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for city, district, name in registrations:
        spellings[city, district, normalised(name)][name] += 1
    return {
        (city, district, name): min(found, key=lambda each: (-found[each], each))
        for (city, district, _), found in spellings.items()
        for name in found
    }


def match(names: Iterable[Name], projects: Mapping[Project, Sequence[str]]) -> list[Match]:
    """Match each name. `projects` tells of each project who builds it, in MOI's words, one text a registration."""
    index = _Index(projects)
    return [index.match(name) for name in names]


class _Index:
    """The registered projects, as each method looks them up: by place and by what it makes of their names."""

    def __init__(self, projects: Mapping[Project, Sequence[str]]) -> None:
        self._exact: dict[tuple[str, str, str], list[Project]] = defaultdict(list)
        self._keys: dict[tuple[str, str, str], list[Project]] = defaultdict(list)
        self._phases: dict[tuple[str, str, str], list[Project]] = defaultdict(list)
        self._plain: dict[tuple[str, str, str], list[Project]] = defaultdict(list)
        self._brands: dict[tuple[str, str, str], list[Project]] = defaultdict(list)
        self._city: dict[tuple[str, str], list[Project]] = defaultdict(list)
        self._plainly: dict[tuple[str, str], list[tuple[str, Project]]] = defaultdict(list)
        self._lossy: dict[tuple[str, str], list[tuple[tuple[re.Pattern[str], ...], Project]]] = defaultdict(list)
        for project, builders in projects.items():
            city, district, key = project.city, project.district, normalised(project.name)
            self._exact[city, district, project.name.rstrip(" ")].append(project)
            self._keys[city, district, key].append(project)
            self._phases[city, district, phase_key(key)].append(project)
            self._plain[city, district, plain_key(phase_key(key))].append(project)
            self._city[city, key].append(project)
            if LOST in key:
                self._lossy[city, district].append((_patterns(key), project))
            else:
                self._plainly[city, district].append((key, project))
            for other in _with_and_without_builder(key, builders):
                self._brands[city, district, phase_key(other)].append(project)
        self._steps: tuple[tuple[str, Callable[[Name, str], list[Project]]], ...] = (
            (EXACT, lambda name, _: self._exact.get((name.city, name.district, name.text.rstrip(" ")), [])),
            (NORMALISED, lambda name, key: self._keys.get((name.city, name.district, key), [])),
            (PHASE, lambda name, key: self._phases.get((name.city, name.district, phase_key(key)), [])),
            (LOST_CHARACTERS, self._fitting),
            (BUILDER, lambda name, key: self._brands.get((name.city, name.district, phase_key(key)), [])),
            (GENERIC, lambda name, key: self._plain.get((name.city, name.district, plain_key(phase_key(key))), [])),
            (OTHER_DISTRICT, lambda name, key: self._city.get((name.city, key), [])),
        )

    def match(self, name: Name) -> Match:
        key = normalised(name.text)
        for method, look_up in self._steps:
            found = sorted(set(look_up(name, key)))
            if len(found) == 1:
                return Match(name, found[0], method)
            if found:
                return Match(name, None, AMBIGUOUS, tuple(found))
        return Match(name, None, NONE)

    def _fitting(self, name: Name, key: str) -> list[Project]:
        """Projects of the district whose names fit where characters are lost, in the deals or in the list."""
        place = (name.city, name.district)
        # A lost character may also have been a dot or another mark, which a key does not have.
        if LOST in key:
            for pattern in _patterns(key):
                if found := [project for other, project in self._plainly.get(place, []) if pattern.fullmatch(other)]:
                    return found
            return []
        lossy = self._lossy.get(place, [])
        for way in range(2):
            if found := [project for patterns, project in lossy if patterns and patterns[way].fullmatch(key)]:
                return found
        return []


def _patterns(key: str) -> tuple[re.Pattern[str], ...]:
    """What names fit a key with lost characters: one for one, or else some for nothing."""
    if len(key.replace(LOST, "")) < FEWEST_KNOWN:
        return ()
    parts = [re.escape(part) for part in key.split(LOST)]
    return re.compile(".".join(parts)), re.compile(".?".join(parts))


def _with_and_without_builder(key: str, builders: Iterable[str]) -> set[str]:
    """A name with its builder's before it, and without it where it has it."""
    found: set[str] = set()
    for builder in builders:
        brand = BRAND.match(normalised(builder))
        if brand is None:
            continue
        for ending in ENDINGS:
            before = brand[1] + ending
            found.add(before + key)
            if key.startswith(before) and len(key) - len(before) >= FEWEST_KNOWN:
                found.add(key.removeprefix(before))
    return found - {key}
