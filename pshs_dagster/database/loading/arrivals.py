"""A copy of a release that arrives: whether it is known, what it says of absent deals, and what is put on record.

`release_copies` has a row for each copy; `releases` and `release_files` tell of the newest copy of each release,
and of the load that brought it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.loading.merge import Bytes, Knowledge
from pshs_dagster.database.records import FileCounts, FileLines, ReleaseRecord, wall_time
from pshs_dagster.database.tables import release_copies, release_files, releases
from pshs_dagster.deals.columns import city_of
from pshs_dagster.deals.timeline import Copy, SeasonCopy


@dataclass(frozen=True)
class Arrival:
    """A copy that is about to be loaded."""

    record: ReleaseRecord
    knowledge: Knowledge
    cities: frozenset[str]
    """Cities whose files this load brings."""
    all_cities: frozenset[str]
    """Those, and the ones that earlier loads of the same copy brought."""
    rejected: frozenset[tuple[str, str]]
    """City and serial of the copy's rejected lines, of all its cities."""
    known: sa.Row[Any] | None
    """The copy's row, where it was loaded before."""

    @property
    def season(self) -> SeasonCopy | None:
        """The copy as one that tells of absent deals; an issue does not."""
        copy = self.knowledge.copy
        if copy.release.is_issue:
            return None
        return SeasonCopy(copy.release, copy.as_of, self.all_cities, self.rejected)

    @property
    def tells_absences(self) -> bool:
        """Whether anything about absent deals may be new."""
        same = self.knowledge.bytes is Bytes.SAME and self.known is not None
        return not (same and self._said() == (self.all_cities, self.rejected))

    def _said(self) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        assert self.known is not None
        return frozenset(self.known.cities), _pairs(self.known.rejected)


def arrive(
    connection: sa.Connection,
    record: ReleaseRecord,
    lines: Sequence[FileLines],
    rejected: frozenset[tuple[str, str]],
    now: datetime,
) -> Arrival:
    """What is known of a copy: the same bytes are the same knowledge, however much later they were fetched again."""
    known = _known_copy(connection, record)
    as_of = wall_time(record.as_of) if known is None else known.as_of
    cities = frozenset(city_of(file.file) for file in lines)
    knowledge = Knowledge(Copy(record.release, as_of), _bytes(record, known), now)
    all_cities, all_rejected = cities, rejected
    if known is not None:
        # Of other bytes the newer ones have the last word, also about what they reject.
        told_by_now = cities if knowledge.bytes is not Bytes.OLDER else frozenset[str]()
        all_cities |= frozenset(known.cities)
        all_rejected |= {(city, serial) for city, serial in _pairs(known.rejected) if city not in told_by_now}
    return Arrival(record, knowledge, cities, all_cities, all_rejected, known)


def put_on_record(connection: sa.Connection, arrival: Arrival, counts: Sequence[FileCounts]) -> None:
    """Write what is told of the copy, and of its release where no newer copy was loaded."""
    record, known = arrival.record, arrival.known
    key = record.release.key
    row = {
        "kind": record.release.kind.value,
        "window_from": record.release.window.first,
        "window_to": record.release.window.last,
        "sha256": record.sha256,
        "size": record.size,
        "source_url": record.source_url,
        "fetched_at": wall_time(record.fetched_at),
        "loaded_at": arrival.knowledge.now,
    }
    _put_copy_on_record(connection, arrival, row)
    newest = connection.execute(sa.select(releases).where(releases.c.release == key)).one_or_none()
    as_of = arrival.knowledge.copy.as_of
    same_copy = False
    if newest is None:
        connection.execute(sa.insert(releases).values(release=key, as_of=as_of, **row))
    elif newest.as_of > as_of or arrival.knowledge.bytes is Bytes.OLDER:
        return  # an older copy: what stands on record is newer
    elif known is not None and arrival.knowledge.bytes is Bytes.SAME:
        same_copy = True
    else:
        connection.execute(sa.update(releases).where(releases.c.release == key).values(as_of=as_of, **row))
        # Its files are told of anew; those of the copy before are gone.
        connection.execute(sa.delete(release_files).where(release_files.c.release == key))
    for file in counts:
        _put_file_on_record(connection, key, file, same_copy)


def _known_copy(connection: sa.Connection, record: ReleaseRecord) -> sa.Row[Any] | None:
    """The row of the copy with the same bytes, else of the one with the same moment."""
    mine = release_copies.c.release == record.release.key
    same = sa.or_(release_copies.c.sha256 == record.sha256, release_copies.c.as_of == wall_time(record.as_of))
    rows = connection.execute(sa.select(release_copies).where(mine, same).order_by(release_copies.c.as_of)).all()
    return min(rows, key=lambda row: row.sha256 != record.sha256, default=None)


def _bytes(record: ReleaseRecord, known: sa.Row[Any] | None) -> Bytes:
    if known is None:
        return Bytes.FIRST
    if known.sha256 == record.sha256:
        return Bytes.SAME
    earlier = (wall_time(record.fetched_at), record.sha256) < (known.fetched_at, known.sha256)
    return Bytes.OLDER if earlier else Bytes.NEWER


def _put_copy_on_record(connection: sa.Connection, arrival: Arrival, row: dict[str, Any]) -> None:
    said = {
        "cities": sorted(arrival.all_cities),
        "rejected": [list(deal) for deal in sorted(arrival.rejected)],
    }
    copy = arrival.knowledge.copy
    if arrival.known is None:
        connection.execute(sa.insert(release_copies).values(release=copy.release.key, as_of=copy.as_of, **row, **said))
        return
    changed = said if arrival.tells_absences else {}
    if arrival.knowledge.bytes is Bytes.NEWER:
        changed |= row
    if changed:
        mine = sa.and_(release_copies.c.release == copy.release.key, release_copies.c.as_of == copy.as_of)
        connection.execute(sa.update(release_copies).where(mine).values(**changed))


def _put_file_on_record(connection: sa.Connection, release: str, file: FileCounts, same_copy: bool) -> None:
    mine = sa.and_(release_files.c.release == release, release_files.c.file == file.file)
    before = connection.execute(sa.select(release_files).where(mine)).one_or_none() if same_copy else None
    if before is None:
        connection.execute(sa.insert(release_files).values(release=release, **asdict(file)))
        return
    said = (before.data_lines, before.rejected_lines) == (file.data_lines, file.rejected_lines)
    if file.new_deals or file.changed_deals or not said:
        connection.execute(sa.update(release_files).where(mine).values(**asdict(file)))


def _pairs(listed: Sequence[Sequence[str]]) -> frozenset[tuple[str, str]]:
    return frozenset((city, serial) for city, serial in listed)
