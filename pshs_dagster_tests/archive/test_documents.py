"""Files for people, which stand beside the zips."""

from __future__ import annotations

import pytest

from pshs_dagster.archive import Archive
from pshs_dagster.errors import ArchiveError


class TestDocuments:
    def test_a_document_is_read_as_it_was_written_and_replaced_whole(self, archive: Archive) -> None:
        assert not archive.has_document("rejects/2022-09-21.json")
        archive.write_document("rejects/2022-09-21.json", '["鄉鎮市區"]\n')
        archive.write_document("rejects/2022-09-21.json", "[]\n")
        assert archive.read_document("rejects/2022-09-21.json") == "[]\n"
        assert archive.has_document("rejects/2022-09-21.json")
        assert archive.documents("rejects") == ("rejects/2022-09-21.json",)

    def test_a_document_that_windows_saved_is_read_without_its_mark(self, archive: Archive) -> None:
        archive.store.put_bytes("corrections/a.json", "[「更正」]".encode("utf-8-sig"))
        assert archive.read_document("corrections/a.json") == "[「更正」]"

    def test_a_document_in_another_encoding_is_told(self, archive: Archive) -> None:
        archive.store.put_bytes("corrections/a.json", "更正".encode("cp950"))
        with pytest.raises(ArchiveError, match="UTF-8"):
            archive.read_document("corrections/a.json")

    @pytest.mark.parametrize("key", ["raw/111S2/a.json", "incoming/a.json", "../a.json"])
    def test_a_document_cannot_stand_among_the_zips(self, archive: Archive, key: str) -> None:
        with pytest.raises(ArchiveError):
            archive.write_document(key, "")
