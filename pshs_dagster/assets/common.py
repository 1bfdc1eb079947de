"""What every asset and check of the flow shares: its partitions, its owners, its pool, how it fails.

Anything about one asset only belongs in that asset's file.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol

import dagster as dg

from pshs_dagster.errors import PshsError
from pshs_dagster.releases import Release

RELEASES = dg.DynamicPartitionsDefinition(name="releases")
"""One partition a release: `2022-09-21` or `111S2`. The sensor, the schedule and `pshs load` add them."""

GROUP = "releases"
"""One group, since Dagster's page opens the lineage of a single group at once, and closes those of several."""

OWNERS = ["team:pshs"]

PUBLISHED = ("project_absorption", "market_report", "deals_dataset")
"""What is made for readers once a release is verified, by a run of its own."""

PUBLISH_JOB = "publish"
"""The job of that run."""

DATABASE_POOL = "database_writers"
"""Steps that write to the database; `dagster.yaml` lets one at a time."""


CONFIRM_TAG = "pshs/confirm-withdrawals"
"""A run with this tag set to `true` may withdraw more deals than one would believe; a person has looked."""


class HasPartition(Protocol):
    """A context that runs for one partition: an asset's, a check's, an input's or an output's."""

    @property
    def partition_key(self) -> str: ...


def release_of(context: HasPartition) -> Release:
    """The release that a step runs for."""
    return Release.parse(context.partition_key)


def withdrawals_confirmed(run: dg.DagsterRun) -> bool:
    """Whether a person confirmed the withdrawals of this run, by `pshs load` or by a tag in the launchpad."""
    return run.tags.get(CONFIRM_TAG, "").lower() == "true"


@contextmanager
def plain_failures() -> Generator[None]:
    """Turn the project's own errors into a failed step with that one sentence, without a retry in the same run.

    A disk that is full may show at any moment, wherever temporary files are: it is told in such a sentence too.
    """
    try:
        yield
    except PshsError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        told = f"The disk of {error.filename or tempfile.gettempdir()} is full: make room, then repeat."
        raise dg.Failure(description=told, allow_retries=False) from error
