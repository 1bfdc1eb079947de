"""Makes `docs/lineage.png`, the README's picture of the lineage: `.venv/bin/python -m scripts.lineage_picture`.

It loads made-up releases into a temporary folder and takes the picture of Dagster's page with the installed Chromium.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pshs_dagster.releases import Release
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.fixtures.command import pshs
from pshs_dagster_tests.fixtures.dagster import ROOT, Installation, chromium

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, Page

PICTURE = ROOT / "docs" / "lineage.png"

RELEASES = ("115S2", "2026-07-01", "2026-07-11", "2026-07-21")

WIDE = (2800, 1500)
"""In so wide a window Dagster shows the details of every asset, which it leaves out where the lineage is small."""

MARGIN = 16


def main() -> int:
    """Make the picture anew."""
    with (
        TemporaryDirectory(prefix="pshs-picture-") as folder,
        Sandbox(today=Release.parse(RELEASES[-1]).published_on, scale=0.03) as sandbox,
        Installation(
            Path(folder) / "installation", sandbox.url, f"sqlite:///{folder}/pshs.db", ",".join("abefh")
        ) as installation,
    ):
        if problems := [outcome.problem for outcome in installation.load(*RELEASES) if not outcome.verified]:
            sys.stderr.write("\n".join([*problems, ""]))
            return 1
        for command in ("projects", "report", "export"):
            done = pshs(installation.environment, command)
            if done.returncode:
                sys.stderr.write(done.stderr)
                return 1
        installation.serve()
        with chromium() as browser:
            width, height = WIDE
            page = browser.new_page(viewport={"width": width, "height": height})
            _show_lineage(page, installation.url)
            PICTURE.parent.mkdir(exist_ok=True)
            page.screenshot(path=PICTURE, clip=_around_the_graph(page))
    return 0


def _show_lineage(page: Page, url: str) -> None:
    page.goto(f"{url}/asset-groups")
    told = page.get_by_text(f"{len(RELEASES)} partitions", exact=True)
    told.nth(4).wait_for()  # all five assets


def _around_the_graph(page: Page) -> FloatRect:
    boxes = [box for part in page.locator("foreignObject").all() if (box := part.bounding_box())]
    left, top = min(box["x"] for box in boxes) - MARGIN, min(box["y"] for box in boxes) - MARGIN
    right, bottom = (_furthest(boxes, side, size) + MARGIN for side, size in (("x", "width"), ("y", "height")))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _furthest(boxes: Sequence[FloatRect], side: str, size: str) -> float:
    return max(box[side] + box[size] for box in boxes)


if __name__ == "__main__":
    sys.exit(main())
