"""The pictures below a place on S3, or on what speaks its language."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from unmask.data.archives.names import is_left_behind
from unmask.errors import ImageError, ScoringError
from unmask.serving.detector import in_order
from unmask.serving.inputs import SUFFIXES, Named
from unmask.serving.pictures import MAX_BYTES
from unmask.serving.scoring.sources import Listed

SCHEME = "s3://"
THREADS = 16  # that wait for answers: one alone fetches some thirty pictures a second
AHEAD = 32  # pictures fetched before their turn
PAGE = 1000  # objects in one answer: S3 gives no more
ATTEMPTS = 8  # of one request, with pauses that grow
TRIED = 20  # the first pictures of a part: where none of them may be read, it is the keys that may not
READS = 3  # of one object whose bytes stop coming
QUOTE = '"'
FORBIDDEN = ("AccessDenied", "403")
# What one object alone can be to blame for. Anything else, as keys that have expired, would fail for all that follow.
OF_ONE_OBJECT = (*FORBIDDEN, "NoSuchKey", "404", "InvalidObjectState")


@dataclass(frozen=True)
class Objects:
    """The objects of a bucket whose keys begin alike.

    Attributes:
        address: `s3://BUCKET/PREFIX`.
    """

    address: str

    @property
    def bucket(self) -> str:
        """Gives the bucket."""
        return self.address.removeprefix(SCHEME).partition("/")[0]

    @property
    def prefix(self) -> str:
        """Gives what all keys begin with."""
        return self.address.removeprefix(SCHEME).partition("/")[2]

    def pictures(self) -> Iterator[Listed]:
        """See `Source.pictures`: sorted by their keys' bytes, as S3 lists them."""
        s3 = client()
        from botocore.exceptions import BotoCoreError, ClientError

        where = {"Bucket": self.bucket, "Prefix": self.prefix}
        pages = s3.get_paginator("list_objects_v2").paginate(**where, PaginationConfig={"PageSize": PAGE})
        try:
            for page in pages:
                for found in page.get("Contents", ()):
                    if found["Key"].lower().endswith(SUFFIXES) and not is_left_behind(found["Key"]):
                        yield Listed(found["Key"], f"{found['ETag'].strip(QUOTE)}-{found['Size']}")
        except (BotoCoreError, ClientError) as error:
            raise ScoringError(f"cannot list {self.address}: {error}") from error

    def read(self, pictures: Iterable[Listed]) -> Iterator[Named]:
        """See `Source.read`: several at once, as each waits for the network.

        Raises:
            ScoringError: none of the first pictures may be read, so that it is the keys that may not. Scored as
                forbidden, a million of them would never be tried again.
        """
        s3 = client()
        found = in_order(lambda picture: self.fetch(s3, picture.name), pictures, threads=THREADS, ahead=AHEAD)
        first = []
        for named in islice(found, TRIED):
            first.append(named)
            if not is_forbidden(named):
                break
        else:
            if first and (len(first) == TRIED or not self.may_read(s3)):
                raise ScoringError(
                    f"S3 forbids all pictures that were tried of {self.address} ({len(first)}, from {first[0].name} "
                    "on): allow s3:GetObject, or name a prefix without them"
                )
        yield from first
        yield from found

    def may_read(self, s3: Any) -> bool:
        """Whether any of the place's first pictures may be read: so a last part of a few forbidden ones is no end."""
        return any(not is_forbidden(self.fetch(s3, picture.name)) for picture in islice(self.pictures(), TRIED))

    def fetch(self, s3: Any, key: str) -> Named:
        """Fetches one picture.

        Raises:
            ScoringError: S3 refuses or cannot be reached: scored as damaged, pictures would never be tried again.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        failure: Exception | None = None
        for _ in range(READS):
            try:
                answer = s3.get_object(Bucket=self.bucket, Key=key)
                if answer["ContentLength"] > MAX_BYTES:
                    return Named(key, ImageError(f"more than {MAX_BYTES} bytes"))
                return Named(key, answer["Body"].read())
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code in OF_ONE_OBJECT:
                    return Named(key, ImageError(refusal(code)))
                failure = error
            except BotoCoreError as error:
                failure = error
        raise ScoringError(f"cannot read {SCHEME}{self.bucket}/{key}: {failure}") from failure


def is_forbidden(named: Named) -> bool:
    """Whether S3 refused a picture to these keys."""
    return isinstance(named.content, ImageError) and str(named.content) in map(refusal, FORBIDDEN)


def refusal(code: str) -> str:
    """Says why a picture was not fetched."""
    return f"S3 answers {code}"


def client() -> Any:
    """Makes a client of S3; its address and keys come from where all of AWS' programs look for them.

    Raises:
        ScoringError: boto3 is not installed, or no keys are found.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise ScoringError('reading from S3 needs boto3: pip install "unmask[team]"') from error
    settings = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}, max_pool_connections=THREADS)
    try:
        return boto3.client("s3", config=settings)
    except BotoCoreError as error:
        raise ScoringError(f"cannot use S3: {error}") from error
