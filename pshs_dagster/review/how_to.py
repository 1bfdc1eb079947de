"""The page in each workbook that tells a person how it is filled in."""

from __future__ import annotations

from pshs_dagster.review.headings import DECISION, DISMISS, EDITOR, KEY, RAW, REASON, REASONS

HOW_TO = (
    ("如何修正", "How to correct"),
    (
        "「審查」工作表一列為一筆：「退件」尚未載入，「存疑」已載入但有疑點。",
        "Each row of 審查 is a rejected line (退件), which is not loaded yet, or a doubtful deal (存疑), which is.",
    ),
    (
        f"「{REASONS}」說明原因，紅色儲存格是有問題的欄位。",
        f"{REASONS} says why; the cells at fault are red.",
    ),
    (
        "直接在白色或紅色的欄位上改寫。交易年月日寫成 1110901；數字不加千分位；存疑交易的編號不可更改。",
        "Write over the white or red cells. A trade date is written as 1110901; numbers without separators. "
        "The serial of a doubtful deal stays.",
    ),
    (
        f"欄位全空的列表示原始資料無法切分，請依「{RAW}」填入每個欄位。",
        f"Where all fields are blank the line could not be cut: fill in every field from {RAW}.",
    ),
    (
        f"不需要載入的退件，或內容無誤的存疑交易，在「{DECISION}」選「{DISMISS}」，之後不再列出。",
        f"Choose {DISMISS} (dismiss) under {DECISION} for a line that is not wanted or a deal that is right: "
        "it is listed no more.",
    ),
    (
        f"可在「{REASON}」與「{EDITOR}」寫下理由與姓名。",
        f"You may write why under {REASON}, and your name under {EDITOR}.",
    ),
    (
        f"沒有更動的列不會有任何影響，也可以整列刪除；灰色欄位（含「{KEY}」）請勿更動。",
        f"A row that you do not change, or delete, is left as it is. Please leave the grey cells alone, {KEY} too.",
    ),
    (
        "請勿使用公式或合併儲存格。⟦U+0001⟧ 這類寫法代表看不見的字元，可以刪除。",
        "No formulas and no merged cells. ⟦U+0001⟧ and the like stand for invisible characters; you may take them out.",
    ),
    (
        "存檔為 .xlsx 後，以 `pshs correct 檔名` 交回，或放進檔案庫的 corrected/ 資料夾。",
        "Save as .xlsx and hand it back with `pshs correct FILE`, or put it into the archive's folder corrected/.",
    ),
)
"""Chinese and English, line by line."""
