"""When the report and the data set are made anew: the decision by itself, then the sensor on a real instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa

from pshs_dagster.assets.common import PUBLISHED
from pshs_dagster.automation import RETRY_AFTER, Attempts, attempts_for
from pshs_dagster.database.reading.standing import Standing
from pshs_dagster.database.tables import releases
from pshs_dagster.errors import PshsError
from pshs_dagster.publishing.job import STANDING_TAG, Publishable, due, publication_sensor, run_key
from pshs_dagster.publishing.runs import publish
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.flow import Flow


def wall(*parts: int) -> datetime:
    """A moment as the tables have it: wall time in Taipei."""
    return datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001


NOW = datetime(2022, 9, 21, 10, 30, tzinfo=TAIPEI)
STANDING = Standing(Release.parse("2022-09-21"), wall(2022, 9, 21, 10, 2), 7, None)
READY = Publishable(STANDING, verified=True, busy=False, attempts=Attempts(), published=False)


def test_what_is_verified_is_published_once() -> None:
    assert due(READY, NOW)
    assert not due(replace(READY, published=True), NOW)


@pytest.mark.parametrize(
    "known",
    [
        replace(READY, standing=None),
        replace(READY, verified=False),
        replace(READY, busy=True),
        replace(READY, attempts=Attempts(1, running=True)),
    ],
    ids=["nothing is loaded", "nothing is proved", "a load is under way", "a publication is under way"],
)
def test_nothing_is_published_while(known: Publishable) -> None:
    assert not due(known, NOW)


def test_a_publication_that_failed_is_tried_again_an_hour_later() -> None:
    failed = replace(READY, attempts=Attempts(1, last_ended=NOW))
    assert not due(failed, NOW + RETRY_AFTER - timedelta(seconds=1))
    assert due(failed, NOW + RETRY_AFTER)
    assert run_key(failed) != run_key(READY)


@pytest.mark.parametrize(
    "later",
    [
        replace(STANDING, release=Release.parse("2022-10-01")),
        replace(STANDING, loaded_at=wall(2022, 9, 22, 10)),
        replace(STANDING, decision=8),
        replace(STANDING, projects_as_of=wall(2022, 10, 5, 9, 30)),
    ],
    ids=["another release", "a release again", "a decision of a person", "a newer list of projects"],
)
def test_whatever_changes_the_tables_is_another_standing(later: Standing) -> None:
    assert str(later) != str(STANDING)


def asked(flow: Flow) -> dg.RunRequest | dg.SkipReason:
    """What the sensor says now."""
    context = dg.build_sensor_context(
        instance=flow.instance, resources=dict(flow.definitions.resources or {}), definitions=flow.definitions
    )
    said = publication_sensor(context)
    assert isinstance(said, dg.RunRequest | dg.SkipReason)
    return said


def test_a_verified_release_is_published_by_a_run_of_its_own(loaded_flow: Flow, current: str) -> None:
    request = asked(loaded_flow)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == current
    before = attempts_for(loaded_flow.instance, Release.parse(current))
    result = loaded_flow.definitions.resolve_job_def("publish").execute_in_process(
        instance=loaded_flow.instance, partition_key=current, tags=dict(request.tags), raise_on_error=False
    )
    assert result.success
    made = {event.materialization.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert made == set(PUBLISHED)
    assert all(check.passed for check in result.get_asset_check_evaluations())
    assert loaded_flow.archive.has_document(f"reports/{current}.html")
    assert isinstance(asked(loaded_flow), dg.SkipReason)
    # It is no attempt at loading the release, which might be due within the hour.
    assert attempts_for(loaded_flow.instance, Release.parse(current)) == before
    with loaded_flow.engine.begin() as connection:
        connection.execute(sa.update(releases).values(loaded_at=wall(2099, 1, 1)))
    again = asked(loaded_flow)
    assert isinstance(again, dg.RunRequest)
    assert again.tags[STANDING_TAG] != request.tags[STANDING_TAG]


def test_before_anything_is_loaded_there_is_nothing_to_publish(flow: Flow) -> None:
    assert isinstance(asked(flow), dg.SkipReason)
    with pytest.raises(PshsError, match=r"No release is loaded.*pshs load"):
        publish(flow.definitions, flow.instance, None, "market_report")
