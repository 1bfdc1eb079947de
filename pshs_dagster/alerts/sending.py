"""Sending messages to the services that ALERT_URLS names, through apprise.

A service is called by its label, which shows no secret: in most of these URLs everything but the scheme is one.
When and what is sent is told elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from pshs_dagster.alerts.messages import Message

if TYPE_CHECKING:
    from apprise import NotifyBase

SERVICE_SECONDS = 10.0
"""For one message to one service. A tick of the sensor has a minute in all."""

_SCHEME = re.compile(r"\s*([a-zA-Z][\w+.-]*)://")


class Sender(Protocol):
    """Whatever takes messages to people."""

    @property
    def services(self) -> Sequence[str]:
        """The labels of the services, each another; the order is that of the settings."""
        ...

    def send(self, service: str, message: Message) -> bool:
        """Whether the service took the message. Never raises for what a service does."""
        ...


class AppriseSender:
    """The services that apprise URLs name, separated by spaces or commas. Nothing is opened until it is used."""

    def __init__(self, urls: str = "") -> None:
        self._urls = urls

    @property
    def services(self) -> Sequence[str]:
        return tuple(self._plugins)

    def send(self, service: str, message: Message) -> bool:
        """Whether the service took it; one that apprise does not know takes nothing."""
        from apprise import Apprise, NotifyFormat

        plugin = self._plugins[service]
        if plugin is None:
            return False
        sender = Apprise(asset=plugin.asset)
        sender.add(plugin)
        sent = sender.notify(
            title=message.title, body=message.body, notify_type=message.mood.value, body_format=NotifyFormat.TEXT
        )
        return bool(sent)

    @cached_property
    def _plugins(self) -> dict[str, NotifyBase | None]:
        """By label; None where apprise cannot use the URL."""
        if not self._urls.strip():
            return {}
        # It takes a while to load, and most processes send nothing.
        from apprise import Apprise, AppriseAsset, PersistentStoreMode
        from apprise.utils.parse import parse_urls

        asset = AppriseAsset(
            app_id="pshs_dagster",
            app_desc="預售屋實價登錄 registered prices of pre-sale houses",
            # Nothing is kept on disk: what services are told stays between them and this process.
            storage_mode=PersistentStoreMode.MEMORY,
            service_timeout=SERVICE_SECONDS,
            async_mode=False,
        )
        plugins: dict[str, NotifyBase | None] = {}
        seen: Counter[str] = Counter()
        for url in parse_urls(self._urls, store_unparseable=True):
            plugin = Apprise.instantiate(url, asset=asset)
            name = _label(url, plugin)
            seen[name] += 1
            plugins[name if seen[name] == 1 else f"{name} ({seen[name]})"] = plugin
        return plugins

    def __repr__(self) -> str:
        # Never the URLs: reprs end up in logs.
        return f"AppriseSender({', '.join(self.services)})"


def _label(url: str, plugin: NotifyBase | None) -> str:
    """Scheme and host; the scheme alone where the place of the host holds a token."""
    match = _SCHEME.match(url)
    scheme = match[1].lower() if match else "?"
    # Where some form of a service's URL has no host, a token may stand in its place.
    has_host = plugin is not None and all("{host}" in template for template in plugin.templates)
    host = plugin.host if plugin is not None and has_host else ""
    return f"{scheme}://{host or '…'}"
