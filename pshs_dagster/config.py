"""Settings of one installation, read once from the environment or from `.env`.

This is the only place that reads the environment; everything else gets what it needs passed in.
Names, defaults and meanings are contracts, told in the README.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import SettingsError
from pshs_dagster.releases import Release

DATA_DIR = Path("data")
"""Where everything lies that is not told to lie elsewhere, below the folder that the program is started in."""

PORTAL_URL = "https://plvr.land.moi.gov.tw"
"""The ministry's site of registered prices."""

DAGSTER_URL = "http://127.0.0.1:3000"
"""Where `make dev` serves Dagster's page."""


class StorageType(StrEnum):
    """Where the archive is."""

    LOCAL = "LOCAL"
    S3 = "S3"


class Settings(BaseSettings):
    """Every setting. Secrets are in `database_uri` and `alert_urls` only, and never shown."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    dagster_home: Path = DATA_DIR / "dagster"
    database_uri: SecretStr | None = None
    storage_type: StorageType = StorageType.LOCAL
    storage_dir: Path | None = None
    s3_bucket: str = ""
    s3_prefix: str = ""
    s3_endpoint_url: str | None = None
    portal_url: str = PORTAL_URL
    cities: Annotated[frozenset[str], NoDecode] = frozenset(CITIES)
    history_from: str = "110S2"
    alert_urls: SecretStr | None = None
    dagster_url: str = DAGSTER_URL

    @field_validator("cities", mode="before")
    @classmethod
    def _letters(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        letters = frozenset(value.lower().replace(",", " ").split())
        if unknown := sorted(letters - CITIES.keys()):
            raise ValueError(f"{', '.join(unknown)} is no city; MOI's letters are {', '.join(CITIES)}")
        return letters

    @field_validator("storage_type", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("history_from")
    @classmethod
    def _season(cls, value: str) -> str:
        release = Release.parse(value)
        if release.is_issue:
            raise ValueError("history begins with a season, such as 110S2")
        return release.key

    @field_validator("dagster_url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"give the address of Dagster's page, such as {DAGSTER_URL}")
        return value

    @property
    def database(self) -> str:
        """The SQLAlchemy URL, password included: not for showing."""
        if self.database_uri is not None:
            return self.database_uri.get_secret_value()
        return f"sqlite:///{(DATA_DIR / 'pshs.db').absolute()}"

    @property
    def alerts(self) -> str:
        """The apprise URLs, tokens and passwords included: not for showing."""
        return self.alert_urls.get_secret_value() if self.alert_urls else ""

    @property
    def archive_dir(self) -> Path:
        """The folder of the archive where STORAGE_TYPE is LOCAL."""
        return self.storage_dir or DATA_DIR / "archive"


def read_settings() -> Settings:
    """The settings of this process. Raises SettingsError naming the setting that cannot be used."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        raise SettingsError(
            f"The setting {name} cannot be used: {first['msg']}. Correct it in the environment or in .env."
        ) from None
    if settings.storage_type is StorageType.S3 and not settings.s3_bucket:
        raise SettingsError(
            "STORAGE_TYPE is S3 but S3_BUCKET is not set; name the bucket in the environment or in .env."
        )
    return settings
