"""`datapackage.json`: what a version consists of, as Frictionless Data Package (specs.frictionlessdata.io) wants it.

Each file is a resource of its own, with its SHA-256. Where the files are is told in `shelf.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from pshs_dagster.dataset.fields import (
    LICENSE_EN,
    LICENSE_ID,
    LICENSE_URL,
    LICENSE_ZH,
    SOURCE,
    SOURCE_EN,
    SOURCE_URL,
    DataTable,
    Field,
    FieldType,
    Part,
)
from pshs_dagster.dataset.tables import BY_TABLE
from pshs_dagster.deals.columns import CITIES
from pshs_dagster.errors import ArchiveError
from pshs_dagster.releases import TAIPEI, Release

NAME = "taiwan-presale-deals"
TITLE = "臺灣預售屋實價登錄 Registered prices of pre-sale houses in Taiwan"

DESCRIPTION = (
    "欄位說明見 dictionary.md，資料品質見 quality.md，授權與顯名見 LICENSE.md。 See dictionary.md for every column, "
    "quality.md for what is known of the quality, and LICENSE.md for how to name the source."
)

PARQUET, CSV = "parquet", "csv"

MEDIA = {
    PARQUET: "application/vnd.apache.parquet",
    CSV: "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "sql": "application/sql",
}

LETTERS = {city: letter.upper() for letter, city in CITIES.items()}

_HASH = re.compile(r"-[0-9a-f]{12}(?=\.[a-z]+$)")


@dataclass(frozen=True)
class Resource:
    """One file of a version."""

    name: str
    """As Frictionless wants it: lower case."""
    path: str
    """Relative to the folder of the descriptor."""
    sha256: str
    size: int
    """Bytes."""
    table: str = ""
    """The table that its rows are of; blank where it has none."""
    rows: int = 0
    fingerprint: str = ""
    """Of its rows in the database, by which it is known that they have not changed."""

    @property
    def format(self) -> str:
        return self.path.rpartition(".")[2]

    def plain(self) -> Resource:
        """The same under a name that stays from version to version."""
        return replace(self, path=plain(self.path))


@dataclass(frozen=True)
class Package:
    """One version: the files that it has, and when (aware) it was made."""

    version: str
    release: str
    created: datetime
    resources: tuple[Resource, ...]

    def same_as(self, other: Package) -> bool:
        """Whether both have the same files, whenever they were made."""
        return self.release == other.release and self.resources == other.resources

    def plain(self) -> Package:
        """The same with names that stay from version to version: for a folder that holds this version only."""
        return replace(self, resources=tuple(resource.plain() for resource in self.resources))

    def only(self, formats: frozenset[str]) -> Package:
        """The same without the tables in other formats than these."""
        kept = (each for each in self.resources if not each.table or each.format in formats)
        return replace(self, resources=tuple(kept))

    def to_json(self) -> bytes:
        """The descriptor: UTF-8, indented, ending with a newline."""
        schemas = {each.name: each.path for each in self.resources if each.name.startswith("schema-")}
        fields = {
            "profile": "data-package",
            "name": NAME,
            "title": TITLE,
            "description": DESCRIPTION,
            "version": self.version,
            "release": self.release,
            "created": self.created.astimezone(TAIPEI).isoformat(timespec="seconds"),
            "licenses": [{"name": LICENSE_ID, "title": f"{LICENSE_ZH} {LICENSE_EN}", "path": LICENSE_URL}],
            "sources": [{"title": f"{SOURCE} ({SOURCE_EN})", "path": SOURCE_URL}],
            "keywords": ["real estate", "pre-sale", "Taiwan", "實價登錄", "預售屋"],
            "resources": [_resource(each, schemas) for each in self.resources],
        }
        return json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes, location: str) -> Package:
        """Raises ArchiveError where `data` is no such descriptor."""
        try:
            fields = cast(dict[str, Any], json.loads(data))
            return cls(
                version=str(fields["version"]),
                release=str(fields["release"]),
                created=datetime.fromisoformat(str(fields["created"])),
                resources=tuple(_read(each) for each in fields["resources"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArchiveError(
                f"{location} is no descriptor of a data package ({type(error).__name__}): move it away, and "
                "publish again."
            ) from error


def plain(path: str) -> str:
    """A path without the part of the SHA-256 that tells one version of the file from another."""
    return _HASH.sub("", path)


def with_hash(path: str, sha256: str) -> str:
    """A path with that part before its ending."""
    stem, _, ending = path.rpartition(".")
    return f"{stem}-{sha256[:12]}.{ending}"


def data_name(table: DataTable, part: Part, form: str) -> str:
    """The name of a resource with rows of a table, such as `deals-f-2022`; that of a CSV ends with its format."""
    parts = [table.name, LETTERS.get(part.city, _spelt(part.city)).lower(), part.year, CSV if form == CSV else ""]
    return "-".join(filter(None, parts))


def data_path(table: DataTable, part: Part, form: str) -> str:
    """The plain path of a file with rows of a table, such as `deals/F-新北市/2022.parquet`."""
    folder = CSV if form == CSV else table.name
    letter = LETTERS.get(part.city)
    city = f"{letter}-{part.city}" if letter else _spelt(part.city)
    return "/".join(filter(None, [folder if city or part.year else "", city, part.year or table.name])) + f".{form}"


def _spelt(city: str) -> str:
    """A name for a city that MOI does not have, as another program may have written it."""
    return f"other-{city.encode().hex()}" if city else ""


def schema_of(table: DataTable, form: str, *, keyed: bool = True) -> bytes:
    """The Table Schema of a table's files. Where rows of other programs have no serial, its keys are no keys."""
    fields: dict[str, Any] = {"fields": [_field(each, form) for each in table.fields], "missingValues": [""]}
    if keyed and table.key:
        fields["primaryKey"] = [_name(table, name, form) for name in table.key]
    if keyed and table.refers and form == PARQUET:  # a folder of CSVs has no other tables
        fields["foreignKeys"] = [
            {"fields": [_name(table, name, form)], "reference": {"resource": resource, "fields": [field]}}
            for name, resource, field in table.refers
        ]
    return json.dumps(fields, ensure_ascii=False, indent=1).encode() + b"\n"


def _name(table: DataTable, name: str, form: str) -> str:
    return next(each.heading for each in table.fields if each.name == name) if form == CSV else name


def _field(field: Field, form: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": field.heading if form == CSV else field.name,
        "type": field.type.value,
        "title": field.header or field.zh,
        "description": f"{field.zh}。{field.en}.",
        "description_zh": field.zh,
        "description_en": field.en,
    }
    if field.type is FieldType.MOMENT:
        told["format"] = "%Y-%m-%dT%H:%M:%S"
    if field.unit:
        told["unit"] = field.unit
    if field.nullable and form == PARQUET and field.type in (FieldType.INTEGER, FieldType.NUMBER):
        told["missingValues"] = ["", "nan"]  # which pandas makes of a null in a column of numbers
    # A blank text is a value of its own, which readers of CSV take for none.
    if not field.nullable and field.type is not FieldType.TEXT:
        told["constraints"] = {"required": True}
    return told


def _resource(resource: Resource, schemas: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": resource.name,
        "path": resource.path,
        "format": resource.format,
        "mediatype": MEDIA[resource.format],
        # Frictionless's own validator counts no bytes of Parquet, and takes every such number for wrong.
        "size" if resource.format == PARQUET else "bytes": resource.size,
        "hash": f"sha256:{resource.sha256}",
    }
    if resource.format != PARQUET:
        told["encoding"] = "utf-8"
    if not resource.table:
        return told | {"profile": "data-resource"}
    table = BY_TABLE[resource.table]
    told |= {"profile": "tabular-data-resource", "title": f"{table.zh} {table.en}", "table": table.name}
    told |= {"rows": resource.rows, "fingerprint": resource.fingerprint}
    if resource.format == CSV:
        told["dialect"] = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True}
    return told | {"schema": schemas[schema_name(resource.table, resource.format)]}


def schema_name(table: str, form: str) -> str:
    """The name of the resource that holds a table's schema."""
    return f"schema-{table}" + (f"-{CSV}" if form == CSV else "")


def _read(fields: Mapping[str, Any]) -> Resource:
    return Resource(
        name=str(fields["name"]),
        path=str(fields["path"]),
        sha256=str(fields["hash"]).removeprefix("sha256:"),
        size=int(fields["bytes"] if "bytes" in fields else fields["size"]),
        table=str(fields.get("table", "")),
        rows=int(fields.get("rows", 0)),
        fingerprint=str(fields.get("fingerprint", "")),
    )


def version_of(release: Release, revision: int) -> str:
    """`2022-09-21`, and `2022-09-21.1` where the tables became others after it was published."""
    return f"{release.key}.{revision}" if revision else release.key
