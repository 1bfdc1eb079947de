"""MOI's list of registered pre-sale projects over HTTP. What stands in it is told in `projects`."""

from __future__ import annotations

from pathlib import Path

from pshs_dagster.errors import NotPublished
from pshs_dagster.portal.downloading import Download, Progress, no_progress
from pshs_dagster.portal.site import Portal

ADDRESSES = (
    "/opendata/lvr_buildcasecsv.zip",
    "/Download?type=zip&PayType=saleremark&fileName=lvr_buildcasecsv.zip",
)
"""Where the list is; the second is how the site's own page asks for it."""

WHAT = "the list of registered projects"


def fetch_project_list(portal: Portal, folder: Path, progress: Progress = no_progress) -> Download:
    """Download the list of today into `folder`. Raises NotPublished, SiteDown, PortalError and BadZip."""
    path = folder / "lvr_buildcasecsv.zip"
    usual, other = ADDRESSES
    try:
        return portal.download(usual, path, WHAT, progress)
    except NotPublished as error:
        try:
            return portal.download(other, path, WHAT, progress)
        except NotPublished:
            raise error from None
