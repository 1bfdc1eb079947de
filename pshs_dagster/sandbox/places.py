"""Where made-up deals lie: cities, their districts, streets and land sections.

Districts are the real ones, the busiest first, written as MOI does (台東市 with the plain 台); shares and prices
are those of the seasons 110S4 to 112S1, rounded. Streets and sections are made up of common words. Nothing about a
single deal belongs here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class City:
    """A city as a market for pre-sale houses."""

    letter: str
    share: float
    """Of the deals of the country."""
    unit_price: int
    """A typical price, NTD/m²."""
    parking_price: int
    """A typical price of one parking space, NTD."""
    offices: str
    """The letters of its land offices."""
    districts: tuple[str, ...]


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


def _city(letter: str, share: float, unit_price: int, parking_price: int, offices: str, districts: str) -> City:
    return City(letter, share, unit_price, parking_price, offices, words(districts))


CITIES = (
    _city(
        "a",
        0.0424,
        273_700,
        2_650_000,
        "ABCDEF",
        "北投區 文山區 南港區 中山區 萬華區 大同區 大安區 內湖區 士林區 松山區 中正區 信義區",
    ),
    _city(
        "b",
        0.1975,
        97_700,
        1_480_000,
        "ABCDEFGHIJK",
        "北屯區 梧棲區 西屯區 南屯區 烏日區 沙鹿區 太平區 龍井區 南區 潭子區 清水區 東區 豐原區 北區 大里區 西區 "
        "大雅區 后里區 大甲區 外埔區 神岡區 東勢區 大肚區 大安區 霧峰區 新社區 石岡區 中區",
    ),
    _city("c", 0.0143, 85_200, 1_350_000, "D", "中山區 安樂區 中正區 七堵區 信義區 仁愛區 暖暖區"),
    _city(
        "d",
        0.0838,
        82_800,
        1_350_000,
        "ABCDEFGHIJK",
        "安南區 歸仁區 安平區 善化區 仁德區 永康區 北區 麻豆區 新市區 東區 佳里區 南區 安定區 新營區 新化區 官田區 "
        "西港區 關廟區 六甲區 學甲區 玉井區 柳營區 鹽水區 七股區 中西區 東山區 將軍區 下營區 白河區 後壁區 楠西區",
    ),
    _city(
        "e",
        0.0972,
        85_700,
        1_640_000,
        "ABCDEFGHIJKL",
        "楠梓區 左營區 三民區 鼓山區 鳳山區 仁武區 小港區 前鎮區 前金區 大寮區 苓雅區 橋頭區 鹽埕區 新興區 岡山區 "
        "林園區 大社區 梓官區 燕巢區 鳥松區 湖內區 美濃區 大樹區 旗山區 路竹區 彌陀區 茄萣區 阿蓮區",
    ),
    _city(
        "f",
        0.1637,
        149_500,
        2_100_000,
        "ABCDEGHI",
        "三重區 淡水區 板橋區 林口區 新莊區 土城區 新店區 中和區 鶯歌區 五股區 泰山區 汐止區 八里區 永和區 三芝區 "
        "蘆洲區 三峽區 樹林區 金山區",
    ),
    _city(
        "g",
        0.0234,
        62_700,
        700_000,
        "AB",
        "宜蘭市 五結鄉 蘇澳鎮 礁溪鄉 冬山鄉 員山鄉 羅東鎮 壯圍鄉 三星鄉 頭城鎮",
    ),
    _city(
        "h",
        0.1984,
        96_900,
        1_700_000,
        "ABCDEFGH",
        "中壢區 龜山區 桃園區 大園區 楊梅區 蘆竹區 八德區 龍潭區 觀音區 平鎮區 新屋區 大溪區",
    ),
    _city("i", 0.0070, 75_000, 1_200_000, "A", "嘉義市"),
    _city(
        "j",
        0.0457,
        86_900,
        1_250_000,
        "BCD",
        "竹北市 竹東鎮 湖口鄉 新豐鄉 新埔鎮 芎林鄉 寶山鄉 關西鎮 橫山鄉 北埔鄉",
    ),
    _city(
        "k",
        0.0260,
        66_700,
        1_030_000,
        "BCDEF",
        "頭份市 竹南鎮 苗栗市 苑裡鎮 後龍鎮 公館鄉 造橋鄉 頭屋鄉 銅鑼鄉 三義鄉 通霄鎮",
    ),
    _city("m", 0.0081, 66_300, 1_050_000, "ABCDE", "草屯鎮 南投市 埔里鎮 竹山鎮 名間鄉 鹿谷鄉 魚池鄉 水里鄉"),
    _city(
        "n",
        0.0253,
        68_400,
        1_200_000,
        "ABCDEFGH",
        "員林市 彰化市 北斗鎮 和美鎮 溪湖鎮 二林鎮 大村鄉 埔心鄉 社頭鄉 永靖鄉 福興鄉 花壇鄉 秀水鄉 田中鎮 伸港鄉 "
        "埔鹽鄉 鹿港鎮 埤頭鄉 線西鄉 芬園鄉 芳苑鄉 溪州鄉 田尾鄉 二水鄉 竹塘鄉",
    ),
    _city("o", 0.0147, 103_600, 1_600_000, "A", "新竹市"),
    _city(
        "p",
        0.0177,
        57_500,
        950_000,
        "ABCDEF",
        "斗六市 虎尾鎮 斗南鎮 西螺鎮 土庫鎮 古坑鄉 莿桐鄉 麥寮鄉 北港鎮 崙背鄉 二崙鄉 林內鄉 大埤鄉 水林鄉 褒忠鄉",
    ),
    _city(
        "q",
        0.0141,
        65_500,
        1_250_000,
        "BCDE",
        "太保市 民雄鄉 大林鎮 水上鄉 朴子市 中埔鄉 新港鄉 六腳鄉 梅山鄉 竹崎鄉 東石鄉 番路鄉",
    ),
    _city(
        "t",
        0.0112,
        63_700,
        1_200_000,
        "ABCDEF",
        "屏東市 東港鎮 潮州鎮 長治鄉 萬丹鄉 內埔鄉 九如鄉 里港鄉 麟洛鄉 恆春鎮 竹田鄉 鹽埔鄉 新園鄉 佳冬鄉 林邊鄉",
    ),
    _city("u", 0.0066, 76_900, 1_200_000, "AC", "花蓮市 吉安鄉 新城鄉 玉里鎮 壽豐鄉"),
    _city("v", 0.0020, 65_900, 880_000, "A", "台東市 卑南鄉"),
    _city("w", 0.0004, 70_100, 800_000, "A", "金寧鄉 金城鎮 金湖鎮"),
    _city("x", 0.0004, 84_100, 600_000, "A", "馬公市"),
    _city("z", 0.0001, 72_000, 600_000, "A", "南竿鄉 北竿鄉"),
)

STREETS = words(
    "中山路 中正路 民族路 民權路 民生路 文化路 復興路 和平路 光復路 自由路 建國路 信義路 仁愛路 成功路 中華路 博愛路 "
    "大同路 忠孝路 三民路 新生路 林森路 公園路 長春路 永安路 福德路 景平路 學府路 文心路 環中路 高鐵路 站前路 青埔路 "
    "藝文路 領航路 大興路 文中路 水源路 新興路 安和路 康樂路 八德街 育英街 長安街 永福街 德昌街 新光街 大墩街 "
    "富國街 國盛街 明德街 慈惠街 華美街 北新街 瑞光街 同安街 昌平街 立德街 樂群街 敬業街 松智街"
)

SECTIONS = words("一段 二段 三段 四段 五段")

LAND_SECTIONS = words(
    "新市段 光明段 永安段 福德段 青昇段 水源段 大仁段 文發段 和平段 二重段 民富段 仁平段 海天段 米蘭段 廣明段 善捷段 "
    "僑興段 惠國段 力行段 成州段 竹圍段拔子林小段 景美段五小段 天母段一小段 湖子內段湖美小段"
)
