"""Why a request is not answered as asked: each reason with its status of HTTP, a word for programs and a sentence."""

from unmask.errors import ServiceError

RETRY_SECONDS, RETRY_LATER_SECONDS = 1, 10


class RefusedError(ServiceError):
    """A request that is refused.

    Attributes:
        status: of HTTP.
        code: a word that programs compare.
        retry_seconds: after which the same request may succeed; None where it never will.
    """

    def __init__(self, status: int, code: str, message: str, *, retry_seconds: int | None = None) -> None:
        """Takes what to answer.

        Args:
            status: of HTTP.
            code: a word that programs compare.
            message: a sentence for a person: what arrived, what is allowed.
            retry_seconds: see the class.
        """
        super().__init__(message)
        self.status, self.code, self.retry_seconds = status, code, retry_seconds

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's headers say of it."""
        headers = {} if self.retry_seconds is None else {"Retry-After": str(self.retry_seconds)}
        return headers | ({"WWW-Authenticate": "ApiKey"} if self.status == 401 else {})


def busy(what: str) -> RefusedError:
    """Refuses for now."""
    return RefusedError(429, "busy", f"{what}: try again in a moment", retry_seconds=RETRY_SECONDS)


def too_long(message: str) -> RefusedError:
    """Gives a request up whose work takes too long."""
    return RefusedError(503, "too_long", message, retry_seconds=RETRY_LATER_SECONDS)


def too_large(message: str) -> RefusedError:
    """Refuses a request or a picture of too many bytes."""
    return RefusedError(413, "too_large", message)


def not_understood(message: str) -> RefusedError:
    """Refuses a request that is not of the form that OpenAPI describes."""
    return RefusedError(422, "not_understood", message)
