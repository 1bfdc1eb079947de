"""The tables of the data product: MOI's deals, the ledger of what became of them, and the releases that told of it.

Tables that are computed stand in `computed.py`. The columns of a deal come from `deals/columns.py`.
"""

from __future__ import annotations

from pshs_dagster.dataset.computed import COMPUTED
from pshs_dagster.dataset.fields import DataTable, Field, FieldType, Split
from pshs_dagster.deals.columns import BY_NAME, COLUMNS

TEXT, INTEGER, NUMBER, DATE, MOMENT = FieldType

RELEASE = Field("release", TEXT, "發布（期或季）", "Release: an issue by its date, or a season")
CITY = Field.of(BY_NAME["city"])
SERIAL = Field("serial_number", TEXT, "編號", "MOI's number of the deal")
AS_OF = Field("as_of", MOMENT, "資料時點", "Moment whose knowledge this carries")

KNOWLEDGE = (
    Field("first_release", TEXT, "最早載有此交易的發布", "Release with the earliest knowledge of the deal"),
    Field("last_release", TEXT, "現值所出的發布", "Release that the values come from"),
    Field("as_of", MOMENT, "現值的資料時點", "Moment whose knowledge the values carry", nullable=True),
    Field("first_as_of", MOMENT, "最早的資料時點", "Moment of the earliest knowledge", nullable=True),
    Field(
        "earlier_sightings",
        TEXT,
        "更早載有此交易的各版發布，逗號分隔，由舊到新",
        "Copies of releases that held the deal before, comma-joined, oldest first",
        nullable=True,
    ),
)

OF_A_DEAL = (*(Field.of(column) for column in COLUMNS), *KNOWLEDGE)

OF_A_COPY = (
    RELEASE,
    Field("kind", TEXT, "issue 期、season 季", "issue or season"),
    AS_OF,
    Field("window_from", DATE, "涵蓋交易日期起", "First trade date that the release covers"),
    Field("window_to", DATE, "涵蓋交易日期迄", "Last trade date that the release covers"),
    Field("sha256", TEXT, "原始 zip 的 SHA-256", "SHA-256 of MOI's zip"),
    Field("size", INTEGER, "原始 zip 大小", "Size of MOI's zip", "bytes"),
    Field("source_url", TEXT, "下載網址", "Address that it was fetched from"),
    Field("fetched_at", MOMENT, "下載時間", "When it was fetched"),
)

DEALS = DataTable(
    "deals",
    "預售屋交易，一筆一列，為目前所知最新內容",
    "Pre-sale deals, one row a deal: the newest knowledge of each",
    OF_A_DEAL,
    order=("transaction_date", "serial_number"),
    key=("city", "serial_number"),
    refers=(("first_release", "releases", "release"), ("last_release", "releases", "release")),
    split=Split(city=True, year="transaction_date"),
    csv=True,
)

PUBLISHED = (
    DEALS,
    DataTable(
        "withdrawn_deals",
        "內政部已不再公布的交易（自 deals 移出的整列）",
        "Deals that MOI no longer publishes: whole rows, taken out of deals",
        (*OF_A_DEAL, Field("withdrawn_release", TEXT, "撤下此交易的發布", "Release that no longer had the deal")),
        order=("transaction_date", "city", "serial_number", "withdrawn_release"),
        split=Split(year="transaction_date"),
    ),
    DataTable(
        "deal_events",
        "異動紀錄：交易首次出現之後的每次變更",
        "The ledger: what happened to deals after they were new",
        (
            CITY,
            SERIAL,
            Field(
                "event",
                TEXT,
                "changed 變更、cancelled 解約、withdrawn 撤下、reinstated 重現、corrected 更正",
                "changed, cancelled, withdrawn, reinstated or corrected",
            ),
            RELEASE,
            AS_OF,
            Field(
                "changes",
                TEXT,
                "變更內容 JSON：{欄位: [舊值, 新值]}",
                'What changed, as JSON: {"column": ["old", "new"]}',
            ),
        ),
        order=("as_of", "city", "serial_number", "event", "release"),
        split=Split(year="as_of"),
    ),
    DataTable(
        "corrections",
        "人工更正紀錄（不含更正者姓名）",
        "What people corrected, and why; their names are left out",
        (
            CITY,
            SERIAL,
            Field("field", TEXT, "更正的欄位；空白表示略過", "Column of deals; blank where a line was dismissed"),
            Field("old_value", TEXT, "內政部公布的值", "The value as MOI published it"),
            Field("new_value", TEXT, "更正後的值", "The value that a person put in its place"),
            Field("reason", TEXT, "更正理由", "Why, in the person's words"),
            Field("edited_on", DATE, "更正日期", "Day of the correction"),
            Field(
                "status",
                TEXT,
                "applied 有效、stale 失效、superseded 已被新公布值取代",
                "applied, stale or superseded by a newer value of MOI",
            ),
            Field("release", TEXT, "更正時所見的發布", "Release that the person looked at", nullable=True),
            Field("as_of", MOMENT, "該發布的資料時點", "Moment whose knowledge that carried", nullable=True),
            Field("file", TEXT, "退件所在檔案", "CSV of a rejected line", nullable=True),
            Field("raw", TEXT, "退件原文", "The rejected line as published", nullable=True),
        ),
        order=("city", "serial_number", "field", "edited_on"),
    ),
    DataTable(
        "rejected_deals",
        "退件：無法載入的原始資料列及原因",
        "Lines that could not be loaded as they stand, with all reasons",
        (
            RELEASE,
            Field("file", TEXT, "檔案", "CSV of the release"),
            Field("line", INTEGER, "行號（標題為 1）", "Physical line, the header being 1", nullable=True),
            CITY,
            SERIAL,
            Field("raw", TEXT, "原文", "The line as published"),
            Field("reasons", TEXT, "退件原因 JSON", "Reasons, as JSON, in Chinese and English"),
            Field(
                "status",
                TEXT,
                "open 待處理、corrected 已更正、dismissed 略過、fixed upstream 內政部已更正",
                "open, corrected, dismissed or fixed upstream",
            ),
        ),
        order=("release", "file", "line", "serial_number"),
    ),
    DataTable(
        "releases",
        "已載入的發布，取其最新一版",
        "Loaded releases, the newest copy of each",
        OF_A_COPY,
        ("release",),
        ("release",),
    ),
    DataTable(
        "release_copies",
        "各次發布的每一版（季檔會重製）",
        "Each copy of each release: seasons are rebuilt over the years",
        (*OF_A_COPY, Field("cities", TEXT, "含有檔案的縣市 JSON", "Cities that have a file, as JSON")),
        order=("release", "as_of"),
        key=("release", "as_of"),
    ),
    DataTable(
        "release_files",
        "各發布每個檔案的載入結果",
        "What loading each file of each release did",
        (
            RELEASE,
            Field("file", TEXT, "檔案", "CSV of the release"),
            Field("data_lines", INTEGER, "資料列數", "Lines of data"),
            Field("new_deals", INTEGER, "新增", "New deals"),
            Field("changed_deals", INTEGER, "變更", "Changed deals"),
            Field("unchanged_deals", INTEGER, "未變", "Unchanged deals"),
            Field("rejected_lines", INTEGER, "退件", "Rejected lines"),
            Field("withdrawn_deals", INTEGER, "撤下（期間內）", "Withdrawn deals from inside the window"),
            Field("withdrawn_outside", INTEGER, "撤下（期間外）", "Withdrawn deals from outside the window"),
            Field("cancelled_deals", INTEGER, "解約", "Lines whose cancellation is new"),
            Field("reinstated_deals", INTEGER, "重現", "Withdrawn deals that came back"),
        ),
        order=("release", "file"),
        key=("release", "file"),
        refers=(("release", "releases", "release"),),
    ),
)
"""In the words of MOI, and what is known of how they came about."""

TABLES = (*PUBLISHED, *COMPUTED)
"""Every table of the data product."""

BY_TABLE = {table.name: table for table in TABLES}
