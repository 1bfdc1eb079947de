"""A release's zip file, read with suspicion: what it holds, whether it is whole, what it says of itself.

A zip is hostile until proven otherwise. Nothing is ever extracted to disk; what is read is read in
pieces, against limits, and only where the name is one that MOI gives to its files.
What does not belong here: fetching (`portal`), keeping (`archive`), and what a CSV means (`deals`).
"""

from pshs_dagster.release_zip.contents import DealFile, ReleaseZip

__all__ = ["DealFile", "ReleaseZip"]
