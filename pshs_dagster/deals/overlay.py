"""Rejected lines of a copy with what people decided about them → those that are sound now.

A decision is laid over the line as published: where MOI still publishes a text that somebody has corrected, the other
text takes its place, and the line is judged like any other. Knows neither tables nor how decisions are recorded.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zlib import crc32

import pandas as pd

from pshs_dagster.deals.frame import ParsedRelease
from pshs_dagster.deals.rules import SERIAL_REPEATED, Context
from pshs_dagster.deals.texts import GivenLine, JudgedLines, Texts, judged, texts_of

Key = tuple[str, str]
"""City and serial number."""

Place = tuple[str, int]
"""File and physical line."""

UNCUT, MALFORMED, REJOINED = "field_count", "serial_malformed", "rejoined_fields"
"""Rules that tell how much of a line can be trusted."""


@dataclass(frozen=True)
class Entry:
    """What a person decided about one text of a line, or, with a blank `field`, that the line be let go."""

    id: int
    city: str
    serial_number: str
    """As the line gave it, blank where it gave none."""
    raw: str
    """The line that the person looked at."""
    field: str
    old: str
    new: str
    release: str
    recorded_at: datetime
    """Wall time in Taipei, naive."""

    @property
    def dismisses(self) -> bool:
        return not self.field


@dataclass(frozen=True)
class RejectedLine:
    """A line of a copy that broke hard rules, whose names `rules` are."""

    file: str
    line: int
    city: str
    serial_number: str
    raw: str
    rules: frozenset[str]
    published: Texts
    """Its fields by MOI's headings."""
    rejoined: bool = False

    @property
    def place(self) -> Place:
        return self.file, self.line

    @cached_property
    def texts(self) -> dict[str, str]:
        """Its cells by our names; blank where the line could not be cut, since nobody knows what they are."""
        return texts_of({} if UNCUT in self.rules else self.published)


@dataclass(frozen=True)
class CorrectedLine:
    """A line that people made sound, and the deal that it is now."""

    file: str
    line: int
    city: str
    serial_number: str
    line_serial: str
    """The serial as the line gave it."""
    raw_crc: int
    entries: tuple[Entry, ...]
    """What was changed in it."""
    freed_by: tuple[Entry, ...] = ()
    """What took other lines out of its way, where it keeps a serial that it repeated."""

    @property
    def key(self) -> Key:
        return self.city, self.serial_number

    @property
    def place(self) -> Place:
        return self.file, self.line


@dataclass(frozen=True)
class Overlay:
    """What the decisions make of the rejected lines of a copy."""

    deals: pd.DataFrame | None = None
    """The lines that are sound now: `file` and COLUMNS, in the order of `corrected`; None where there is none."""
    corrected: tuple[CorrectedLine, ...] = ()
    dismissed: frozenset[Place] = frozenset()
    wrong: Mapping[Place, str] = field(default_factory=dict[Place, str])
    """Lines that decisions fit and that break hard rules all the same: which, comma-joined."""
    unnamed: frozenset[int] = frozenset()
    """CRC-32 of the lines that name no serial, so that later decisions about them find the copy."""
    seen: int = 0
    """The highest id of a decision that was known."""

    @property
    def places(self) -> frozenset[Place]:
        return frozenset(line.place for line in self.corrected)


def crc_of(raw: str) -> int:
    return crc32(raw.encode("utf-8", "surrogatepass"))


def laid_over(parsed: ParsedRelease, entries: Sequence[Entry], known_on: date) -> Overlay:
    """What the decisions make of a parsed release, whose knowledge is of the day `known_on`."""
    rejects = parsed.rejects
    if not entries:
        unnamed = rejects.loc[rejects["serial_number"] == "", "raw"]
        return Overlay(unnamed=frozenset(crc_of(raw) for raw in unnamed))

    def sound(keys: Collection[Key]) -> set[Key]:
        deals = parsed.deals
        return set(keys) & set(zip(deals["city"], deals["serial_number"], strict=True))

    return overlay(rejected_lines(rejects), entries, Context(parsed.release.window, known_on), sound)


def rejected_lines(rejects: pd.DataFrame) -> list[RejectedLine]:
    """The rejected lines of a parsed release, with OWN_COLUMNS."""
    return [
        RejectedLine(
            row["file"],
            int(row["source_line"]),
            row["city"],
            row["serial_number"],
            row["raw"],
            frozenset(reason.partition(":")[0] for reason in row["reasons"].split(",")),
            json.loads(row["published"]),
            REJOINED in row["flags"].split(","),
        )
        for row in rejects.to_dict("records")
    ]


def overlay(
    rejected: Sequence[RejectedLine],
    entries: Sequence[Entry],
    context: Context,
    sound: Callable[[Collection[Key]], Collection[Key]],
) -> Overlay:
    """Lay decisions over the rejected lines of one copy. `sound` tells which keys its sound lines have."""
    unnamed = frozenset(crc_of(line.raw) for line in rejected if not line.serial_number)
    seen = max((entry.id for entry in entries), default=0)
    decided = _Decisions(entries)
    applied = {line.place: decided.about(line) for line in rejected}
    dismissed = {line.place for line in rejected if not applied[line.place] and decided.dismisses(line)}
    candidates = [
        line for line in rejected if applied[line.place] or (line.place not in dismissed and decided.frees(line))
    ]
    if not candidates:
        return Overlay(None, (), frozenset(dismissed), {}, unnamed, seen)
    judgement = judged([_given(line, applied[line.place]) for line in candidates], context)
    reasons = _with_repeated(rejected, candidates, judgement, dismissed, sound)
    # Of lines that are the same to the letter one is loaded: the others may be let go, whatever became of the first.
    again = [line for line, reason in zip(candidates, reasons, strict=True) if reason is None]
    dismissed |= {line.place for line in again if decided.dismisses(line)}
    rows = [row for row, reason in enumerate(reasons) if reason == ""]
    keys = _keys(judgement.values)
    corrected = [
        _corrected(line := candidates[row], keys[row], applied[line.place], decided.freeing(line, rejected, applied))
        for row in rows
    ]
    wrong = {
        line.place: reason for line, reason in zip(candidates, reasons, strict=True) if reason and applied[line.place]
    }
    deals = judgement.values.iloc[rows].reset_index(drop=True) if rows else None
    return Overlay(deals, tuple(corrected), frozenset(dismissed), wrong, unnamed, seen)


class _Decisions:
    """The decisions, found by the lines that they are about."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_key: dict[Key, list[Entry]] = defaultdict(list)
        self._by_raw: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in sorted(entries, key=lambda entry: entry.id):
            self._by_key[entry.city, entry.serial_number].append(entry)
            self._by_raw[entry.city, entry.raw].append(entry)

    def about(self, line: RejectedLine) -> dict[str, Entry]:
        """The decisions whose old text the line still has, by column; of several the latest."""
        fitting = {entry.id: entry for entry in self._by_raw.get((line.city, line.raw), ())}
        if self._is_named(line):
            fitting |= {entry.id: entry for entry in self._by_key.get((line.city, line.serial_number), ())}
        return {
            entry.field: entry
            for _, entry in sorted(fitting.items())
            if not entry.dismisses and line.texts.get(entry.field) == entry.old
        }

    def dismisses(self, line: RejectedLine) -> bool:
        """Whether the very line is to be let go."""
        return bool(self._dismissing(line))

    def frees(self, line: RejectedLine) -> bool:
        """Whether a line that repeated a serial may stand alone by what was decided about the others."""
        return SERIAL_REPEATED in line.rules and (line.city, line.serial_number) in self._by_key

    def freeing(
        self, line: RejectedLine, rejected: Sequence[RejectedLine], applied: Mapping[Place, Mapping[str, Entry]]
    ) -> Iterable[Entry]:
        """What changed or dismissed the other lines of the serial that the line repeated."""
        if SERIAL_REPEATED not in line.rules:
            return
        for other in rejected:
            if (other.city, other.serial_number) == (line.city, line.serial_number) and other.raw != line.raw:
                yield from applied[other.place].values() or self._dismissing(other)[:1]

    def _dismissing(self, line: RejectedLine) -> list[Entry]:
        return [entry for entry in self._by_raw.get((line.city, line.raw), ()) if entry.dismisses]

    def _is_named(self, line: RejectedLine) -> bool:
        """Whether its serial tells it from all others."""
        return line.serial_number != "" and not line.rules & {UNCUT, MALFORMED, SERIAL_REPEATED}


def _given(line: RejectedLine, applied: Mapping[str, Entry]) -> GivenLine:
    texts = line.texts | {name: entry.new for name, entry in applied.items()}
    return GivenLine(line.file, line.city, line.line, texts, line.rejoined)


def _with_repeated(
    rejected: Sequence[RejectedLine],
    candidates: Sequence[RejectedLine],
    judgement: JudgedLines,
    dismissed: Collection[Place],
    sound: Callable[[Collection[Key]], Collection[Key]],
) -> list[str | None]:
    """The reasons of each candidate, with that its serial stands elsewhere in the copy; None where another line of the
    same text is taken in its place."""
    keys = dict(zip((line.place for line in candidates), _keys(judgement.values), strict=True))
    taken = sound(set(keys.values()))
    claims: dict[Key, list[RejectedLine]] = defaultdict(list)
    for line in sorted(rejected, key=lambda line: line.place):
        if line.place not in dismissed and (line.place in keys or MALFORMED not in line.rules):
            claims[keys.get(line.place, (line.city, line.serial_number))].append(line)
    told: list[str | None] = []
    for line, reasons in zip(candidates, judgement.reasons, strict=True):
        claiming = claims[keys[line.place]]
        if reasons == "" and keys[line.place] not in taken and claiming[0] is not line and claiming[0].raw == line.raw:
            told.append(None)
        elif keys[line.place] in taken or any(other.raw != line.raw for other in claiming):
            told.append(",".join([*([reasons] if reasons else []), f"{SERIAL_REPEATED}:serial_number"]))
        else:
            told.append(reasons)
    return told


def _keys(values: pd.DataFrame) -> list[Key]:
    return list(zip(values["city"], values["serial_number"], strict=True))


def _corrected(line: RejectedLine, key: Key, applied: Mapping[str, Entry], freeing: Iterable[Entry]) -> CorrectedLine:
    # With another serial it was in nobody's way.
    freed_by = freeing if key == (line.city, line.serial_number) else ()
    return CorrectedLine(
        line.file,
        line.line,
        line.city,
        key[1],
        line.serial_number,
        crc_of(line.raw),
        _by_id(applied.values()),
        _by_id(freed_by),
    )


def _by_id(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted({entry.id: entry for entry in entries}.values(), key=lambda entry: entry.id))


def changes_of(entries: Iterable[Entry]) -> dict[str, Any]:
    """What entries changed, as an event tells it."""
    return {entry.field: [entry.old, entry.new] for entry in entries if not entry.dismisses}
