"""The words that made-up deals are put together from: names of projects, kinds of buildings, notes.

Weights are rounded from the seasons 110S4 to 112S1. How the words are drawn stands in `projects.py` and `deals.py`.
"""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NAME_HEADS = _words(
    "晴朗 幸福 日和 青田 璞真 文心 大觀 微笑 河岸 水岸 森活 和宜 臻研 御品 上城 謙和 悅讀 景觀 樂活 心悅 朗朗 大和 青山"
    " 海悅 天際 豐邑 元森 宸熙 翡翠 星河 新都 合謙 富域 鼎藏 寬庭 知緣 首賦 昕觀 安和 合雄 永春 秀泰 光匯 米蘭 佳展 "
    "敦美 大道 中央 站前 藝文"
)
NAME_TAILS = _words(
    "居 苑 匯 築 硯 院 學 悅 天地 之丘 首席 町 帝寶 森林 花園 世代 首璽 有約 莊園 行館 初心 時光 傳家 好韻 禾豐 學苑 "
    "雙星 家 讚 心 晴 璽 丰 沐 穗 隱"
)
NAME_MIDDLES = (
    "",
    *"天心月之美御好新春夏秋冬東南西北上中青白金玉山海雲川江湖林木花葉松竹梅蘭泉溪谷風雨雪星辰光明朗清遠大小千百萬里路門城邑園庭亭閣樓台堂府第"
    "宅舍人文詩書畫琴禪藝品味富豪盛昌隆順泰安康寧福祿壽喜樂愛慕思念悠然真善純粹原初本元宏宇宙時空",
)
"""With one of these in the middle some 1 % of names stand in more than one district; in 110S4 to 112S1 1.5 % do."""

NAME_EDITIONS = ("", "二期", "三期", "NO.2", "NO.10", "5", "II", "Ⅲ", "-A區", " A'more", "2.0")
NAME_EDITION_WEIGHTS = (0.72, 0.05, 0.03, 0.05, 0.01, 0.04, 0.02, 0.02, 0.03, 0.01, 0.02)

RARE_CHARACTERS = _words("硯 璽 堃 珹 喆 翫 囍 閎")
"""What stands where MOI could not write a name."""

BUILDERS = _words("詠勝 和發 國揚 佳聯 皇普 合康 達麗 鉅陞 遠雄 昇陽 茂德 勝美 宏璟 潤泰 順天 隆大")

NUMERALS = "零一二三四五六七八九"
FLOORS = tuple(
    (("" if tens == 0 else ("十" if tens == 1 else NUMERALS[tens] + "十")) + (NUMERALS[ones] if ones else "")) + "層"
    for tens in range(6)
    for ones in range(10)
)
"""移轉層次 by number: FLOORS[21] is 二十一層. FLOORS[0] is meaningless."""

BASEMENTS = ("地下一層", "地下二層", "地下三層", "地下四層")
BASEMENTS_IN_DETAILS = ("地下一樓", "地下二樓", "地下三樓", "地下四樓", "地下五樓含以下")

TOWER, MANSION, HOUSE, SHOP, OFFICE, FACTORY, OTHER = range(7)
BUILDING_STATES = (
    "住宅大樓(11層含以上有電梯)",
    "華廈(10層含以下有電梯)",
    "透天厝",
    "店面(店鋪)",
    "辦公商業大樓",
    "廠辦",
    "其他",
)
BUILDING_WEIGHTS = (0.655, 0.205, 0.124, 0.0, 0.007, 0.004, 0.005)
"""No project is all shops: those are the ground floors of others."""

PARKING_KINDS = ("坡道平面", "坡道機械", "升降機械", "升降平面", "塔式車位", "一樓平面", "其他")
PARKING_WEIGHTS = (0.86, 0.045, 0.015, 0.006, 0.004, 0.06, 0.01)

ZONES = (
    ("住", "", ""),
    ("商", "", ""),
    ("", "鄉村區", "乙種建築用地"),
    ("", "特定農業區", "甲種建築用地"),
    ("其他", "", ""),
    ("", "一般農業區", "甲種建築用地"),
    ("農", "", ""),
    ("", "工業區", "丁種建築用地"),
    ("", "山坡地保育區", "丙種建築用地"),
    ("工", "", ""),
)
ZONE_WEIGHTS = (0.61, 0.23, 0.042, 0.042, 0.035, 0.018, 0.008, 0.006, 0.004, 0.003)

STRUCTURES = ("鋼筋混凝土造", "鋼骨鋼筋混凝土造", "見其他登記事項", "鋼骨混凝土造", "見使用執照", "混凝土造")
STRUCTURE_WEIGHTS = (0.91, 0.049, 0.031, 0.004, 0.003, 0.003)

USES = ("住家用", "見其他登記事項", "住商用", "商業用", "見使用執照", "工業用", "見其它登記事項")
USE_WEIGHTS = (0.887, 0.048, 0.044, 0.013, 0.003, 0.002, 0.003)

_EXTRAS = "交易總價含下列非屬預售屋價格之費用:"

RELATION_NOTE = "親友、員工、共有人或其他特殊關係間之交易；"

DEAL_NOTES = (
    _EXTRAS + RELATION_NOTE,
    _EXTRAS + "含裝潢費；含傢俱設備費；",
    _EXTRAS + "含裝潢費；",
    _EXTRAS + "含傢俱設備費；",
    _EXTRAS + "毛胚屋；",
    _EXTRAS + "含裝潢費400000元；",
    RELATION_NOTE,
    "地主戶" + _EXTRAS + RELATION_NOTE,
    _EXTRAS + "含傢俱設備費；" + RELATION_NOTE,
    "本案為地上權房屋，系因確認土地位置，但無土地持分。地上權房屋；",
    "二親等間之交易；",
    "急買急賣；",
    "債權債務關係；",
    "此戶為合併戶",
    "加購車位一位",
    "原買方於111年10月12日解約",
)
DEAL_NOTE_WEIGHTS = (
    0.0158,
    0.0080,
    0.0036,
    0.0022,
    0.0009,
    0.0006,
    0.0012,
    0.0003,
    0.0006,
    0.0004,
    0.0002,
    0.0001,
    0.0001,
    0.0010,
    0.0010,
    0.0004,
)
"""Of all deals: some 4 % have a note of their own, 1.8 % one of a special relation."""

PROJECT_NOTES = (
    "雨遮面積登記不計價",
    "8F含）以下樓層為SRC建築9F~24F為RC建築",
    "雨遮不計價",
    "雨遮計坪不計價",
    "此案辦理設計變更當中",
    "總價含家電",
    "露台面積不計坪不計價",
    "房屋面積以地政機關登記完竣之面積為準",
    "銷售面積含雨遮面積但不計價",
    "土地權利包含車位範圍",
    "休閒會館之土地持分面積為5/1000000。",
)
PROJECT_NOTE_SHARE = 0.06
"""Of the projects."""
