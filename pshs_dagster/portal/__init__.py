"""MOI's site over HTTP: what it publishes, and fetching one release.

`site` knows MOI's addresses and answers, `project_list` where the list of projects is, `pages` reads pages,
`downloading` brings a zip to disk, `connection` is patient with the network, `session` says who asks and whom it
trusts.
What does not belong here: whether a sound zip is the release that was asked for (a check decides that
by its contents), and keeping it (`archive`).
"""

from pshs_dagster.portal.connection import Patience
from pshs_dagster.portal.downloading import Download, Progress, no_progress
from pshs_dagster.portal.project_list import fetch_project_list
from pshs_dagster.portal.session import open_session, user_agent
from pshs_dagster.portal.site import FetchedZip, Portal, Published

__all__ = [
    "Download",
    "FetchedZip",
    "Patience",
    "Portal",
    "Progress",
    "Published",
    "fetch_project_list",
    "no_progress",
    "open_session",
    "user_agent",
]
