"""The asset through a run of Dagster, and the command: the file in the archive, what is told of it, and a browser."""

from __future__ import annotations

import json
import re
import webbrowser
from base64 import b64decode
from datetime import timedelta
from pathlib import Path
from typing import Any

import click.testing
import pytest

from pshs_dagster.assets.market_report import report_key
from pshs_dagster.cli import main
from pshs_dagster.publishing.runs import PublishOutcome, publish
from pshs_dagster.releases import TAIPEI, Release
from pshs_dagster_tests.fixtures.flow import Flow
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket


def published(flow: Flow, release: str | None) -> PublishOutcome:
    return publish(flow.definitions, flow.instance, Release.parse(release) if release else None, "market_report")


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def test_a_report_is_in_the_archive_and_its_figures_and_plots_in_dagster(loaded_flow: Flow, current: str) -> None:
    loaded_flow.clock.ahead = timedelta(hours=5)
    outcome = published(loaded_flow, None)
    assert outcome.problem == ""
    told = outcome.told["market_report"]
    text = loaded_flow.archive.read_document(report_key(Release.parse(current)))
    assert told["location"] == loaded_flow.archive.location(f"reports/{current}.html")
    assert told["size_in_bytes"] == len(text.encode())
    assert told["new_deals"] == loaded_flow.number("SELECT COUNT(*) FROM deals")
    data = data_of(text)
    assert data["release"]["key"] == current
    assert data["made"][:13] == f"{loaded_flow.clock().astimezone(TAIPEI):%Y-%m-%d %H}"
    shown = {data["places"][place][1] for place in data["markets"]["place"]} - {""}
    assert shown == {name for (name,) in loaded_flow.rows("SELECT district FROM market_statistics")}
    for plot in ("median_unit_price", "deals_by_month"):
        image = re.fullmatch(r"!\[plot\]\(data:image/svg\+xml;base64,(.+)\)", str(told[plot]))
        assert image
        assert b64decode(image[1]).startswith(b"<svg ")


def test_a_release_that_is_not_loaded_fails_in_plain_words(loaded_flow: Flow, earlier_issue: str) -> None:
    outcome = published(loaded_flow, earlier_issue)
    assert f"{earlier_issue} is not loaded" in outcome.problem
    assert not loaded_flow.archive.has_document(report_key(Release.parse(earlier_issue)))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open: there is none here to look at."""
    addresses: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    return addresses


def pshs(flow: Flow, *arguments: str, **environment: str) -> click.testing.Result:
    values = {
        "DAGSTER_HOME": str(flow.folder),
        "DATABASE_URI": flow.settings.database,
        "STORAGE_DIR": str(flow.settings.archive_dir),
        **environment,
    }
    return click.testing.CliRunner().invoke(main, list(arguments), env=values)


def test_the_command_makes_a_report_copies_it_and_opens_it(
    loaded_flow: Flow, current: str, tmp_path: Path, asked: list[str]
) -> None:
    location = Path(loaded_flow.archive.location(report_key(Release.parse(current))))
    done = pshs(loaded_flow, "report", "--open")
    assert (done.exit_code, done.stdout.strip(), done.stderr) == (0, str(location), "")
    out = tmp_path / "copy.html"
    assert pshs(loaded_flow, "report", current, "--open", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == location.read_bytes()
    assert asked == [location.as_uri(), out.as_uri()]


def test_what_cannot_be_written_or_opened_is_told_in_one_line(
    loaded_flow: Flow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    for words, arguments in (("file://", ["--open"]), ("folder.html", ["--out", str(tmp_path / "no" / "folder.html")])):
        done = pshs(loaded_flow, "report", *arguments)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        assert words in done.stderr


@pytest.mark.thorough
@pytest.mark.s3
def test_a_report_in_a_bucket_is_opened_from_a_copy_on_this_machine(
    loaded_flow: Flow, current: str, s3_bucket: Bucket, asked: list[str]
) -> None:
    bucket = {"STORAGE_TYPE": "S3", "S3_BUCKET": s3_bucket.name, "S3_ENDPOINT_URL": s3_bucket.endpoint_url}
    secrets = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": REGION}
    done = pshs(loaded_flow, "report", "--open", **bucket, **secrets)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.strip() == f"s3://{s3_bucket.name}/reports/{current}.html"
    (address,) = asked
    stored = s3_bucket.client.get_object(Bucket=s3_bucket.name, Key=f"reports/{current}.html")["Body"].read()
    assert Path(address.removeprefix("file://")).read_bytes() == stored
