"""The service as one application: its models, its routes and its listener put together."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from featurelens.scripts.serving.answers.served_model import ServedModel
from featurelens.scripts.serving.connections.listening import Listener
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.settings import Settings
from featurelens.scripts.serving.web.access_log import AccessLog
from featurelens.scripts.serving.web.documented import documented
from featurelens.scripts.serving.web.front import Front
from featurelens.scripts.serving.web.metrics import Metrics


def listener(models: Sequence[ServedModel], settings: Settings) -> tuple[Service, Listener]:
    """The service of some models, ready to run."""
    metrics = Metrics()
    service = Service(models, settings, metrics.batch)
    log = AccessLog(sys.stdout if settings.log else None)
    front = Front(service, documented(service), metrics, log)
    metrics.watch(service)
    return service, Listener(service, front)
