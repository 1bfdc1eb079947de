"""Rules that judge a line: hard ones reject it, soft ones flag it. Each has its reason in Chinese and English.

To add a rule, write a function from lines to masks and list it in RULES; everything else (the table of
rejects, the files for people, flags, documentation) follows. How values are parsed is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pshs_dagster.deals.cells import SERIAL_PATTERN, Mask
from pshs_dagster.deals.columns import BY_NAME, ColumnType
from pshs_dagster.deals.parse import ParsedLines, as_arrow
from pshs_dagster.releases import ROC_OFFSET, Window

EARLIEST = np.datetime64(date(90 + ROC_OFFSET, 1, 1))
"""No pre-sale deal is registered from before ROC 90 (2001); an earlier day is a slip of the pen."""

UNIT_PRICE_TOLERANCE = 0.02
"""MOI rounds areas and prices before it divides; real rows lie well within 2 % of one formula."""

LOST_CHARACTERS = r"[?\x{FFFD}\x{E000}-\x{F8FF}\x{F0000}-\x{10FFFD}]"
"""What stands where a rare character was: a question mark, U+FFFD, or a private-use character."""

SPECIAL_RELATION = "親友|員工|共有人|特殊關係|[一二三四]親等|親屬|關係人|關係企業|股東"
"""The parties know each other. `共有` alone is no sign: `共有部分` is the common area of a building."""

UNUSUAL_TERMS = "急買急賣|債權債務|瑕疵|持分|地上權|毛胚|毛坯"
"""What was sold, or how, makes the price no market price of a finished home."""


@dataclass(frozen=True)
class Context:
    """What a line is judged against."""

    window: Window
    known_on: date
    """The day whose knowledge the release carries; a trade cannot be later."""


Masks = Mapping[str, Mask]
"""For each column that is at fault (blank where the line as a whole is): the lines where the rule applies."""


@dataclass(frozen=True)
class Rule:
    """One rule. In the reasons of a hard rule `{header}` stands for MOI's heading, `{column}` for our name."""

    name: str
    hard: bool
    zh: str
    en: str
    applies: Callable[[ParsedLines, Context], Masks]


@dataclass(frozen=True)
class Reason:
    """Why a line was rejected or flagged, in words."""

    rule: str
    column: str
    zh: str
    en: str


def _misfit(lines: ParsedLines, _: Context) -> Masks:
    return {"": lines.raw.misfit}


def _serial(lines: ParsedLines, _: Context) -> Masks:
    return {"serial_number": ~_matches(lines, "serial_number", SERIAL_PATTERN)}


def _no_date(lines: ParsedLines, _: Context) -> Masks:
    return {"transaction_date": lines.unparsed["transaction_date"]}


def _too_early(lines: ParsedLines, _: Context) -> Masks:
    return {"transaction_date": lines.days < EARLIEST}


def _after_release(lines: ParsedLines, context: Context) -> Masks:
    return {"transaction_date": lines.days > np.datetime64(context.known_on)}


def _no_number(lines: ParsedLines, _: Context) -> Masks:
    kinds = (ColumnType.INTEGER, ColumnType.DECIMAL)
    return {name: mask for name, mask in lines.unparsed.items() if BY_NAME[name].type in kinds}


def _not_a_digit(lines: ParsedLines, _: Context) -> Masks:
    return {name: mask for name, mask in lines.unparsed.items() if BY_NAME[name].type is ColumnType.DIGIT}


def _price(lines: ParsedLines, _: Context) -> Masks:
    return {"price": (_number(lines, "price") <= 0) & ~lines.unparsed["price"]}


def _negative(lines: ParsedLines, _: Context) -> Masks:
    names = (
        *(name for name, column in BY_NAME.items() if column.type is ColumnType.DECIMAL),
        "unit_price",
        "parking_sapce_price",
    )
    return {name: _number(lines, name) < 0 for name in names}


def _no_district(lines: ParsedLines, _: Context) -> Masks:
    return {"district": np.asarray(lines.values["district"] == "", dtype=np.bool_)}


def _never(lines: ParsedLines, _: Context) -> Masks:
    """For what is seen only where all files of a release stand together; see `frame.py`."""
    return {"serial_number": np.zeros(len(lines.raw), dtype=np.bool_)}


def _has_parking(lines: ParsedLines) -> Mask:
    sold = _matches(lines, "object_of_transaction", "車位")
    return sold | np.asarray(lines.values["parking_sapce_type"] != "", dtype=np.bool_)


def _parking_price(lines: ParsedLines, _: Context) -> Masks:
    return {"parking_sapce_price": _has_parking(lines) & (_number(lines, "parking_sapce_price") == 0)}


def _parking_area(lines: ParsedLines, _: Context) -> Masks:
    return {"parking_sapce_total_area": _has_parking(lines) & (_number(lines, "parking_sapce_total_area") == 0)}


def _unit_price(lines: ParsedLines, _: Context) -> Masks:
    """MOI divides net by net, or total by total where the parking's price or area is unknown."""
    unit, price, area = (_number(lines, name) for name in ("unit_price", "price", "building_total_area"))
    parking, parking_area = (_number(lines, name) for name in ("parking_sapce_price", "parking_sapce_total_area"))
    near = np.zeros(len(unit), dtype=np.bool_)
    judged = np.zeros(len(unit), dtype=np.bool_)
    for value, size in ((price - parking, area - parking_area), (price, area)):
        formula = np.divide(value, size, out=np.zeros(len(unit)), where=size > 0)
        judged |= size > 0
        near |= (size > 0) & (np.abs(unit - formula) <= UNIT_PRICE_TOLERANCE * np.abs(formula))
    return {"unit_price": (unit > 0) & judged & ~near}


def _lost(lines: ParsedLines, _: Context) -> Masks:
    return {name: _matches(lines, name, LOST_CHARACTERS) for name in ("build_name", "buildings")}


def _relation(lines: ParsedLines, _: Context) -> Masks:
    return {"note": _matches(lines, "note", SPECIAL_RELATION)}


def _terms(lines: ParsedLines, _: Context) -> Masks:
    return {"note": _matches(lines, "note", UNUSUAL_TERMS)}


def _outside(lines: ParsedLines, context: Context) -> Masks:
    window = context.window
    return {"transaction_date": (lines.days < np.datetime64(window.first)) | (lines.days > np.datetime64(window.last))}


def _cleaned(lines: ParsedLines, _: Context) -> Masks:
    return {"": lines.cleaned}


def _rejoined(lines: ParsedLines, _: Context) -> Masks:
    return {"buildings": lines.raw.rejoined}


def _district_recovered(lines: ParsedLines, _: Context) -> Masks:
    return {"district": lines.district_recovered}


SERIAL_REPEATED = "serial_repeated"

HARD, SOFT = True, False

RULES: tuple[Rule, ...] = (
    Rule("field_count", HARD, "欄位數與標題不符，無法還原", "the number of fields cannot be put right", _misfit),
    Rule("serial_malformed", HARD, "編號缺漏或格式不符（應為 19 碼）", "the serial is missing or malformed", _serial),
    Rule(
        SERIAL_REPEATED,
        HARD,
        "同一編號在本次發布中重複出現",
        "the serial stands more than once in the release",
        _never,
    ),
    Rule("date_invalid", HARD, "交易年月日不是有效日期", "the trade date is no date", _no_date),
    Rule("date_too_early", HARD, "交易年月日早於民國 90 年", "the trade date lies before ROC 90 (2001)", _too_early),
    Rule("date_after_release", HARD, "交易年月日晚於發布日", "the trade date lies after the release", _after_release),
    Rule("number_invalid", HARD, "「{header}」不是數字", "{column} is no number", _no_number),
    Rule("digit_invalid", HARD, "「{header}」不是 0 到 9 的數字", "{column} is no number from 0 to 9", _not_a_digit),
    Rule("price_not_positive", HARD, "總價為零或負數", "the price is zero or less", _price),
    Rule("negative", HARD, "「{header}」為負數", "{column} is negative", _negative),
    Rule(
        "district_missing",
        HARD,
        "鄉鎮市區空白，且無法由地址判定",
        "the district is blank and the address does not tell it",
        _no_district,
    ),
    Rule("parking_without_price", SOFT, "有車位但無車位價格", "parking without a price", _parking_price),
    Rule("parking_without_area", SOFT, "有車位但無車位面積", "parking without an area", _parking_area),
    Rule(
        "unit_price_mismatch",
        SOFT,
        "單價與兩種計算方式皆相差超過 2%",
        "the unit price is more than 2 % off both formulas",
        _unit_price,
    ),
    Rule("lost_characters", SOFT, "名稱中有遺失的字元", "a name has lost characters", _lost),
    Rule("special_relation", SOFT, "備註載明特殊關係人交易", "the note tells of a special relation", _relation),
    Rule(
        "unusual_terms",
        SOFT,
        "備註載明特殊交易條件（如持分、地上權、毛胚）",
        "the note tells of unusual terms",
        _terms,
    ),
    Rule("outside_window", SOFT, "交易日期不在本次發布的期間內", "the trade lies outside the window", _outside),
    Rule(
        "cleaned_text", SOFT, "已移除控制字元或還原 HTML 字元", "control characters or entities were cleaned", _cleaned
    ),
    Rule("rejoined_fields", SOFT, "棟及號含逗號，欄位已還原", "commas within the unit were put back", _rejoined),
    Rule(
        "district_recovered",
        SOFT,
        "鄉鎮市區空白，已由地址補上",
        "the blank district was read from the address",
        _district_recovered,
    ),
)
"""Every rule, hard ones first. Names are contracts: `deals.flags` and `rejected_deals.reasons` hold them."""

RULE_BY_NAME = {rule.name: rule for rule in RULES}


def judge(lines: ParsedLines, context: Context) -> tuple[pa.Array, pa.Array]:
    """Apply every rule to every line → reasons and flags, each a comma-joined text a line, blank for none.

    A reason is `rule:column`, or `rule` where the line as a whole is at fault; a flag is the rule's name.
    """
    reasons: dict[str, Mask] = {}
    flags: dict[str, Mask] = {}
    for rule in RULES:
        for column, mask in rule.applies(lines, context).items():
            if rule.hard:
                reasons[f"{rule.name}:{column}" if column else rule.name] = mask
            else:
                flags[rule.name] = flags[rule.name] | mask if rule.name in flags else mask
    count = len(lines.raw)
    return join_names(reasons, count), join_names(flags, count)


def join_names(masks: Mapping[str, Mask], count: int) -> pa.Array:
    """For each of `count` lines the names whose mask is set, comma-joined."""
    told = [
        pc.if_else(pa.array(mask), name, pa.scalar(None, pa.string())) for name, mask in masks.items() if mask.any()
    ]
    if not told:
        return pa.array([""] * count, pa.string())
    # An empty text goes first, since pyarrow leaves a row of nothing but nulls out of the result.
    first = pa.array([""] * count, pa.string())
    return pc.utf8_ltrim(pc.binary_join_element_wise(first, *told, ",", null_handling="skip"), characters=",")


def explain(reasons: str) -> list[Reason]:
    """Comma-joined reasons or flags → each in words."""
    return [_explain(*reason.partition(":")[::2]) for reason in reasons.split(",") if reason]


def _explain(name: str, column: str) -> Reason:
    rule = RULE_BY_NAME[name]
    header = BY_NAME[column].header or column if column else ""
    return Reason(name, column, rule.zh.format(header=header), rule.en.format(column=column))


def _number(lines: ParsedLines, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return lines.values[name].to_numpy(dtype=np.float64)


def _matches(lines: ParsedLines, name: str, pattern: str) -> Mask:
    return np.asarray(pc.match_substring_regex(as_arrow(lines.values[name]), pattern))
