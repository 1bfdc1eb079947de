"""Messages to services: each by its own, and no label with a secret."""

from __future__ import annotations

import pytest

from pshs_dagster.alerts.messages import Message, Mood
from pshs_dagster.alerts.sending import AppriseSender
from pshs_dagster_tests.alerts.receiver import Received, Receiver

MESSAGE = Message("標題 title", "第一行 first line\n<b>@all</b> 第二行", Mood.TROUBLE)


def test_a_message_arrives_as_it_was_written(receiver: Receiver) -> None:
    sender = AppriseSender(receiver.url)
    (service,) = sender.services
    assert sender.send(service, MESSAGE)
    assert receiver.taken == [Received(MESSAGE.title, MESSAGE.body, "failure")]


def test_services_that_look_alike_are_told_apart(receiver: Receiver, other_receiver: Receiver) -> None:
    sender = AppriseSender(f"{receiver.url},{other_receiver.url} {receiver.url}")
    assert sender.services == ("json://127.0.0.1", "json://127.0.0.1 (2)", "json://127.0.0.1 (3)")
    assert sender.send("json://127.0.0.1 (2)", MESSAGE)
    assert (len(receiver.taken), len(other_receiver.taken)) == (0, 1)


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_service_that_refuses_did_not_take_it(receiver: Receiver, status: int) -> None:
    receiver.status = status
    sender = AppriseSender(receiver.url)
    assert not sender.send(sender.services[0], MESSAGE)


def test_a_service_that_is_not_there_did_not_take_it() -> None:
    with Receiver() as gone:
        url = gone.url
    sender = AppriseSender(url)
    assert not sender.send(sender.services[0], MESSAGE)


def test_a_url_that_apprise_does_not_know_takes_nothing_and_shows_nothing(receiver: Receiver) -> None:
    sender = AppriseSender(f"pigeon://hunter2 {receiver.url}")
    assert sender.services == ("pigeon://…", "json://127.0.0.1")
    assert not sender.send("pigeon://…", MESSAGE)
    assert sender.send("json://127.0.0.1", MESSAGE)


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("mailto://me:hunter2@moi.test", "mailto://moi.test"),
        ("tgram://123456789:hunter2_abcdefghijklmnopqrstuvwxyz012/12315544/", "tgram://…"),
        ("pbul://o.hunter2hunter2hunter2hunter2hunter2", "pbul://…"),
        ("discord://4174216298/hunter2hunter2hunter2", "discord://…"),
        ("ntfys://hunter2", "ntfys://…"),
        ("hunter2", "?://…"),
    ],
)
def test_a_label_shows_scheme_and_host_and_never_a_token(url: str, label: str) -> None:
    sender = AppriseSender(url)
    assert sender.services == (label,)
    assert "hunter2" not in repr(sender)


def test_no_url_is_no_service() -> None:
    assert AppriseSender("").services == AppriseSender(" ,\n").services == ()
