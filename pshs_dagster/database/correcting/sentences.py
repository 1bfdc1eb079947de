"""What is said to a person of each edit, in Traditional Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

from pshs_dagster.deals.rules import Reason
from pshs_dagster.review.edits import Edit
from pshs_dagster.review.report import Outcome, Result

Said = tuple[str, str]

LINE_CORRECTED: Said = ("修正後符合規則，將載入此筆交易。", "As corrected it is sound and becomes a deal.")
DEAL_CORRECTED: Said = ("欄位將改為更正後的內容。", "The fields get the corrected values.")
LINE_DISMISSED: Said = ("此列將不再列出，也不載入。", "The line is let go: listed no more, and not loaded.")
DEAL_DISMISSED: Said = ("標記維持原狀，不再列出。", "The deal stays as it is, and is listed no more.")

DONE_ALREADY: Said = ("先前已依此處理。", "This was done before.")
NO_DIFFERENCE: Said = ("更動後的內容與現有內容相同。", "What was written is what stands there already.")

NO_LINE: Said = (
    "該次發布已沒有這一列，或尚未載入。",
    "The release has no such rejected line any more, or is not loaded.",
)
OTHER_LINE: Said = (
    "該次發布已更新，此列的內容與檔案產生時不同，請重新匯出。",
    "The release was published anew and the line reads otherwise: export it again.",
)
DISMISSED_BEFORE: Said = ("此列先前已略過。", "The line was let go before.")
CORRECTED_BEFORE: Said = (
    "此列先前已更正為交易；如要再改，請以存疑交易匯出後修改。",
    "The line was corrected before and is a deal by now: correct that.",
)
MENDED: Said = ("內政部已更正此筆交易。", "MOI has mended the deal itself.")

NO_DEAL: Said = ("資料庫中沒有這筆交易。", "There is no such deal.")
WITHDRAWN: Said = ("內政部已撤下這筆交易。", "MOI has withdrawn the deal.")
CHANGED: Said = (
    "這筆交易的內容與檔案產生時不同，請重新匯出。",
    "The deal is no longer what the file was written from: export it again.",
)
NAMES_THE_DEAL: Said = ("編號用來識別交易，不能更改。", "The serial identifies the deal and cannot be changed.")
SAME_AGAIN: Said = (
    "同一內容的另一列已載入，此列請略過。",
    "Another line of the same text is loaded in its place: let this one go.",
)


def outcome(edit: Edit, result: Result, said: Said) -> Outcome:
    """What is told of an edit."""
    return Outcome(edit.where, edit.row_key.city, edit.row_key.serial_number, result, *said)


def still_wrong(edit: Edit, reasons: Sequence[Reason]) -> Outcome:
    """An edit after which hard rules are broken all the same."""
    zh = "；".join(reason.zh for reason in reasons)
    en = "; ".join(reason.en for reason in reasons)
    return outcome(edit, Result.STILL_WRONG, (f"修正後仍有問題：{zh}。", f"As corrected it is still rejected: {en}."))
