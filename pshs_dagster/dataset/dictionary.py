"""Pages that hold for every version: the dictionary of all columns in both languages, and the licence.

The columns of a deal are described in `deals/columns.py`, the others beside their tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from pshs_dagster.dataset.fields import (
    LICENSE_EN,
    LICENSE_ID,
    LICENSE_URL,
    LICENSE_ZH,
    SOURCE,
    SOURCE_EN,
    SOURCE_URL,
    DataTable,
)
from pshs_dagster.dataset.files import MARK
from pshs_dagster.dataset.markdown import table
from pshs_dagster.dataset.tables import TABLES
from pshs_dagster.deals.rules import RULES

READ_BY_DUCKDB = """\
import duckdb

deals = duckdb.sql("FROM 'dataset/deals/*/*.parquet' WHERE district = '淡水區' AND cancelled_on IS NULL")
print(deals.aggregate("year(transaction_date) AS year, count(*), median(price)").order("year"))
"""
READ_BY_PANDAS = """\
import pandas as pd

deals = pd.read_parquet("dataset/deals")
print(deals[deals.district == "淡水區"].groupby("build_name").price.agg(["count", "median"]))
"""
COMPUTE_BY_DUCKDB = """\
import duckdb, json, pathlib, re
duckdb.sql("CREATE VIEW deals AS FROM 'dataset/deals/*/*.parquet'")
sql = pathlib.Path("dataset/sql/deal_statistics.sql").read_text("utf-8")
asked = json.loads(pathlib.Path("dataset/sql/parameters.json").read_text("utf-8"))["deal_statistics"]
print(duckdb.execute(re.sub(r":(\\w+)", r"$\\1", sql), asked).df())
"""
"""How the data are read where they are in the folder `dataset`; `:name` is written `$name` for DuckDB."""

GENERAL = (
    (
        "一版資料對應一次發布（datapackage.json 的 version）；SHA-256、列數、綱要皆記於其中。",
        "A version belongs to a release; datapackage.json tells which, and the SHA-256, rows and schema of each file.",
    ),
    (
        "金額為新臺幣元，面積為平方公尺，另有註明者除外；1 坪＝1/0.3025 平方公尺。",
        "Prices are in NTD and areas in m² unless said otherwise; one 坪 is 1/0.3025 m².",
    ),
    (
        "日期為西元曆，時間為臺北時間，不帶時區。",
        "Days are of the Gregorian calendar; times are wall time in Taipei, without a zone.",
    ),
    (
        "內政部空白的文字為空字串、空白的數字為 0；只有下列註明「可為空」的欄位會是 null。",
        "What MOI left blank is an empty text or 0; only columns that are marked nullable are ever null.",
    ),
    (
        "Parquet 檔內容與資料表完全相同，依各表所列欄位排序；JSON 欄位為一行文字。",
        "Parquet files hold exactly what the tables hold, sorted as told; JSON is text on one line.",
    ),
    (
        f"CSV 供試算表開啟（UTF-8 含 BOM、CRLF）。以 = + - @（含全形）、Tab 或 {MARK} 開頭的文字，前面多一個 {MARK}，"
        f"以免被當成公式執行；凡以 {MARK} 開頭的文字，去掉第一個 {MARK} 即為原文。",
        "CSVs are for spreadsheets (UTF-8 with BOM, CRLF). A text that begins with = + - @ (in full width too), a tab "
        f"or {MARK} has a {MARK} before it, so that it is never run as a formula; take one {MARK} away from every text "
        "that begins with one, and each is as it was.",
    ),
    (
        "Excel 直接開啟 CSV 時，可能把「3-5」之類的棟號顯示為日期；檔案本身無誤，由「資料→從文字/CSV」匯入為文字即可。",
        'Excel may show a unit such as "3-5" as a date when it opens a CSV; the file is right: import it as text '
        "(Data → From Text/CSV).",
    ),
    (
        "不含資料庫自編的 id 與寫入時間（created_at、updated_at、recorded_at、withdrawn_at、loaded_at），"
        "因此同樣的資料重建後位元組相同。",
        "Ids and moments of writing (created_at, updated_at, recorded_at, withdrawn_at, loaded_at) are left out, so "
        "that the same data give the same bytes after a rebuild.",
    ),
    (
        "corrections 不含更正者姓名及其檔名；更正理由為其本人所寫，照錄。",
        "corrections name neither the person nor the person's file; the reason stands as it was written.",
    ),
    (
        "同一交易以（縣市、編號）識別；deals 為目前所知最新內容，過去的值見 deal_events。",
        "(city, serial_number) tells a deal; deals hold the newest knowledge, and deal_events the values before.",
    ),
    (
        "sql/ 為統計表的 SQL，SQLite、MySQL、MariaDB、DuckDB 皆可執行；冒號後為參數，值見 sql/parameters.json。",
        "sql/ has the SQL of the statistics, for SQLite, MySQL, MariaDB and DuckDB; names after a colon are "
        "parameters, whose values are in sql/parameters.json.",
    ),
)
"""What holds for all files, in Chinese and English."""

ATTRIBUTION_ZH = (
    f"內政部「不動產交易實價登錄」預售屋買賣資料。此開放資料依{LICENSE_ZH}（Open Government Data License）"
    f"進行公眾釋出，使用者於遵守本條款各項規定之前提下，得利用之。{LICENSE_ZH}：{LICENSE_URL}"
)
ATTRIBUTION_EN = (
    f"{SOURCE_EN}, pre-sale houses. The Open Data is made available to the public under the {LICENSE_EN}; users can "
    f"make use of it when complying to the condition and obligation of its terms: {LICENSE_URL}"
)


def dictionary() -> str:
    """The dictionary, as Markdown."""
    return "\n".join(_lines()) + "\n"


def license_text() -> str:
    """How the data may be used, and how the source is named, as Markdown."""
    return "\n".join(
        (
            f"# 授權與顯名 Licence ({LICENSE_ID})",
            "",
            f"來源：{SOURCE}，{SOURCE_URL}",
            "",
            ATTRIBUTION_ZH,
            "",
            ATTRIBUTION_EN,
            "",
            "使用時請保留以上聲明，並註明版本（datapackage.json 的 version）。"
            "整理、更正與統計非內政部所為，內政部不為其背書。",
            "",
            "Keep this statement with the data, and name the version (`version` in datapackage.json). How the data "
            "were put together, corrected and counted is not the ministry's doing, nor endorsed by it.",
            "",
        )
    )


def _lines() -> Iterator[str]:
    yield from ("# 資料字典 Data dictionary", "", f"來源 source：{SOURCE} ({SOURCE_EN})，{SOURCE_URL}", "")
    yield f"授權 licence：{LICENSE_ZH} {LICENSE_EN} ({LICENSE_ID})，{LICENSE_URL}"
    yield from ("", "## 通則 In general", "")
    for zh, en in GENERAL:
        yield f"- {zh}"
        yield f"  {en}"
    yield from ("", "## 讀取 Reading", "", "資料在 dataset 資料夾時 where the data are in the folder dataset:", "")
    for code in (READ_BY_DUCKDB, READ_BY_PANDAS, COMPUTE_BY_DUCKDB):
        yield from ("```python", *code.splitlines(), "```", "")
    yield from ("## 資料表 Tables", "")
    yield from table(
        ("table", "資料表", "what it is", "檔案 files"),
        [(each.name, each.zh, each.en, _files(each)) for each in TABLES],
    )
    for each in TABLES:
        yield from _table(each)
    yield from ("", "## 標記與退件原因 Flags and reasons", "")
    yield "存疑標記在 deals 的 `flags`，退件原因在 rejected_deals 的 `reasons`。"
    yield "Flags stand in `flags` of deals, reasons of rejection in `reasons` of rejected_deals."
    yield ""
    rules = [
        (
            rule.name,
            "退件 rejected" if rule.hard else "存疑 suspect",
            rule.zh.format(header="欄位"),
            rule.en.format(column="column"),
        )
        for rule in RULES
    ]
    yield from table(("rule", "", "說明", "meaning"), rules)


def _table(each: DataTable) -> Iterator[str]:
    yield from ("", f"## {each.name}", "", f"{each.zh}。{each.en}.", "")
    yield f"排序 sorted by: {', '.join(each.order)}。" + (f"鍵 key: {', '.join(each.key)}。" if each.key else "")
    yield ""
    headings = ("column", "內政部欄名 MOI's heading", "type", "單位 unit", "說明", "meaning", "可為空 nullable")
    rows = [
        (f.name, f.header or "", f.type, f.unit or "", f.zh, f.en, "yes" if f.nullable else "") for f in each.fields
    ]
    yield from table(headings, rows)


def _files(each: DataTable) -> str:
    if each.split.city:
        return f"{each.name}/<縣市 city>/<年 year>.parquet, csv/<縣市 city>/<年 year>.csv"
    return f"{each.name}/<年 year>.parquet" if each.split.year else f"{each.name}.parquet"
