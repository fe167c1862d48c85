"""What a service allows: all its limits in one record."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The limits and the policy of a service."""

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None  # that every request must bear, but for the health routes and the page
    queue: int = 256  # pictures that may wait
    most_seconds: float = 0.15  # in which an answer is expected, by how long the last ones took; beyond it: 429
    most_rows: int = 64  # pictures in one batch
    deadline: float = 10.0  # seconds that a request may take
    body_bytes: int = 10 * 2**20  # of one request, also once it is unpacked
    pictures: int = 64  # in one request
    header_seconds: float = 10.0  # in which the head of a request has to be there
    body_seconds: float = 15.0  # in which its body has to be there
    job_seconds: float = 60.0  # of one job, its rests not counted
    drain_seconds: float = 10.0  # that requests have to end in, once the service is told to stop
    connections: int = 2000  # open at a time
    origins: tuple[str, ...] = ()  # other sites whose pages may ask
    hosts: tuple[str, ...] = ()  # names by which the service may be called, beside its own
    log: bool = True  # a line of JSON for each request
