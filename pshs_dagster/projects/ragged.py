"""Rows of the list whose fields are not as many as the headings: which fields belong to which heading.

Surplus fields are commas within a cell, missing ones are cells that were left out. Every way to lay the fields along
the headings is weighed by what the cells then look like; the cheapest is taken. What a cell means is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence

from pshs_dagster.projects.headings import Heading

MOST_SURPLUS = 40
"""Fields beyond the headings: a 坐落基地 that lists dozens of parcels has as many commas."""

UNLIKE = 6
"""For a cell that does not look like its column."""
SHIFTED = 50
"""For a cell that proves that what stands before it is not laid right."""
BLANK = 1
"""For a blank cell where a look is known: cheaper than one that looks wrong."""
MISSING, ENDED = 4, 3
"""For a heading that gets no field: in the middle of the row, and where the row has ended."""
COMMA, STRANGE_COMMA = 1, 5
"""For each comma within a cell, where commas are at home and where not."""

_NEVER = 1 << 30


def laid(fields: Sequence[str], headings: Sequence[Heading]) -> tuple[str, ...] | None:
    """A cell for each heading, blank where none is left for it; None where the row cannot be put right.

    Cells are made of all fields in their order, joined by the commas that stood between them.
    """
    if len(fields) - len(headings) > MOST_SURPLUS:
        return None
    cost, ends = _cheapest(fields, headings)
    if cost >= SHIFTED:
        return None
    cells: list[str] = []
    end = len(fields)
    for place in reversed(range(len(headings))):
        begin = ends[place + 1][end]
        cells.append(",".join(fields[begin:end]))
        end = begin
    return tuple(reversed(cells))


def _cheapest(fields: Sequence[str], headings: Sequence[Heading]) -> tuple[int, list[list[int]]]:
    """What the cheapest way costs, and for each number of headings and of fields where the last cell then begins."""
    count = len(fields)
    # Missing fields and surplus ones may stand in one row: one more of each is tried than their numbers tell.
    surplus, missing = max(0, count - len(headings)) + 1, max(0, len(headings) - count) + 1
    costs = [0] + [_NEVER] * count
    ends: list[list[int]] = [[0] * (count + 1)]
    for place, heading in enumerate(headings):
        after = [_NEVER] * (count + 1)
        begins = [0] * (count + 1)
        for begin, so_far in enumerate(costs):
            if so_far >= SHIFTED or not place - missing <= begin <= place + surplus:
                continue
            for end in range(begin, min(count, begin + surplus + 1) + 1):
                cost = so_far + (ENDED if begin == count else _cost(fields[begin:end], heading))
                if cost < after[end]:
                    after[end], begins[end] = cost, begin
        costs = after
        ends.append(begins)
    return costs[count], ends


def _cost(fields: Sequence[str], heading: Heading) -> int:
    if not fields:
        return MISSING
    cell = ",".join(fields).strip()
    cost = (len(fields) - 1) * (COMMA if heading.commas else STRANGE_COMMA)
    if heading.looks is None:
        return cost
    if not cell:
        return cost + BLANK
    if heading.looks.fullmatch(cell):
        return cost
    return cost + (SHIFTED if heading.strict else UNLIKE)
