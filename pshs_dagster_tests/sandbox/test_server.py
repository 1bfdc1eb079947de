"""The sandbox over real HTTP: MOI's addresses, its way of saying no, and what goes wrong in life."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import date

import pytest
import requests

from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release
from pshs_dagster.sandbox import zips
from pshs_dagster.sandbox.faults import Fault
from pshs_dagster.sandbox.server import Sandbox
from pshs_dagster_tests.sandbox.reading import files_in

pytestmark = pytest.mark.slow

TODAY = date(2022, 9, 21)
SCALE = 0.02

CURRENT = "/Download?type=zip&fileName=lvr_landcsv.zip"
EARLIER = "/DownloadHistory?type=history&fileName=20220911"
SEASON = "/DownloadSeason?season=111S2&type=zip&fileName=lvr_landcsv.zip"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(today=TODAY, scale=SCALE) as running:
        yield running


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def _expected(key: str) -> bytes:
    return zips.release_zip(Release.parse(key), today=TODAY, scale=SCALE)


@pytest.mark.parametrize(("path", "key"), [(CURRENT, "2022-09-21"), (EARLIER, "2022-09-11"), (SEASON, "111S2")])
def test_releases_are_where_moi_keeps_them(sandbox: Sandbox, http: requests.Session, path: str, key: str) -> None:
    answer = http.get(sandbox.url + path)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.content == _expected(key)
    assert sandbox.requests == [path]


def test_a_doubled_slash_works(sandbox: Sandbox, http: requests.Session) -> None:
    assert http.get(sandbox.url + "/" + CURRENT).content == _expected("2022-09-21")
    assert sandbox.answer("/" + SEASON).body == _expected("111S2")  # as MOI gets it, untouched by any client


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/Download?fileName=f_lvr_land_b.csv", "2022-09-21"),
        ("/Download?fileName=F_LVR_LAND_B.CSV", "2022-09-21"),
        ("/DownloadSeason?season=111S2&fileName=F_lvr_land_B.csv", "111S2"),
        ("/DownloadSeason?season=111s2&type=zip&fileName=f_lvr_land_b.csv", "111S2"),
    ],
)
def test_one_file_can_be_had_in_either_case(sandbox: Sandbox, http: requests.Session, path: str, key: str) -> None:
    answer = http.get(sandbox.url + path)
    assert answer.content == files_in(_expected(key))["f_lvr_land_b.csv"]


@pytest.mark.parametrize(
    "path",
    [
        "/DownloadHistory?type=history&fileName=20220921",
        "/DownloadHistory?type=history&fileName=20220621",
        "/DownloadHistory?type=history&fileName=20220912",
        "/DownloadSeason?season=111S3&type=zip&fileName=lvr_landcsv.zip",
        "/DownloadSeason?season=110S1&type=zip&fileName=lvr_landcsv.zip",
        "/Download?fileName=y_lvr_land_b.csv",
        "/Download?fileName=../../etc/passwd",
        "/Download",
        "/opendata/lvr_landcsv.zip",
        "/nowhere",
    ],
)
def test_what_does_not_exist_is_answered_with_a_page_and_status_200(
    sandbox: Sandbox, http: requests.Session, path: str
) -> None:
    answer = http.get(sandbox.url + path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "系統訊息" in answer.text
    assert "檔案不存在" in answer.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/DownloadHistory_ajax_list", "downloadLast('20220911')"),
        ("/DownloadSeason_ajax_list", '<option value="111S2">'),
        ("/Download_ajax_active", "111年8月1日至 111年8月10日之預售屋案件"),
        ("/DownloadOpenData", "111年8月1日至 111年8月10日之預售屋案件"),
    ],
)
def test_pages_are_html(sandbox: Sandbox, http: requests.Session, path: str, words: str) -> None:
    answer = http.get(sandbox.url + path)
    assert answer.headers["Content-Type"].lower() == "text/html;charset=utf-8"
    assert words in answer.text


def test_a_new_issue_appears_when_its_day_comes(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.today = date(2022, 10, 1)
    assert http.get(sandbox.url + CURRENT).content == zips.release_zip(
        Release.parse("2022-10-01"), today=date(2022, 10, 1), scale=SCALE
    )
    assert "downloadLast('" not in http.get(sandbox.url + "/DownloadHistory_ajax_list").text


def test_a_late_issue_is_the_one_before_until_it_is_there(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("late")]
    assert http.get(sandbox.url + CURRENT).content == _expected("2022-09-11")
    assert "111年7月21日至 111年7月31日之預售屋案件" in http.get(sandbox.url + "/Download_ajax_active").text
    sandbox.faults = []
    assert http.get(sandbox.url + CURRENT).content == _expected("2022-09-21")


def test_html_comes_in_the_place_of_one_release_only(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("html@111S2")]
    answer = http.get(sandbox.url + SEASON)
    assert answer.status_code == 200
    assert "系統訊息" in answer.text
    assert http.get(sandbox.url + CURRENT).content[:2] == b"PK"


def test_a_truncated_zip_arrives_complete_by_its_length_and_is_none(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("truncated@2022-09-11")]
    answer = http.get(sandbox.url + EARLIER)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert answer.content[:2] == b"PK"
    assert not zipfile.is_zipfile(io.BytesIO(answer.content))


def test_a_wrong_crc_arrives(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("bad-crc")]
    with zipfile.ZipFile(io.BytesIO(http.get(sandbox.url + CURRENT).content)) as archive:
        assert archive.testzip() is not None


def test_a_missing_city_is_missing_from_the_zip_and_by_itself(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("missing-city:f")]
    names = files_in(http.get(sandbox.url + CURRENT).content)
    assert "f_lvr_land_b.csv" not in names
    assert "h_lvr_land_b.csv" in names
    assert "檔案不存在" in http.get(sandbox.url + "/Download?fileName=f_lvr_land_b.csv").text


def test_a_serial_stands_twice(sandbox: Sandbox, http: requests.Session) -> None:
    plain = files_in(_expected("2022-09-21"))["h_lvr_land_b.csv"]
    sandbox.faults = [Fault.parse("twice:h")]
    doubled = files_in(http.get(sandbox.url + CURRENT).content)["h_lvr_land_b.csv"]
    assert doubled.count(b"\r\n") == plain.count(b"\r\n") + 2


def test_errors_pass_for_each_path_by_itself(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults = [Fault.parse("errors:2")]
    for path in (CURRENT, "/DownloadSeason_ajax_list"):
        assert [http.get(sandbox.url + path).status_code for _ in range(4)] == [500, 500, 200, 200]


def test_errors_begin_anew_when_they_are_set_anew(sandbox: Sandbox, http: requests.Session) -> None:
    for _ in range(2):
        sandbox.faults = [Fault.parse("errors:1@2022-09-21")]
        assert [http.get(sandbox.url + CURRENT).status_code for _ in range(2)] == [500, 200]
    assert http.get(sandbox.url + "/Download_ajax_active").status_code == 200


def test_a_stall_sends_half_and_ends_when_the_client_gives_up(sandbox: Sandbox, http: requests.Session) -> None:
    whole = _expected("2022-09-21")
    sandbox.faults = [Fault.parse("stall")]
    with http.get(sandbox.url + CURRENT, stream=True, timeout=(5, 0.5)) as answer:
        received = answer.raw.read(len(whole) // 2)
        assert received == whole[: len(whole) // 2]
        assert int(answer.headers["Content-Length"]) == len(whole)
        with pytest.raises(requests.exceptions.ConnectionError, match="timed out"):
            answer.content  # noqa: B018
    sandbox.faults = []
    assert http.get(sandbox.url + CURRENT).content == whole


def test_stopping_ends_a_stall_and_gives_the_port_back(http: requests.Session) -> None:
    with Sandbox(today=TODAY, scale=SCALE, faults=[Fault.parse("stall")]) as running:
        answer = http.get(running.url + CURRENT, stream=True)
        address = ("127.0.0.1", int(running.url.rsplit(":", 1)[1]))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        answer.content  # noqa: B018
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_many_clients_get_the_same_bytes_at_a_time(sandbox: Sandbox) -> None:
    received: list[bytes] = []

    def fetch() -> None:
        received.append(requests.get(sandbox.url + CURRENT, timeout=60).content)

    clients = [threading.Thread(target=fetch) for _ in range(6)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert received == [_expected("2022-09-21")] * 6
    assert sandbox.requests == [CURRENT] * 6


def test_only_the_cities_asked_for_are_served(http: requests.Session) -> None:
    with Sandbox(today=TODAY, scale=SCALE, cities="F") as running:
        names = files_in(http.get(running.url + CURRENT).content)
    assert {name[0] for name in names if "_lvr_land_" in name} == {"f"}


def test_settings_that_cannot_be_are_told_in_a_sentence(sandbox: Sandbox) -> None:
    port = int(sandbox.url.rsplit(":", 1)[1])
    with pytest.raises(SettingsError, match=f"port {port}"), Sandbox(today=TODAY, port=port):
        pass
    with pytest.raises(SettingsError, match="season"):
        Sandbox(today=TODAY, first="2022-09-21")
    with pytest.raises(SettingsError, match="scale"):
        Sandbox(today=TODAY, scale=0)
    with pytest.raises(SettingsError, match="'y'"):
        Sandbox(today=TODAY, cities="fy")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_it_cleanly(number: signal.Signals) -> None:
    program = (
        "from datetime import date\n"
        "from pshs_dagster.sandbox.server import Sandbox\n"
        "Sandbox(today=date(2022, 9, 21)).serve(lambda url: print(url, flush=True))\n"
        "print('ended')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert requests.get(url + "/Download_ajax_active", timeout=30).status_code == 200
        os.kill(process.pid, number)
        said, complained = process.communicate(timeout=30)
    assert (said.strip(), complained, process.returncode) == ("ended", "", 0)
