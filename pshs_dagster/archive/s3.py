"""An archive in a bucket of S3, or of anything that speaks its language."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from pshs_dagster.archive.stores import CHUNK, Digest, checked, digest_of
from pshs_dagster.errors import ArchiveError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MISSING = ("404", "NoSuchKey", "NotFound")
_REFUSED = (
    "401",
    "403",
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "AllAccessDisabled",
)


class S3Store:
    """Objects of one bucket whose keys begin with `prefix`. The client brings credentials and endpoint."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "") -> None:
        self._client = client
        self.bucket = bucket
        self.prefix = prefix.strip("/")

    def put_file(self, key: str, path: Path, digest: Digest) -> None:
        """Upload the file at `path`; what the bucket holds is then read back."""
        with self._trouble(key), path.open("rb") as body:
            self._client.put_object(Bucket=self.bucket, Key=self._name(key), Body=body)
        self._read_back(key, digest)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Upload `data`, in the place of what the key held."""
        with self._trouble(key):
            self._client.put_object(Bucket=self.bucket, Key=self._name(key), Body=data)

    def copy(self, source: str, target: str, digest: Digest) -> None:
        """Have the server copy an object; the copy is then read back."""
        with self._trouble(source):
            self._client.copy_object(
                Bucket=self.bucket,
                Key=self._name(target),
                CopySource={"Bucket": self.bucket, "Key": self._name(source)},
            )
        self._read_back(target, digest)

    def chunks(self, key: str) -> Iterator[bytes]:
        """The bytes of an object in pieces."""
        with self._trouble(key):
            body = self._client.get_object(Bucket=self.bucket, Key=self._name(key))["Body"]
            try:
                yield from body.iter_chunks(CHUNK)
            finally:
                body.close()

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        with self._trouble(key):
            try:
                self._client.head_object(Bucket=self.bucket, Key=self._name(key))
            except ClientError as error:
                if _code(error) in _MISSING:
                    return False
                raise
        return True

    def list(self, prefix: str) -> tuple[str, ...]:
        """The keys of all objects below `prefix`, sorted."""
        start = len(f"{self.prefix}/") if self.prefix else 0
        found: list[str] = []
        with self._trouble(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{self._name(prefix)}/"):
                found += [entry["Key"][start:] for entry in page.get("Contents", []) if "Key" in entry]
        # An object whose name ends in / is what some tools make to show a folder.
        return tuple(sorted(key for key in found if not key.endswith("/")))

    def delete(self, key: str) -> None:
        """Remove an object."""
        with self._trouble(key):
            self._client.delete_object(Bucket=self.bucket, Key=self._name(key))

    def location(self, key: str) -> str:
        """The s3:// URL."""
        return f"s3://{self.bucket}/{self._name(key)}"

    def local_path(self, key: str) -> Path | None:
        """None: nothing of a bucket is on this machine."""
        checked(key)
        return None

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{checked(key)}" if self.prefix else checked(key)

    def _read_back(self, key: str, digest: Digest) -> None:
        if digest_of(self.chunks(key)) != digest:
            self.delete(key)
            raise ArchiveError(f"{self.location(key)} was not stored: the bucket gave back other bytes. Repeat it.")

    @contextmanager
    def _trouble(self, key: str) -> Generator[None]:
        try:
            yield
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise ArchiveError(
                f"There are no credentials for the bucket {self.bucket}: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or a profile or role."
            ) from error
        except ClientError as error:
            raise self._translated(key, error) from error
        except BotoCoreError as error:
            raise ArchiveError(
                f"The bucket {self.bucket} cannot be reached at {self._endpoint()} ({type(error).__name__}): "
                "see S3_ENDPOINT_URL and the network, then repeat."
            ) from error

    def _translated(self, key: str, error: ClientError) -> ArchiveError:
        # Only the code is quoted: a server's message may hold an access key.
        code = _code(error)
        if code == "NoSuchBucket":
            return ArchiveError(f"There is no bucket {self.bucket} at {self._endpoint()}: make it, or see S3_BUCKET.")
        if code in _MISSING:
            return ArchiveError(f"The archive has no {self.location(key)}: see S3_PREFIX, or fetch the release again.")
        if code in _REFUSED:
            return ArchiveError(
                f"The bucket {self.bucket} at {self._endpoint()} refuses the credentials ({code}): "
                "see the AWS credentials and their rights."
            )
        return ArchiveError(f"{self.location(key)} cannot be used at {self._endpoint()} ({code}): repeat it later.")

    def _endpoint(self) -> str:
        parts = urlsplit(self._client.meta.endpoint_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))
