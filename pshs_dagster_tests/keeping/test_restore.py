"""What is refused, and what is left behind, when a backup cannot be restored."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from pshs_dagster.archive.backups import Contents, Dump
from pshs_dagster.database.engine import connect
from pshs_dagster.database.keeping.dump import dump
from pshs_dagster.database.keeping.packing import pack, unpack
from pshs_dagster.database.keeping.restore import prove, restore
from pshs_dagster.database.tables import deals
from pshs_dagster.errors import ArchiveError, DatabaseError, PshsError, SettingsError
from pshs_dagster_tests.keeping.conftest import Dumped, Standing, content


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    return tmp_path / "dump"


@pytest.fixture
def made(request: pytest.FixtureRequest, database_uri: str, packed: Path) -> Dumped:
    """A dump of the kind of `database_uri`; the file at `packed` is this test's own."""
    made: Dumped = request.getfixturevalue(f"dumped_{database_uri.partition(':')[0].partition('+')[0]}")
    shutil.copyfile(made.path, packed)
    return made


@pytest.fixture
def dumped(made: Dumped) -> Dump:
    return made.dump


def tables(uri: str) -> list[str]:
    """What is in a database: nothing where there is not even a file."""
    if uri.startswith("sqlite") and not Path(uri.removeprefix("sqlite:///")).exists():
        return []
    engine = connect(uri)
    names = sa.inspect(engine).get_table_names() + sa.inspect(engine).get_view_names()
    engine.dispose()
    return names


def of_sql(text: str, packed: Path) -> Dump:
    """A backup of MySQL that somebody wrote by hand."""
    return Dump("mysql", "a person", pack([text.encode()], packed), Contents({}, "", {}, ""))


def test_everything_comes_back_whosever_it_is(made: Dumped, packed: Path, empty_uri: str) -> None:
    found = restore(packed, made.dump, empty_uri)
    engine = connect(empty_uri)
    assert content(engine) == made.content
    assert found.rows == {name: len(rows) for name, rows in made.content.items()}
    indexes = {index["name"] for index in sa.inspect(engine).get_indexes("deals")}
    assert indexes >= {index.name for index in deals.indexes}
    engine.dispose()
    assert not [path for path in packed.parent.rglob("*") if "restoring" in path.name]


def test_a_database_that_holds_anything_is_refused_and_stays(dumped: Dump, packed: Path, empty_uri: str) -> None:
    other = connect(empty_uri)
    with other.begin() as connection:
        connection.execute(sa.text("CREATE TABLE theirs (number INTEGER)"))
        connection.execute(sa.text("INSERT INTO theirs VALUES (42)"))
    with pytest.raises(DatabaseError, match=r"is not empty \(it has theirs\)"):
        restore(packed, dumped, empty_uri)
    assert content(other) == {"theirs": [(42,)]}
    other.dispose()


def test_the_database_in_use_is_refused(source: sa.Engine, packed: Path) -> None:
    before, dumped = content(source), dump(source, packed)
    with pytest.raises(DatabaseError, match="is not empty"):
        restore(packed, dumped, source.url.render_as_string(hide_password=False))
    assert content(source) == before


def test_a_backup_that_holds_other_rows_than_its_manifest_says_leaves_nothing(
    dumped: Dump, packed: Path, empty_uri: str
) -> None:
    rows = {**dumped.contents.rows, "deals": 4, "lost": 1}
    wrong = replace(dumped, contents=replace(dumped.contents, rows=rows))
    told = r"deals has 3 rows instead of 4; the table lost is missing"
    with pytest.raises(DatabaseError, match=told):
        restore(packed, wrong, empty_uri)
    assert tables(empty_uri) == []
    restore(packed, dumped, empty_uri)


def test_a_backup_whose_values_were_altered_is_found_by_its_digest(dumped: Dump, packed: Path, empty_uri: str) -> None:
    altered = b"".join(unpack(packed, dumped.unpacked_size)).replace("備註".encode(), "註備".encode())
    pack([altered], packed)
    with pytest.raises(
        DatabaseError, match="does not hold what was backed up, and is empty again: the digest of deals"
    ):
        restore(packed, dumped, empty_uri)
    assert tables(empty_uri) == []


@pytest.mark.parametrize("harm", ["cut", "empty", "no zstd", "longer", "shorter"])
def test_a_damaged_file_leaves_nothing(dumped: Dump, packed: Path, empty_uri: str, harm: str) -> None:
    data = b"".join(unpack(packed, dumped.unpacked_size))
    match harm:
        case "cut":
            packed.write_bytes(packed.read_bytes()[: packed.stat().st_size // 2])
        case "empty":
            packed.write_bytes(b"")
        case "no zstd":
            packed.write_bytes(data)
        case "longer":
            pack([data, b"\0" * 1_000_000], packed)
        case _:
            pack([data[:-100]], packed)
    with pytest.raises(PshsError, match=r"damaged|does not hold|no sound database|could not restore") as told:
        restore(packed, dumped, empty_uri)
    assert "\n" not in str(told.value)
    assert tables(empty_uri) == []


def test_a_digest_of_another_version_is_not_compared(dumped: Dump, packed: Path, empty_uri: str) -> None:
    earlier = replace(dumped, contents=replace(dumped.contents, digest="00" * 32, digest_scheme="another"))
    assert restore(packed, earlier, empty_uri).digest == ""
    assert "deals" in tables(empty_uri)


def test_a_backup_goes_into_its_own_kind_of_database_only(dumped: Dump, packed: Path, tmp_path: Path) -> None:
    other = (
        "mysql+pymysql://u:hunter2@127.0.0.1:1/x" if dumped.database == "sqlite" else f"sqlite:///{tmp_path / 'x.db'}"
    )
    with pytest.raises(DatabaseError, match=r"cannot be restored into (MySQL|SQLite)") as told:
        restore(packed, dumped, other)
    assert "hunter2" not in str(told.value)
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("hunter2", "is not a database URL"),
        ("postgresql://u:hunter2@h/x", "postgresql is not supported"),
        ("mysql+pymysql://u:hunter2@127.0.0.1:1/", "names no database"),
        ("mysql+pymysql://u:hunter2@127.0.0.1:1/x", "does not answer"),
    ],
)
def test_a_url_that_cannot_be_used_is_told_without_its_password(packed: Path, uri: str, told: str) -> None:
    with pytest.raises(PshsError, match=told) as error:
        restore(packed, of_sql("", packed), uri)
    assert "hunter2" not in str(error.value)
    assert "DATABASE_URI" not in str(error.value)


def test_a_backup_of_sqlite_goes_into_a_file(packed: Path) -> None:
    nothing = Dump("sqlite", "", 0, Contents({}, "", {}, ""))
    with pytest.raises(SettingsError, match="is restored into a file"):
        restore(packed, nothing, "sqlite://")


def test_a_file_that_is_no_database_is_refused_and_stays(packed: Path, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear reader")
    with pytest.raises(DatabaseError, match="it is no database of SQLite"):
        restore(packed, Dump("sqlite", "", 0, Contents({}, "", {}, "")), f"sqlite:///{letter}")
    assert letter.read_text() == "Dear reader"


@pytest.mark.mysql
class TestMySql:
    @pytest.fixture
    def database_uri(self, mysql_uri: str) -> str:
        return mysql_uri

    def test_what_went_wrong_half_way_is_taken_back(self, empty_uri: str, packed: Path) -> None:
        made = (
            "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT REFERENCES a(x)); CREATE VIEW v AS SELECT 1;\n"
        )
        with pytest.raises(DatabaseError, match=r"could not restore .*ERROR 1064"):
            restore(packed, of_sql(made + "SELEC 1;\n", packed), empty_uri)
        assert tables(empty_uri) == []

    def test_a_backup_commands_neither_the_shell_nor_reads_files_of_this_machine(
        self, empty_uri: str, packed: Path, tmp_path: Path
    ) -> None:
        touched, secret = tmp_path / "touched", tmp_path / "secret"
        secret.write_text("hunter2")
        for line in (f"\\! touch {touched}", f"system touch {touched};", f"tee {touched}", f"source {secret}"):
            with pytest.raises(DatabaseError, match="could not restore"):
                restore(packed, of_sql(f"CREATE TABLE a (x INT);\n{line}\nSELECT 1;\n", packed), empty_uri)
        read = f"CREATE TABLE a (x TEXT);\nLOAD DATA LOCAL INFILE '{secret}' INTO TABLE a;\n"
        with pytest.raises(DatabaseError, match="could not restore"):
            restore(packed, of_sql(read, packed), empty_uri)
        assert not touched.exists()
        assert tables(empty_uri) == []

    def test_views_and_triggers_come_back(self, source: sa.Engine, empty_uri: str, packed: Path) -> None:
        with source.begin() as connection:
            connection.execute(sa.text("CREATE VIEW dear AS SELECT id FROM deals WHERE price < 1000000"))
            connection.execute(
                sa.text("CREATE TRIGGER noted BEFORE INSERT ON favourites FOR EACH ROW SET NEW.liked_by = 'noted'")
            )
        restore(packed, dump(source, packed), empty_uri)
        engine = connect(empty_uri)
        with engine.begin() as connection:
            assert connection.scalar(sa.text("SELECT COUNT(*) FROM dear")) == 1
            connection.execute(sa.text("INSERT INTO favourites VALUES (77, 'me')"))
            assert connection.scalar(sa.text("SELECT liked_by FROM favourites WHERE deal = 77")) == "noted"
        engine.dispose()

    def test_a_missing_program_is_told_with_its_package(
        self, source: sa.Engine, packed: Path, empty_uri: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(packed.parent))
        with pytest.raises(DatabaseError, match=r"Neither mariadb-dump nor mysqldump is .*: install the package"):
            dump(source, packed)
        with pytest.raises(DatabaseError, match=r"Neither mariadb nor mysql is .*: install the package mariadb-client"):
            restore(packed, of_sql("", packed), empty_uri)

    @pytest.mark.parametrize("how", ["kill -9 $$", "exit 2", "exit 0"])
    def test_a_dump_that_ended_half_way_is_none(
        self, source: sa.Engine, packed: Path, standing_in: Standing, how: str
    ) -> None:
        for name in ("mariadb-dump", "mysqldump"):
            standing_in(name, f'"$REAL" "$@" | head -c 6000\n{how}\n')
        with pytest.raises(DatabaseError, match=r"could not back .* up|ended before .* was backed up"):
            dump(source, packed)
        # Nobody is kept waiting by what has failed.
        with source.begin() as connection:
            connection.execute(sa.text("INSERT INTO favourites VALUES (9, 'at once')"))
        assert connection.closed


@pytest.mark.parametrize("data", [b"", b"no zstd at all", b"(\xb5/\xfd" + b"\0" * 20])
def test_what_is_no_packed_file_is_told(packed: Path, data: bytes) -> None:
    packed.write_bytes(data)
    with pytest.raises(ArchiveError, match=r"damaged|does not hold"):
        list(unpack(packed, 5))


def test_a_file_that_expands_beyond_its_size_is_not_read_to_its_end(packed: Path) -> None:
    mebibyte = bytes(2**20)
    pack((mebibyte for _ in range(64)), packed)
    assert packed.stat().st_size < 100_000
    given: list[bytes] = []
    with pytest.raises(ArchiveError, match="does not hold"):
        given.extend(unpack(packed, 2 * 2**20))
    assert sum(map(len, given)) <= 2 * 2**20


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_a_database_that_somebody_made_meanwhile_stays(
    dumped: Dump, packed: Path, empty_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prove_slowly(connection: sa.Connection, dump: Dump, where: str) -> Contents:
        other = connect(empty_uri)
        with other.begin() as theirs:
            theirs.execute(sa.text("CREATE TABLE theirs (number INTEGER)"))
        other.dispose()
        return prove(connection, dump, where)

    monkeypatch.setattr("pshs_dagster.database.keeping.restore.prove", prove_slowly)
    with pytest.raises(DatabaseError, match="is not empty"):
        restore(packed, dumped, empty_uri)
    assert tables(empty_uri) == ["theirs"]
