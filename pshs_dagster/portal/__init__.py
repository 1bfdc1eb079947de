"""MOI's site over HTTP: what it publishes, and fetching one release.

`site` knows MOI's addresses and answers, `pages` reads its pages, `connection` is patient with the
network, `session` says who asks and whom it trusts.
What does not belong here: whether a sound zip is the release that was asked for (a check decides that
by its contents), and keeping it (`archive`).
"""

from pshs_dagster.portal.connection import Patience
from pshs_dagster.portal.session import open_session, user_agent
from pshs_dagster.portal.site import FetchedZip, Portal, Progress, Published, no_progress

__all__ = ["FetchedZip", "Patience", "Portal", "Progress", "Published", "no_progress", "open_session", "user_agent"]
