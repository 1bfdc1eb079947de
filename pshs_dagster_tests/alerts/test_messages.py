"""The words of alerts: in both languages, bounded, and without secrets."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pshs_dagster.alerts.digest import ten_day_digest
from pshs_dagster.alerts.messages import (
    BODY_LENGTH,
    KINDS,
    TITLE_LENGTH,
    Message,
    a_test,
    about_end,
    about_ends,
    about_many,
    about_trouble,
    in_one_line,
    link,
    scrubbed,
)
from pshs_dagster.alerts.troubles import Kind, Trouble
from pshs_dagster.checks import GUARDS
from pshs_dagster.database.reading.bulletin import Bulletin, Project, Revision
from pshs_dagster.releases import TAIPEI, Release

PAGE = "http://pshs.test:3000"
NOW = datetime(2022, 9, 21, 12, tzinfo=TAIPEI)

texts = st.text(max_size=2500)
troubles = st.builds(
    Trouble, st.sampled_from(Kind), texts, texts, texts, st.text(max_size=36), st.dictionaries(texts, st.integers())
)


def has_both_languages(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text) and any(
        c.isascii() and c.isalpha() for c in text
    )


def holds(message: Message) -> None:
    assert len(message.title) <= TITLE_LENGTH
    assert len(message.body) <= BODY_LENGTH
    assert "\n" not in message.title
    assert has_both_languages(message.title)


@settings(max_examples=40)
@given(st.lists(troubles, min_size=1, max_size=4))
def test_whatever_went_wrong_every_message_is_bounded(wrong: list[Trouble]) -> None:
    lines = [in_one_line([trouble]) for trouble in wrong]
    holds(about_trouble(wrong, PAGE))
    holds(about_many({f"{n}": [trouble] for n, trouble in enumerate(wrong)}, PAGE))
    holds(about_end(wrong[0].subject, lines, NOW, NOW + timedelta(hours=1), PAGE))
    holds(about_ends({f"{n}": [told] for n, told in enumerate(lines)}, PAGE))
    holds(a_test(NOW, PAGE))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_trouble_has_words_in_both_languages(kind: Kind) -> None:
    zh, en = KINDS[kind]
    assert has_both_languages(zh + en)
    assert not has_both_languages(zh.replace("Dagster", ""))


@pytest.mark.parametrize("guard", sorted(guard.name for guard in GUARDS))
def test_it_is_told_in_both_languages_what_it_means_that_a_guard_fails(guard: str) -> None:
    told = about_trouble([Trouble(Kind.CHECK, "2022-09-21", guard, "")], PAGE).body
    _, meaning_zh, meaning_en = told.split(f"】{guard}")[1].split("\n")[:3]
    assert meaning_zh.endswith("。")
    assert meaning_en.endswith(".")


def test_where_a_message_is_cut_the_link_and_the_command_are_still_there() -> None:
    long = Trouble(Kind.WITHDRAWALS, "111S2", "withdrawals", "甲" * 5000, "run-1")
    body = about_trouble([long], PAGE).body
    assert "http://pshs.test:3000/runs/run-1" in body
    assert "pshs load 111S2 --confirm-withdrawals" in body
    assert "…" in body


@pytest.mark.parametrize(
    "secret",
    [
        "mysql+pymysql://pshs:hunter2@db.test/pshs",
        "mysql+pymysql://pshs:hun/hunter2@x@db.test/pshs",
        "http://hunter2@moi.test/",
        "https://moi.test/x?a=1&token=hunter2&b=2",
        "https://s3.test/k?X-Amz-Signature=hunter2&x=1",
        "password=hunter2",
        "Password: hunter2, try again",
        "api_key = 'hunter2'",
        "Authorization: Bearer hunter2",
    ],
)
def test_a_secret_in_a_reason_is_not_told(secret: str) -> None:
    told = about_trouble([Trouble(Kind.RUN, "2022-09-21", "raw_zip", f"It said {secret}.")], PAGE)
    assert "hunter2" not in told.title + told.body
    assert "It said" in told.body


def test_what_holds_no_secret_stays_as_it_is() -> None:
    told = "127.0.0.1:8123 has no 111S2 (asked a@b.test at 10:00): see http://moi.test/x?a=1."
    assert scrubbed(told) == told


def test_a_link_leads_to_the_run_and_shows_no_password_of_a_proxy() -> None:
    assert link("https://me:hunter2@pshs.test/dagster/", "run-1") == "https://pshs.test/dagster/runs/run-1"


def test_the_digest_names_cities_projects_and_revisions_and_is_bounded() -> None:
    brought = Bulletin(
        release=Release.parse("2022-09-21"),
        new_deals={"新北市": 1200, "臺中市": 30},
        new_projects=7,
        projects=tuple(Project("新北市", "板橋區", "遠雄之星" * 40, n) for n in range(5)),
        cancellations={"高雄市": 4},
        revisions=9,
        largest=tuple(Revision("新北市", "RPPN", "名軒" * 40, 1_000_000, 2_500_000) for _ in range(5)),
        rejects=2,
        rejects_in_all=1_017,
    )
    message = ten_day_digest(brought, PAGE)
    holds(message)
    for told in (
        "1,230（新北市 1,200、臺中市 30）",
        "4（高雄市 4）",
        "1,000,000 → 2,500,000 NTD",
        "2（全部 in all 1,017）",
    ):
        assert told in message.body
    assert "板橋區" in message.body
