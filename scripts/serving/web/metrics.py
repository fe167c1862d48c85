"""What is counted, for Prometheus."""

from __future__ import annotations

from typing import Any

from featurelens.scripts.serving.answers.questions import Key
from featurelens.scripts.serving.service import Service

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = CollectorRegistry()
        settings: dict[str, Any] = {"registry": self.registry}
        self._requests = Counter(
            "featurelens_requests", "Requests by route and status.", ["route", "status"], **settings
        )
        self._seconds = Histogram(
            "featurelens_request_seconds", "From the first byte to the answer.", ["route"], buckets=_SECONDS, **settings
        )
        self._rows = Histogram("featurelens_batch_rows", "Pictures in a batch.", ["asked"], buckets=_ROWS, **settings)
        self._model = Counter("featurelens_model_seconds", "Seconds in the model.", ["model", "asked"], **settings)
        self._children: dict[tuple[str, ...], tuple[Any, Any]] = {}

    def watch(self, service: Service) -> None:
        """Show what waits."""
        from prometheus_client import Gauge

        waiting = Gauge("featurelens_waiting_pictures", "Pictures that wait for the model.", registry=self.registry)
        waiting.set_function(lambda: service.worker.waiting)
        jobs = Gauge("featurelens_jobs", "Jobs by state.", ["state"], registry=self.registry)
        for state in ("waiting", "running", "done", "failed", "cancelled"):
            jobs.labels(state).set_function(lambda state=state: service.worker.jobs.count(state))

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        place = (route, str(status))
        found = self._children.get(place)
        if found is None:
            found = self._children[place] = (self._requests.labels(*place), self._seconds.labels(route))
        found[0].inc()
        found[1].observe(seconds)

    def batch(self, key: Key, rows: int, seconds: float) -> None:
        """Count a batch."""
        place = (key.model, key.method, "batch")
        found = self._children.get(place)
        if found is None:
            found = self._children[place] = (self._rows.labels(key.method), self._model.labels(key.model, key.method))
        found[0].observe(rows)
        found[1].inc(seconds)

    def text(self) -> bytes:
        """All of it, in the text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)
