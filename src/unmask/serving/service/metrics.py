"""What the service counts, for Prometheus. Nothing of it is about a single picture."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
TENTHS = tuple(tenth / 10 for tenth in range(1, 11))


class Metrics:
    """The counters of one service, in a registry of their own.

    Attributes:
        requests: answered, by route and status.
        request_seconds: from a request's headers to the end of its answer, by route.
        pictures: by verdict: fake, real, refused.
        picture_seconds: of a worker's time for a picture that was judged.
        scores: P(fake) of the pictures; a drift of it says that other pictures come than before.
        taken: pictures that are being judged or wait for it.
        held_bytes: of requests in memory.
        heatmaps: by outcome: drawn, failed.
    """

    def __init__(self, *, model: str, model_sha256: str) -> None:
        """Starts at 0.

        Args:
            model: the detector's name.
            model_sha256: of its model file.
        """
        self.registry = registry = CollectorRegistry()
        Info("unmask_model", "The detector that judges", registry=registry).info(
            {"name": model, "sha256": model_sha256}
        )
        self.requests = Counter("unmask_requests", "Requests answered", ["route", "status"], registry=registry)
        self.request_seconds = Histogram(
            "unmask_request_seconds", "From headers to answer", ["route"], registry=registry, buckets=SECONDS
        )
        self.pictures = Counter("unmask_pictures", "Pictures by verdict", ["verdict"], registry=registry)
        self.picture_seconds = Histogram(
            "unmask_picture_seconds", "A worker's time for a judged picture", registry=registry, buckets=SECONDS
        )
        self.scores = Histogram("unmask_score", "P(fake) of judged pictures", registry=registry, buckets=TENTHS)
        self.taken = Gauge("unmask_pictures_taken", "Pictures judged now or waiting for it", registry=registry)
        self.held_bytes = Gauge("unmask_held_bytes", "Bytes of requests in memory", registry=registry)
        self.heatmaps = Counter("unmask_heatmaps", "Heatmaps by outcome", ["outcome"], registry=registry)

    def text(self) -> bytes:
        """Gives all of it in Prometheus' text format."""
        return generate_latest(self.registry)
