"""What only a bucket can do, or do wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pshs_dagster.archive import Archive, S3Store
from pshs_dagster.errors import ArchiveError
from pshs_dagster_tests.archive.at_hand import ARCHIVED_AT, ISSUE, Fetch, digest
from pshs_dagster_tests.fixtures.s3 import KEY_ID, REGION, SECRET, Bucket


@pytest.mark.s3
class TestS3:
    @pytest.fixture
    def dagster_store(self, s3_endpoint: str, s3_bucket: Bucket) -> Iterator[S3Store]:
        """A store with the client that Dagster's resource makes."""
        from dagster_aws.s3 import S3Resource

        client = S3Resource(
            endpoint_url=s3_endpoint, region_name=REGION, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET
        ).get_client()
        yield S3Store(client, s3_bucket.name)
        client.close()

    def test_the_client_of_dagsters_resource_does_it_all(
        self, dagster_store: S3Store, fetch: Fetch, tmp_path: Path
    ) -> None:
        archive = Archive(dagster_store, clock=lambda: ARCHIVED_AT)
        archive.stage(fetch(b"PK one"))
        kept = archive.keep(ISSUE)
        assert archive.location(kept.key) == f"s3://{dagster_store.bucket}/{kept.key}"
        path = archive.local(kept, tmp_path / "local")
        assert path.read_bytes() == b"PK one"
        assert list((tmp_path / "local").iterdir()) == [path]

    def test_prefixes_keep_archives_of_one_bucket_apart(self, s3_bucket: Bucket, fetch: Fetch) -> None:
        one, two = (Archive(S3Store(s3_bucket.client, s3_bucket.name, prefix)) for prefix in ("/one/", "one/two"))
        one.stage(fetch(b"PK one"))
        one.keep(ISSUE)
        assert one.releases() == (ISSUE,)
        assert two.releases() == ()
        assert one.location("raw/a") == f"s3://{s3_bucket.name}/one/raw/a"

    def test_more_files_than_one_answer_of_s3_holds_are_all_listed(self, s3_bucket: Bucket) -> None:
        def three_at_a_time(params: dict[str, Any], **_: object) -> None:
            params["MaxKeys"] = 3

        s3_bucket.client.meta.events.register("provide-client-params.s3.ListObjectsV2", three_at_a_time)
        store = S3Store(s3_bucket.client, s3_bucket.name)
        keys = tuple(f"rejects/{number}.json" for number in range(8))
        for key in keys:
            store.put_bytes(key, b"")
        assert len(s3_bucket.client.list_objects_v2(Bucket=s3_bucket.name).get("Contents", [])) == 3
        assert store.list("rejects") == keys

    def test_a_bucket_that_gives_back_other_bytes_is_found_out(
        self, s3_bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = S3Store(s3_bucket.client, s3_bucket.name)
        path = tmp_path / "file"
        path.write_bytes(b"PK")
        monkeypatch.setattr(store, "chunks", lambda _: iter([b"PX"]))
        with pytest.raises(ArchiveError, match="gave back other bytes"):
            store.put_file("raw/111S2/a.zip", path, digest(b"PK"))
        assert not store.exists("raw/111S2/a.zip")

    def test_a_bucket_that_does_not_exist_is_told(self, s3_bucket: Bucket) -> None:
        store = S3Store(s3_bucket.client, "nobody-made-this-bucket")
        for use in (lambda: store.list("raw"), lambda: store.put_bytes("rejects/a.json", b"[]")):
            with pytest.raises(ArchiveError, match=r"no bucket nobody-made-this-bucket .* S3_BUCKET"):
                use()

    def test_a_server_that_is_not_there_is_told_without_its_password(self, s3_bucket: Bucket) -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url="http://user:secret@127.0.0.1:1",
            region_name=REGION,
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}),
        )
        with pytest.raises(ArchiveError, match="S3_ENDPOINT_URL") as caught:
            S3Store(client, s3_bucket.name).list("raw")
        assert "secret" not in str(caught.value)
        client.close()

    def test_missing_credentials_are_told(
        self, s3_endpoint: str, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        import boto3

        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        client = boto3.Session().client("s3", endpoint_url=s3_endpoint, region_name=REGION)
        with pytest.raises(ArchiveError, match="no credentials"):
            S3Store(client, s3_bucket.name).list("raw")
        client.close()

    @pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"])
    def test_refused_credentials_are_told_without_showing_them(
        self, s3_bucket: Bucket, code: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from botocore.exceptions import ClientError

        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": f"key {KEY_ID} is bad"}}, "PutObject")

        monkeypatch.setattr(s3_bucket.client, "put_object", refuse)
        with pytest.raises(ArchiveError, match="refuses the credentials") as caught:
            S3Store(s3_bucket.client, s3_bucket.name).put_bytes("rejects/a.json", b"[]")
        assert KEY_ID not in str(caught.value)
