"""The store of files: raw zips with their manifests, put once and read back, and documents for people.

`raw` knows what a copy of a release is; `folder` and `s3` are the two stores, which behave the same.
What does not belong here: where a zip comes from (`portal`) and what stands in it (`release_zip`, `deals`).
"""

from pshs_dagster.archive.folder import FolderStore
from pshs_dagster.archive.manifest import ArchivedZip
from pshs_dagster.archive.raw import Archive
from pshs_dagster.archive.s3 import S3Store
from pshs_dagster.archive.stores import Store

__all__ = ["Archive", "ArchivedZip", "FolderStore", "S3Store", "Store"]
