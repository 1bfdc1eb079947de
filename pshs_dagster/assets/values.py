"""What one step hands to the next.

Within a run values stay in memory. Where a step runs alone (a person materializes one asset, a run is resumed
after a failure, a check is repeated), its input is derived again from the archive, so that nothing a run needs
lies on anyone's disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import dagster as dg

from pshs_dagster.archive import Archive, ArchivedZip
from pshs_dagster.assets.common import plain_failures
from pshs_dagster.database.correcting.entries import line_entries
from pshs_dagster.database.database import Database
from pshs_dagster.deals.frame import ParsedRelease, parse_release
from pshs_dagster.deals.overlay import Overlay, laid_over
from pshs_dagster.errors import ArchiveError
from pshs_dagster.release_zip import ReleaseZip
from pshs_dagster.releases import Release


class ReleaseValues(dg.IOManager):
    """Holds the values of the run that is under way, and derives those of earlier runs from the archive."""

    def __init__(self, archive: Archive, cities: frozenset[str], database: Database) -> None:
        self._archive = archive
        self._cities = cities
        self._database = database
        self._run_id = ""
        self._held: dict[tuple[str, str], object] = {}

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        if context.run_id != self._run_id:
            # Only the run under way is held: memory is bounded by a release, not by the history.
            self._run_id, self._held = context.run_id, {}
        self._held[self._key(context.asset_key, context.partition_key)] = obj

    def load_input(self, context: dg.InputContext) -> object:
        key = self._key(context.asset_key, context.partition_key)
        if self._run_id == context.step_context.run_id and key in self._held:
            return self._held[key]
        derive = self._derivations().get(context.asset_key.to_user_string())
        with plain_failures():
            return derive(Release.parse(context.partition_key)) if derive else None

    def _key(self, asset: dg.AssetKey, partition: str) -> tuple[str, str]:
        return asset.to_user_string(), partition

    def _derivations(self) -> Mapping[str, Callable[[Release], object]]:
        return {
            "raw_zip": self._staged,
            "s3_backup": self._newest,
            "parsed_deals": self._parse,
            "rejected_deals": self._count_rejects,
            "corrected_deals": self._correct,
        }

    def _staged(self, release: Release) -> ArchivedZip:
        staged = self._archive.staged(release) or self._archive.newest(release)
        if staged is None:
            raise ArchiveError(f"Nothing was fetched for {release} yet: materialize raw_zip for this partition first.")
        return staged

    def _newest(self, release: Release) -> ArchivedZip:
        newest = self._archive.newest(release)
        if newest is None:
            raise ArchiveError(
                f"The archive holds nothing for {release}: materialize raw_zip and s3_backup for this partition first."
            )
        return newest

    def _parse(self, release: Release) -> ParsedRelease:
        return parse_archived(self._archive, self._newest(release), self._cities)

    def _count_rejects(self, release: Release) -> int:
        return len(self._parse(release).rejects)

    def _correct(self, release: Release) -> Overlay:
        entries = line_entries(self._database.ready())
        newest = self._newest(release)
        return laid_over(self._parse(release), entries, known_on(newest))


def known_on(copy: ArchivedZip) -> date:
    """The day whose knowledge a copy carries."""
    return copy.release.as_of(copy.fetched_at).date()


def parse_archived(archive: Archive, copy: ArchivedZip, cities: frozenset[str]) -> ParsedRelease:
    """Parse an archived zip: the one way from the archive to a frame."""
    with archive.opened(copy) as path, ReleaseZip.open(path) as contents:
        files = (file for file in contents.deal_files() if file.letter in cities)
        return parse_release(copy.release, files, known_on(copy))
