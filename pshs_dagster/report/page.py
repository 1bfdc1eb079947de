"""From a picture to the page: one HTML file that fetches nothing and runs nothing but its own script.

Names and notes are the ministry's text, and are nowhere mark-up: they go into the page as JSON without `<`, and onto
the screen as text. Should any of it get through all the same, the page's policy lets no other script run.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from pshs_dagster.report.embedding import embedded
from pshs_dagster.report.picture import Picture

HERE = Path(__file__).parent

SCRIPTS = (
    "words",
    "data",
    "state",
    "elements",
    "chart",
    "table",
    "brought",
    "prices",
    "opened",
    "absorption",
    "happenings",
    "quality",
    "main",
)
"""The files of `scripts` in the order in which they build on each other; together they are one function."""

_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""`</script>` would end the data, `<!--` would begin a comment; the last two are ends of lines to old browsers."""


def page(picture: Picture) -> bytes:
    """The report as UTF-8. The same picture gives the same bytes."""
    style, script, words = _text("report.css"), _script(), _text("words.json")
    title = json.loads(words)["title"][0]
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    filled = Template(_text("template.html")).substitute(
        policy=escape(policy),
        title=escape(f"{title} {picture.release.key}"),
        heading=escape(title),
        style=style,
        words=_json(json.loads(words)),
        data=_json(embedded(picture)),
        script=script,
    )
    return filled.encode()


def _json(value: Any) -> str:
    """JSON that may stand within a script element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, spelt in _ESCAPED.items():
        text = text.replace(character, spelt)
    return text


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@lru_cache
def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


@lru_cache
def _script() -> str:
    parts = "\n".join(_text(f"scripts/{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'
