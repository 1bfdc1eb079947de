"""Dagster's own tables in a database of their own, on the server that holds the deals.

One setting, DATABASE_URI, names that server for both. Where the tables of deals are is no concern of this module.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from dagster_mysql import DagsterMySQLStorage
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from pshs_dagster.errors import DatabaseError, SettingsError

if TYPE_CHECKING:
    from dagster._core.storage.config import MySqlStorageConfig
    from dagster._serdes import ConfigurableClassData

DATABASE = "dagster"
"""Dagster's database, beside the one of the deals."""

DRIVER = "mysql+mysqlconnector"
"""The driver that Dagster's storage is made for. It connects anew for every question, which takes this one a
millisecond, and PyMySQL more than twenty, since it reads the system's certificates each time."""

TLS_OPTIONS = {
    "ssl_ca": "ssl_ca",
    "ssl_cert": "ssl_cert",
    "ssl_key": "ssl_key",
    "ssl_check_hostname": "ssl_verify_identity",
    "ssl_verify_identity": "ssl_verify_identity",
}
"""Options of PyMySQL in an URL, and what that driver calls them. Others are for loading deals."""

LOCK, LOCK_SECONDS = "pshs_dagster_storage", 60
"""MySQL's lock by name while tables may be made, which takes a second or two."""

UNKNOWN_DATABASE = 1049
"""MySQL's number for a database that does not exist."""

EXAMPLE = "mysql+pymysql://user:password@host/pshs"


class StorageBesideDeals(DagsterMySQLStorage):
    """Dagster's storage in DATABASE, on the server of `mysql_url`; the database is made where it is missing.

    In `dagster.yaml`, `mysql_url` should be `{env: DATABASE_URI}`, so that no file holds the password.
    """

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: MySqlStorageConfig
    ) -> StorageBesideDeals:
        """Connects. Raises SettingsError where the setting is no MySQL URL, DatabaseError where it cannot be used."""
        url = dagster_database(config_value["mysql_url"])
        with set_up_alone(url):
            return cls(url.render_as_string(hide_password=False), inst_data)


def dagster_database(database_uri: str) -> URL:
    """Where Dagster's tables go, by the URL of the deals: same server, account and TLS.

    Raises SettingsError where that is no MySQL URL, or names Dagster's database.
    """
    try:
        url = make_url(database_uri)
    except ArgumentError:
        # Its message would tell the URL, and with it the password.
        raise SettingsError(f"DATABASE_URI cannot be read; write it as {EXAMPLE}.") from None
    if url.get_backend_name() not in ("mysql", "mariadb"):
        raise SettingsError(
            f"DATABASE_URI names {url.get_backend_name()}, and a server needs MySQL; write it as {EXAMPLE}."
        )
    if url.database == DATABASE:
        raise SettingsError(
            f"DATABASE_URI names the database {DATABASE}, where Dagster keeps its own tables; "
            "name another one for the deals."
        )
    tls = {TLS_OPTIONS[name]: value for name, value in url.query.items() if name in TLS_OPTIONS}
    if "ssl_ca" in tls:
        # PyMySQL verifies where it is told by whom a certificate has to be; this driver has to be told so.
        tls["ssl_verify_cert"] = "true"
    return url.set(drivername=DRIVER, database=DATABASE, query=tls)


@contextmanager
def set_up_alone(url: URL) -> Generator[None]:
    """Make the database of `url` where it does not exist, and let nobody else make tables in it meanwhile.

    Raises DatabaseError saying who has to make it. Web page and daemon start at a time, and each makes the tables where
    there are none.
    """
    try:
        if not _exists(url):
            _make(url)
        connection = _engine(url).connect()
    except DBAPIError as error:
        # The driver's own words name account and host, and no password.
        raise DatabaseError(
            f"Dagster's database {url.database} at {url.host} cannot be used: {error.orig}. Where it is missing, have "
            f"it made, and give {url.username} all rights on it: CREATE DATABASE {url.database} CHARACTER SET utf8mb4."
        ) from None
    with connection:
        # Ends with the connection, whatever happens.
        connection.execute(sa.select(sa.func.get_lock(LOCK, LOCK_SECONDS)))
        yield


def _exists(url: URL) -> bool:
    try:
        with _engine(url).connect():
            return True
    except DBAPIError as error:
        if error.orig is not None and error.orig.args and error.orig.args[0] == UNKNOWN_DATABASE:
            return False
        raise


def _make(url: URL) -> None:
    # Without a database in the URL: the one of the deals may be missing as well.
    engine = _engine(url.set(database=""))
    name = engine.dialect.identifier_preparer.quote_identifier(str(url.database))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4"))


def _engine(url: URL) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)
