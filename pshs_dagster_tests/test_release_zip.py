"""A zip is hostile until proven otherwise, and what it says of itself is read in every form that MOI uses."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import BadZip, BrokenZip, HostileZip, NotAZip
from pshs_dagster.release_zip import ReleaseZip, suspicion
from pshs_dagster.releases import Release, Window
from pshs_dagster_tests.fixtures.portal import MISSING_PAGE, zip_bytes

DEALS = "鄉鎮市區,交易標的\r\n三民區,房地\r\n".encode("utf-8-sig") * 50
DESCRIPTION = (
    "資料內容：登記日期自 110年12月11 至 111年3月10日之買賣案件，申報日期自 110年11月11 至 111年2月10日之租賃案件，"
    "及交易日期自110年11月11 至 111年2月10日之預售屋案件"
)
DESCRIBED = Window(date(2021, 11, 11), date(2022, 2, 10))

REAL = Path(os.environ.get("PSHS_REAL_DATA", Path(__file__).parents[2] / "shared" / "moi"))


def save(folder: Path, data: bytes | Mapping[str, bytes]) -> Path:
    path = folder / "111S1.zip"
    path.write_bytes(data if isinstance(data, bytes) else zip_bytes(data))
    return path


def read(path: Path) -> None:
    with ReleaseZip.open(path) as release_zip:
        release_zip.verify()


class TestWhatIsNoZip:
    def test_a_page_in_the_place_of_a_zip_is_called_a_page(self, tmp_path: Path) -> None:
        with pytest.raises(NotAZip, match="web page"):
            ReleaseZip.open(save(tmp_path, b"\xef\xbb\xbf\r\n " + MISSING_PAGE.encode()))

    @pytest.mark.parametrize("data", [b"", b"P", "鄉鎮市區".encode(), b"\x1f\x8b\x08\x00 gzip"])
    def test_other_bytes_are_no_zip(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(NotAZip, match=r"111S1\.zip"):
            ReleaseZip.open(save(tmp_path, data))

    def test_a_message_calls_a_temporary_file_by_its_real_name(self, tmp_path: Path) -> None:
        with pytest.raises(NotAZip, match=r"^2022-09-21\.zip is empty"):
            ReleaseZip.open(save(tmp_path, b""), name="2022-09-21.zip")


class TestBrokenZips:
    def test_a_zip_without_a_file_is_broken_not_empty(self, tmp_path: Path) -> None:
        with pytest.raises(BrokenZip, match="holds no file"):
            ReleaseZip.open(save(tmp_path, {}))

    def test_a_flipped_byte_names_the_member_that_it_damages(self, tmp_path: Path) -> None:
        noise = os.urandom(4096)
        data = bytearray(zip_bytes({"a_lvr_land_b.csv": DEALS, "f_lvr_land_b.csv": noise}, zipfile.ZIP_STORED))
        data[data.index(noise) + 2000] ^= 0xFF
        with pytest.raises(BrokenZip, match="f_lvr_land_b"):
            read(save(tmp_path, bytes(data)))

    def test_a_member_shorter_than_declared_is_broken(self, tmp_path: Path) -> None:
        data = bytearray(zip_bytes({"f_lvr_land_b.csv": DEALS}))
        directory = data.rindex(b"PK\x01\x02")
        data[directory + 24 : directory + 28] = struct.pack("<I", len(DEALS) + 1)
        with pytest.raises(BrokenZip, match="f_lvr_land_b"):
            read(save(tmp_path, bytes(data)))

    def test_an_encrypted_member_is_refused(self, tmp_path: Path) -> None:
        data = bytearray(zip_bytes({"f_lvr_land_b.csv": DEALS}))
        data[data.rindex(b"PK\x01\x02") + 8] |= 1
        with pytest.raises(BrokenZip, match="encrypted"):
            ReleaseZip.open(save(tmp_path, bytes(data)))

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_a_compression_that_moi_never_uses_is_refused(self, tmp_path: Path, method: int) -> None:
        with pytest.raises(BrokenZip, match="unsupported"):
            ReleaseZip.open(save(tmp_path, zip_bytes({"f_lvr_land_b.csv": DEALS}, method)))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cut=st.floats(min_value=0, max_value=1, exclude_max=True))
    def test_a_zip_cut_off_anywhere_is_never_taken_for_whole(self, tmp_path: Path, cut: float) -> None:
        whole = zip_bytes({"a_lvr_land_b.csv": DEALS, "f_lvr_land_b.csv": DEALS[::-1]})
        with pytest.raises((BrokenZip, NotAZip)):
            read(save(tmp_path, whole[: int(len(whole) * cut)]))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(position=st.integers(min_value=0), bits=st.integers(min_value=1, max_value=255))
    def test_any_damaged_byte_gives_the_same_contents_or_an_error_of_ours(
        self, tmp_path: Path, position: int, bits: int
    ) -> None:
        members = {"a_lvr_land_b.csv": DEALS, "f_lvr_land_b.csv": DEALS[::-1]}
        data = bytearray(zip_bytes(members))
        data[position % len(data)] ^= bits
        try:
            with ReleaseZip.open(save(tmp_path, bytes(data))) as release_zip:
                release_zip.verify()
                contents = [file.data for file in release_zip.deal_files()]
        except BadZip:
            return
        assert all(content in members.values() for content in contents)


class TestHostileZips:
    @pytest.mark.parametrize(
        "name",
        [
            "/etc/passwd",
            "../f_lvr_land_b.csv",
            "csv/../../f_lvr_land_b.csv",
            "C:/f_lvr_land_b.csv",
            "csv\\f_lvr_land_b.csv",
            "f_lvr_land_b.csv\x00.exe",
            "f_lvr\nland.csv",
        ],
    )
    def test_a_name_that_leads_out_of_its_folder_is_refused(self, tmp_path: Path, name: str) -> None:
        # zipfile tidies names up when it writes, so a harmless name of the same length is replaced in the bytes.
        harmless = "x" * len(name.encode())
        data = zip_bytes({harmless: b"1", "a_lvr_land_b.csv": DEALS}).replace(harmless.encode(), name.encode())
        with pytest.raises(HostileZip):
            ReleaseZip.open(save(tmp_path, data))

    def test_a_symbolic_link_is_refused(self, tmp_path: Path) -> None:
        link = zipfile.ZipInfo("f_lvr_land_b.csv")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        path = tmp_path / "111S1.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(link, "/etc/passwd")
        with pytest.raises(HostileZip, match="link"):
            ReleaseZip.open(path)

    @pytest.mark.parametrize("twin", ["F_LVR_LAND_B.CSV", "csv/f_lvr_land_b.csv"])
    def test_two_files_for_one_city_are_refused(self, tmp_path: Path, twin: str) -> None:
        with pytest.raises(HostileZip, match="2 times"):
            ReleaseZip.open(save(tmp_path, {"f_lvr_land_b.csv": DEALS, twin: DEALS}))

    def test_a_bomb_that_declares_its_size_is_refused_unread(self, tmp_path: Path) -> None:
        with pytest.raises(HostileZip, match=f"{suspicion.MAX_RATIO} times"):
            ReleaseZip.open(save(tmp_path, {"a_lvr_land_a.xml": b"0" * (suspicion.RATIO_FREE + 1)}))

    def test_a_bomb_that_declares_a_few_bytes_is_stopped_while_it_expands(self, tmp_path: Path) -> None:
        small, large = DEALS[:10], DEALS[:10] + os.urandom(1) * 5_000_000
        data = bytearray(zip_bytes({"f_lvr_land_b.csv": large}))
        # The checksum is that of the ten declared bytes: who stops reading there finds nothing wrong.
        for head, offset in ((data.index(b"PK\x03\x04"), 14), (data.rindex(b"PK\x01\x02"), 16)):
            data[head + offset : head + offset + 4] = struct.pack("<I", zlib.crc32(small))
            data[head + offset + 8 : head + offset + 12] = struct.pack("<I", len(small))
        path = save(tmp_path, bytes(data))
        with zipfile.ZipFile(path) as file:
            assert file.read("f_lvr_land_b.csv") == small, "the bomb should fool a trusting reader"
        with pytest.raises(HostileZip, match="expands to more"):
            read(path)
        with ReleaseZip.open(path) as release_zip, pytest.raises(HostileZip):
            list(release_zip.deal_files())

    def test_a_gigantic_file_that_nobody_knows_is_refused(self, tmp_path: Path) -> None:
        noise = os.urandom(2**16) * (suspicion.MAX_UNKNOWN // 2**16 + 1)
        path = save(tmp_path, zip_bytes({"readme.bin": noise}, zipfile.ZIP_STORED))
        with pytest.raises(HostileZip, match="readme"):
            ReleaseZip.open(path)
        known = save(tmp_path, zip_bytes({"a_lvr_land_a.csv": noise}, zipfile.ZIP_STORED))
        with ReleaseZip.open(known) as release_zip:
            assert release_zip.members == ("a_lvr_land_a.csv",)

    def test_too_many_files_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(HostileZip, match="5,001 files"):
            ReleaseZip.open(save(tmp_path, {f"{number}.txt": b"" for number in range(suspicion.MAX_MEMBERS + 1)}))

    def test_all_files_together_have_a_limit(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(suspicion, "MAX_EXPANDED", 2 * len(DEALS) - 1)
        with pytest.raises(HostileZip, match="expand to"):
            ReleaseZip.open(save(tmp_path, {"a_lvr_land_b.csv": DEALS, "f_lvr_land_b.csv": DEALS}))

    def test_a_gigantic_table_of_contents_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        data = bytearray(zip_bytes({"f_lvr_land_b.csv": DEALS}))
        end = data.rindex(b"PK\x05\x06")
        data[end + 12 : end + 16] = struct.pack("<I", suspicion.MAX_DIRECTORY + 1)
        with pytest.raises(HostileZip, match="table of contents"):
            ReleaseZip.open(save(tmp_path, bytes(data)))


class TestDealFiles:
    def test_only_presale_main_files_are_given_in_the_order_of_their_letters(self, tmp_path: Path) -> None:
        path = save(
            tmp_path,
            {
                "F_LVR_LAND_B.CSV": b"f",
                "csv/a_lvr_land_b.csv": b"a",
                "a_lvr_land_a.csv": b"sales",
                "a_lvr_land_b_land.csv": b"details",
                "a_lvr_land_b.xml": b"the same as XML",
                "csv/": b"",
                "manifest.csv": b"",
                "說明.txt": b"a small file that nobody knows",
            },
        )
        with ReleaseZip.open(path) as release_zip:
            found = [(file.letter, file.name, file.data) for file in release_zip.deal_files()]
        assert found == [("a", "a_lvr_land_b.csv", b"a"), ("f", "F_LVR_LAND_B.CSV", b"f")]

    def test_a_city_that_nobody_knows_is_an_error_not_a_gap(self, tmp_path: Path) -> None:
        assert "s" not in CITIES
        path = save(tmp_path, {"a_lvr_land_b.csv": DEALS, "s_lvr_land_b.csv": DEALS})
        with ReleaseZip.open(path) as release_zip, pytest.raises(BadZip, match="letter 's'"):
            release_zip.deal_files()

    def test_damage_shows_when_deals_are_read_without_verifying_first(self, tmp_path: Path) -> None:
        data = bytearray(zip_bytes({"f_lvr_land_b.csv": DEALS}, zipfile.ZIP_STORED))
        data[data.index(DEALS) + 5] ^= 1
        with ReleaseZip.open(save(tmp_path, bytes(data))) as release_zip, pytest.raises(BrokenZip):
            list(release_zip.deal_files())


class TestWhatAZipSaysOfItself:
    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("build.ttt", DESCRIPTION.encode("big5")),
            ("csv/BUILD.TTT", DESCRIPTION.encode("utf-8-sig")),
            ("build_time.xml", f'<?xml version="1.0" encoding="UTF-8"?><lvr><d>{DESCRIPTION}</d></lvr>'.encode()),
            ("build_time.xml", f'<?xml version="1.0" encoding="big5"?><d>{DESCRIPTION}</d>'.encode("big5")),
            ("build_time.xml", f"<d><![CDATA[{DESCRIPTION}]]></d>".encode("utf-16")),
        ],
    )
    def test_its_window_is_read_in_each_encoding(self, tmp_path: Path, name: str, data: bytes) -> None:
        with ReleaseZip.open(save(tmp_path, {name: data})) as release_zip:
            assert release_zip.described_window() == DESCRIBED
            assert release_zip.description() == DESCRIPTION

    def test_entities_of_xml_are_left_alone(self, tmp_path: Path) -> None:
        xml = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'
        with ReleaseZip.open(save(tmp_path, {"build_time.xml": xml.encode()})) as release_zip:
            description = release_zip.description()
            assert description is not None
            assert description.endswith("&x;")
            assert release_zip.described_window() is None

    @pytest.mark.parametrize(
        "members", [{"f_lvr_land_b.csv": DEALS}, {"build.ttt": b" \r\n"}, {"build.ttt": b"x" * 10**5}]
    )
    def test_a_zip_that_says_nothing_useful_has_no_window(self, tmp_path: Path, members: dict[str, bytes]) -> None:
        with ReleaseZip.open(save(tmp_path, members)) as release_zip:
            assert release_zip.description() is None
            assert release_zip.described_window() is None


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason=f"MOI's real files are not at {REAL}")
class TestRealZips:
    @pytest.mark.parametrize("path", sorted(REAL.glob("*/*.zip")), ids=lambda path: path.name)
    def test_every_real_zip_is_accepted_and_whole(self, path: Path) -> None:
        with ReleaseZip.open(path) as release_zip:
            release_zip.verify()
            with zipfile.ZipFile(path) as file:
                expected = [name for name in sorted(file.namelist()) if name.endswith("_lvr_land_b.csv")]
                assert [(deals.name, deals.data) for deals in release_zip.deal_files()] == [
                    (name, file.read(name)) for name in expected
                ]

    @pytest.mark.parametrize("season", ["110S4", "111S2", "111S3", "112S1"])
    def test_a_real_season_says_which_window_it_covers(self, season: str) -> None:
        with ReleaseZip.open(REAL / "seasons" / f"{season}.zip") as release_zip:
            assert release_zip.described_window() == Release.parse(season).window
