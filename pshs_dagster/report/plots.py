"""The main series of a report as a drawing that stands still: deals and median unit price by month, as SVG.

For places that show Markdown, where the page itself cannot be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

from pshs_dagster.report.embedding import months_between
from pshs_dagster.report.picture import Market, MarketMonth, Picture

COLOURS = ("#1d232b", "#0b6478", "#b5422f", "#a86f00", "#6b4fa0", "#3f7d3a")
"""The country, and as many cities; dark enough to be told apart on white."""

MONTHS = 48

LEFT, TOP, STEP, TALL = 56, 48, 11, 150


def largest_markets(picture: Picture) -> list[Market]:
    """The country, then the cities with most deals."""
    whole = [market for market in picture.markets if not market.district]
    deals = {market.city: sum(month.deals for month in market.months) for market in whole}
    return sorted(whole, key=lambda market: (market.city != "", -deals[market.city]))[: len(COLOURS)]


def deals_plot(picture: Picture) -> str:
    """Deals by month of the largest cities, as SVG; the country would leave them flat."""
    cities = [market for market in largest_markets(picture) if market.city]
    return _plot(picture, cities, lambda month: month.deals, "deals by month")


def price_plot(picture: Picture) -> str:
    """Median unit price by month, in 萬元 per 坪, of the country and the largest cities, as SVG."""
    return _plot(
        picture,
        largest_markets(picture),
        lambda month: month.unit_price.median if month.unit_price else None,
        "median unit price by month, 萬元/坪",
    )


def _plot(picture: Picture, markets: Sequence[Market], value: Callable[[MarketMonth], float | None], name: str) -> str:
    months = months_between(picture.first_month, picture.last_month)[-MONTHS:]
    place = {month: LEFT + number * STEP for number, month in enumerate(months)}
    values = [
        {month.month: told for month in market.months if month.month in place and (told := value(month)) is not None}
        for market in markets
    ]
    most = max((told for of in values for told in of.values()), default=0) or 1
    shapes = [f'<text x="4" y="14" font-weight="bold">{name}; dotted: provisional</text>']
    for part in (0, 0.5, 1):
        y = TOP + TALL * (1 - part)
        shapes.append(f'<line x1="{LEFT}" x2="{LEFT + len(months) * STEP}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        shapes.append(f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{most * part:,.0f}</text>')
    for number, (market, told) in enumerate(zip(markets, values, strict=True)):
        colour = COLOURS[number if markets[0].city == "" else number + 1]
        shapes += _line(
            months, {month: (place[month], TOP + TALL * (1 - told[month] / most)) for month in told}, picture, colour
        )
        x = LEFT + number * 92
        shapes.append(f'<rect x="{x}" y="22" width="10" height="10" fill="{colour}"/>')
        shapes.append(f'<text x="{x + 14}" y="31">{escape(market.city or "全國 Taiwan")}</text>')
    for month in months:
        if month.endswith(("-01", "-07")):
            shapes.append(f'<text x="{place[month]}" y="{TOP + TALL + 16}" text-anchor="middle">{month}</text>')
    size = f'width="{LEFT + max(len(months) * STEP, 6 * 92) + 20}" height="{TOP + TALL + 24}"'
    style = 'font-family="sans-serif" font-size="11" fill="#333"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(shapes)}</svg>'


def _line(months: Sequence[str], points: dict[str, tuple[float, float]], picture: Picture, colour: str) -> list[str]:
    """From month to month; nothing across a month without a value."""
    shapes: list[str] = []
    for before, month in pairwise(months):
        if before in points and month in points:
            (x1, y1), (x2, y2) = points[before], points[month]
            dotted = ' stroke-dasharray="2 3"' if {before, month} & picture.provisional else ""
            shapes.append(
                f'<line x1="{x1}" y1="{y1:.1f}" x2="{x2}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.8"{dotted}/>'
            )
    return shapes
