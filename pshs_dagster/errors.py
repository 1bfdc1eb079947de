"""Every error that the project raises on purpose.

Each message tells a person what happened, where, and what to do; commands print it as one line.
What does not belong here: errors of libraries, which are turned into one of these where they are
understood, and failed checks, which are results and not errors.
"""


class PshsError(Exception):
    """Something went wrong that the project understands. `str(error)` is a sentence for a person."""


class SettingsError(PshsError):
    """A setting is missing or has a value that cannot be used."""


class UnknownRelease(PshsError):
    """A text that names no release: neither an issue such as 2022-09-21 nor a season such as 111S2."""


class PortalError(PshsError):
    """The portal did not give what was asked for."""


class NotPublished(PortalError):
    """The release is not out yet, or no longer to be had; MOI answers so with an HTML page."""


class SiteDown(PortalError):
    """The portal could not be reached, or answered with errors until the retries were used up."""


class BadZip(PshsError):
    """The bytes are not a zip file that can be used."""


class NotAZip(BadZip):
    """The bytes are no zip at all."""


class BrokenZip(BadZip):
    """A zip that is cut off or whose contents do not match their checksums."""


class HostileZip(BadZip):
    """A zip that would write outside its folder or expand beyond all measure."""


class WrongRelease(PshsError):
    """The zip is sound, but it is another release than the one that was asked for."""


class ArchiveError(PshsError):
    """The archive cannot be read or written, or does not hold what it should."""


class UnreadableFile(PshsError):
    """A CSV whose header is none that MOI ever published."""


class ReviewFileError(PshsError):
    """A file that a person gave back cannot be used as it is; nothing of it was carried out.

    `problems` are sentences, each with its address in the file; the message is the first of them.
    """

    def __init__(self, *problems: str) -> None:
        more = len(problems) - 1
        super().__init__(problems[0] if not more else f"{problems[0]} (另有 {more} 個問題; {more} more)")
        self.problems = problems


class DatabaseError(PshsError):
    """The database cannot be reached or refused what was asked of it."""


class WithdrawalsNotConfirmed(DatabaseError):
    """A season lacks so many deals of a city that a person should look before they are withdrawn."""
