"""The models, the thread that owns them, and how a request reaches them."""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.interpret.tracing.variants import rows_at_once
from featurelens.scripts.serving.answers.programs import Answer
from featurelens.scripts.serving.answers.questions import Key, Row
from featurelens.scripts.serving.answers.served_model import ServedModel
from featurelens.scripts.serving.answers.words import ModelWords
from featurelens.scripts.serving.engine.jobs import Job, Step
from featurelens.scripts.serving.engine.tickets import Ticket, TooLate
from featurelens.scripts.serving.engine.worker import ModelWorker
from featurelens.scripts.serving.settings import Settings

_NEW_OBJECTS = 10_000  # after which Python looks for circles: a request leaves none, and 700 are a handful of requests
_PREDICTION, _EXPLANATION = 0, 1  # weights: the lighter goes first


class Service:
    """Models by name, the first of which is asked unless another is named.

    Args:
        models: Each of another name.
        settings: The limits.
        seen: Called with (key, rows, seconds) after each batch.
    """

    def __init__(
        self,
        models: Sequence[ServedModel],
        settings: Settings,
        seen: Callable[[Any, int, float], None] | None = None,
    ) -> None:
        self.settings = settings
        self.models = {served.name: served for served in models}
        self.words = {served.name: ModelWords(served) for served in models}
        self.is_draining = False
        self.on_death: Callable[[], object] = lambda: None
        largest = max((served.images for served in models), key=lambda images: images[0].size)
        self._most_rows = 1 << (min(settings.most_rows, rows_at_once(largest)).bit_length() - 1)
        self._seen = seen
        self.worker: ModelWorker

    @property
    def first(self) -> str:
        """Name of the model that is asked unless another is named."""
        return next(iter(self.models))

    @property
    def is_ready(self) -> bool:
        """Whether requests are answered: warmed up, the logits proven, and not about to stop."""
        return self.worker.is_ready and not self.is_draining

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the thread that owns the models."""
        self.worker = ModelWorker(
            self._compute,
            loop.call_soon_threadsafe,
            most_waiting=self.settings.queue,
            most_seconds=self.settings.most_seconds,
            most_rows=self._most_rows,
            on_death=self._died,
            before=self._warm_up,
            seen=self._seen,
        )
        self.worker.start()

    @staticmethod
    def key(
        served: ServedModel, shape: tuple[int | None, ...], known: KnownMethod | None = None, layer: str | None = None
    ) -> Key:
        """What decides which pictures, of such a shape, travel together; without a method it is a prediction."""
        if known is None:
            return Key(served.name, shape=shape, weight=_PREDICTION)
        return Key(served.name, known.name, layer, shape, _EXPLANATION)

    async def answers(
        self, asked: Sequence[tuple[Key, Row]], deadline: float, is_gone: Callable[[], bool]
    ) -> list[Answer | Exception]:
        """The answer to each question of a request; an exception in the place of one that failed.

        Raises:
            Overloaded: The queue is full.
            TooLate: The deadline passed.
            WorkerDied: Nothing is answered any more.
        """
        self.worker.room_for(len(asked), asked[0][0])
        if len(asked) == 1:
            [(key, row)] = asked
            found = await self._submitted(key, [row], deadline, is_gone)
        else:
            found = await self._of_several(asked, deadline, is_gone)
        if time.monotonic() > deadline:
            raise TooLate("The answer came after its deadline.")
        return found

    def _submitted(
        self, key: Key, rows: list[Row], deadline: float, is_gone: Callable[[], bool]
    ) -> asyncio.Future[list[Any]]:
        future = asyncio.get_running_loop().create_future()
        self.worker.submit(Ticket(key, rows, future, deadline, is_gone))
        return future

    async def _of_several(
        self, asked: Sequence[tuple[Key, Row]], deadline: float, is_gone: Callable[[], bool]
    ) -> list[Answer | Exception]:
        """The answers to questions some of which may travel together."""
        places: dict[Key, list[int]] = {}
        for place, (key, _) in enumerate(asked):
            places.setdefault(key, []).append(place)
        futures = [
            self._submitted(key, [asked[place][1] for place in own], deadline, is_gone) for key, own in places.items()
        ]
        found: list[Any] = [None] * len(asked)
        for future, own in zip(futures, places.values(), strict=True):
            for place, answer in zip(own, await future, strict=True):
                found[place] = answer
        return found

    def job(
        self, served: ServedModel, known: KnownMethod, layer: str | None, row: Row, finish: Callable[[Answer], Any]
    ) -> Job:
        """Queue an explanation of many passes; `finish` makes its result out of the answer."""

        def work(step: Step, rows: int) -> Any:
            return finish(served.programs.many_passes(known, layer, row, step, rows))

        job = Job(work, self.settings.job_seconds, self.key(served, row.pixels.shape, known, layer))
        self.worker.submit_job(job)
        return job

    def _compute(self, key: Key, rows: Sequence[Row]) -> Sequence[Answer | Exception]:
        return self.models[key.model].programs.answers(key, rows)

    def _warm_up(self) -> None:
        """Run each size of batch, so that no request pays for what is done once, and learn what each takes."""
        for served in self.models.values():
            rows = [Row(served.images[place % len(served.images)]) for place in range(self._most_rows)]
            for known in (None, served.trusted.method):
                key = self.key(served, rows[0].pixels.shape, known, served.layer)
                self._compute(key, rows)  # traced, which is no measure
                size = self._most_rows
                while size:
                    began = time.monotonic()
                    self._compute(key, rows[:size])
                    self.worker.pace.learn(key, size, time.monotonic() - began)
                    size //= 2
        gc.collect()
        gc.freeze()  # what lives for ever need not be looked through again and again
        gc.set_threshold(_NEW_OBJECTS, 10, 10)

    def _died(self, trace: str) -> None:
        sys.stderr.write(f"{trace}The thread that owns the model has ended; the service stops.\n")
        self.on_death()
