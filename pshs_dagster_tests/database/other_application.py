"""The tables that the other application's own migrations make, and what it does with them. No tests here.

The types are those of the contract in the design, in the variants that its migrations may have used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pshs_dagster.database.engine import write_transaction

DEALS = """
CREATE TABLE deals (
    id BIGINT NOT NULL {numbered},
    city VARCHAR(3) NOT NULL,
    district VARCHAR(8) NOT NULL,
    object_of_transaction VARCHAR(16) NOT NULL,
    location VARCHAR(128) NOT NULL,
    transaction_date DATE NOT NULL,
    level VARCHAR(8) NOT NULL,
    total_floor_numbers VARCHAR(2) NOT NULL,
    building_state VARCHAR(16) NOT NULL,
    main_use VARCHAR(16) NOT NULL,
    land_total_area FLOAT NOT NULL,
    building_total_area FLOAT NOT NULL,
    room VARCHAR(1) NOT NULL,
    restaurant_and_living_room VARCHAR(1) NOT NULL,
    bathroom VARCHAR(1) NOT NULL,
    build_name VARCHAR(32) NOT NULL,
    buildings VARCHAR(32) NOT NULL,
    parking_sapce_type VARCHAR(8) NOT NULL,
    parking_sapce_total_area FLOAT NOT NULL,
    parking_sapce_price INT NOT NULL,
    price INT NOT NULL,
    unit_price INT NOT NULL,
    note VARCHAR(128) NOT NULL{comment},
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP{on_update},
    PRIMARY KEY (id)
){options}
"""

STATISTICS = """
CREATE TABLE deal_statistics (
    id BIGINT NOT NULL {numbered},
    city VARCHAR(3) NOT NULL,
    district VARCHAR(8) NOT NULL,
    year VARCHAR(4) NOT NULL,
    month VARCHAR(2) NOT NULL,
    build_name VARCHAR(32) NOT NULL,
    room VARCHAR(1) NOT NULL,
    count_num INT NOT NULL,
    avg_total_price INT NOT NULL,
    avg_house_price INT NOT NULL,
    avg_house_unit_price INT NOT NULL,
    created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
    updated_at DATETIME DEFAULT CURRENT_TIMESTAMP{on_update},
    PRIMARY KEY (id),
    CONSTRAINT their_unique UNIQUE (city, district, year, month, build_name, room)
){options}
"""

INDEXES = (
    "CREATE INDEX their_city ON deals (city)",
    "CREATE INDEX their_district ON deals (district)",
    "CREATE INDEX their_date ON deals (transaction_date)",
    "CREATE INDEX their_name ON deals (build_name)",
)

VERSION = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO alembic_version VALUES ('abc')",
)

FAVOURITES = """
CREATE TABLE favourites (
    id BIGINT NOT NULL PRIMARY KEY,
    deal_id BIGINT NOT NULL,
    CONSTRAINT their_key FOREIGN KEY (deal_id) REFERENCES deals (id)
)
"""

INSERT = """
INSERT INTO deals ({id_column} city, district, object_of_transaction, location, transaction_date, level,
    total_floor_numbers, building_state, main_use, land_total_area, building_total_area, room,
    restaurant_and_living_room, bathroom, build_name, buildings, parking_sapce_type, parking_sapce_total_area,
    parking_sapce_price, price, unit_price, note)
VALUES ({id_value} {texts}, {price}, 99, '')
"""

ASCII_TEXTS = (
    "'NTP', 'Banqiao', 'house', 'Fuzhong Rd. 1', '2022-07-13', '12F', '15', 'tower', 'living', "
    "406.97, 123456.78, '3', '2', '2', 'Star', 'A-12', 'ramp', 33.1, 2000000"
)
TEXTS = (
    "'新北市', '板橋區', '房地', '府中路1號', '2022-07-13', '十二層', '15', '住宅大樓', '住家用', "
    "406.97, 123456.78, '3', '2', '2', '遠雄之星', 'A棟', '坡道平面', 33.1, 2000000"
)


@dataclass(frozen=True)
class Variant:
    """One way in which its migrations may have made the tables on MySQL."""

    name: str
    numbered: str = "AUTO_INCREMENT"
    on_update: str = ""
    comment: str = ""
    options: str = " ENGINE=InnoDB"
    indexes: tuple[str, ...] = INDEXES
    texts: str = TEXTS
    favourites: bool = False

    def statements(self) -> list[str]:
        """What makes the tables."""
        parts = {
            "numbered": self.numbered,
            "on_update": self.on_update,
            "comment": self.comment,
            "options": self.options,
        }
        made = [DEALS.format(**parts), STATISTICS.format(**parts), *self.indexes, *VERSION]
        return [*made, FAVOURITES] if self.favourites else made

    def insert(self, row_id: int | None, price: int = 12_340_000) -> str:
        """The INSERT of an application that knows only its own columns; None lets the server number the row."""
        id_column, id_value = ("id,", f"{row_id},") if row_id is not None else ("", "")
        return INSERT.format(id_column=id_column, id_value=id_value, texts=self.texts, price=price)


VARIANTS = (
    Variant("utf8mb4", options=" ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"),
    Variant("utf8mb3", options=" ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_unicode_ci"),
    Variant("utf16", options=" ENGINE=InnoDB DEFAULT CHARSET=utf16 COLLATE=utf16_unicode_ci"),
    Variant("latin1", options=" ENGINE=InnoDB DEFAULT CHARSET=latin1", texts=ASCII_TEXTS),
    Variant("not numbered", numbered="", options=" DEFAULT CHARSET=utf8mb4"),
    Variant("on update", on_update=" ON UPDATE CURRENT_TIMESTAMP", options=" DEFAULT CHARSET=utf8mb3"),
    Variant("without indexes", indexes=(), options=" DEFAULT CHARSET=utf8mb4"),
    Variant("referred to", numbered="", favourites=True, options=" DEFAULT CHARSET=utf8mb4"),
    Variant("without transactions", options=" ENGINE=MyISAM DEFAULT CHARSET=utf8mb4"),
    Variant("commented", comment=" DEFAULT 'none' COMMENT '備''註'", options=" DEFAULT CHARSET=utf8mb4"),
)

SQLITE = Variant("sqlite", numbered="", options="")

QUERIES = (
    "SELECT DISTINCT city, district FROM deals ORDER BY city, district",
    "SELECT build_name, COUNT(*) AS deals, AVG(unit_price) AS average FROM deals WHERE city = '新北市' "
    "GROUP BY build_name ORDER BY deals DESC",
    "SELECT * FROM deals WHERE transaction_date BETWEEN '2022-07-01' AND '2022-07-31' AND build_name LIKE '%遠雄%' "
    "ORDER BY transaction_date DESC LIMIT 20",
    "SELECT SUM(price - parking_sapce_price) AS total, SUM(building_total_area - parking_sapce_total_area) AS area "
    "FROM deals WHERE district = '板橋區'",
    "SELECT * FROM deal_statistics WHERE city = '新北市' AND year = '2022' AND month = '07'",
)

UPDATED = "2022-08-01 09:00:00"


def run(engine: sa.Engine, statements: Sequence[str]) -> None:
    with write_transaction(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def make_their_tables(engine: sa.Engine, variant: Variant) -> None:
    """Their tables with two rows, which were last touched long ago."""
    run(engine, [*variant.statements(), variant.insert(7), variant.insert(900, price=2_000_000_000)])
    with write_transaction(engine) as connection:
        touched = sa.text("UPDATE deals SET created_at = :moment, updated_at = :moment")
        connection.execute(touched, {"moment": UPDATED})


def definitions(engine: sa.Engine) -> dict[str, Any]:
    """All that reflection tells of every table."""
    inspector = sa.inspect(engine)
    return {
        name: (
            [(column["name"], repr(column["type"]), column["nullable"]) for column in inspector.get_columns(name)],
            sorted(repr(index) for index in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
    }
