"""How requests for predictions and explanations are answered: `/v1/predict` and `/v1/explain`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.scripts.serving.answers.method_choice import method_of
from featurelens.scripts.serving.answers.overlays import overlay_png
from featurelens.scripts.serving.answers.pixels import BadPicture, ModelPicture
from featurelens.scripts.serving.answers.programs import Answer
from featurelens.scripts.serving.answers.questions import Key, Row, Wish, read_wish
from featurelens.scripts.serving.answers.served_model import ServedModel
from featurelens.scripts.serving.engine.tickets import Overloaded, TooLate, WorkerDied
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.web.bodies import read_body
from featurelens.scripts.serving.web.exchanges import Exchange, Refusal, Response
from featurelens.scripts.serving.web.sent_pictures import Sent, pictures_of

PNG = b"image/png"
_QUERIES_KEPT = 512


@dataclass(frozen=True, eq=False)
class Asked:
    """What a request asks, of which model, by which method."""

    served: ServedModel
    wish: Wish
    known: KnownMethod  # the method named, or the one that trust chose
    layer: str | None

    @cached_property
    def usual(self) -> tuple[Key, Key]:
        """Of a prediction and of an explanation, before the picture is known: of one that has the model's own size."""
        shape = self.served.reader.shape
        return Service.key(self.served, shape), Service.key(self.served, shape, self.known, self.layer)


class Questions:
    """The handlers of one service."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asked: dict[bytes, Asked] = {}

    async def predict(self, exchange: Exchange) -> Response:
        """The decisions on some pictures."""
        asked, deadline = self._begin(exchange, mapped=False)
        sent = await self._pictures(exchange, asked.served)
        found = await self.answers(exchange, asked, sent, deadline, mapped=False)
        words = self._service.words[asked.served.name]
        return Response(words.predictions(_parts(sent, found, words.prediction)))

    async def explain(self, exchange: Exchange) -> Response:
        """The decisions with their reasons; of a method of many passes a job."""
        asked, deadline = self._begin(exchange, mapped=True)
        if asked.known.name in asked.served.refused:
            raise Refusal(422, asked.served.refused[asked.known.name])
        form = _form(exchange.header(b"accept"))
        sent = await self._pictures(exchange, asked.served)
        if asked.known.is_expensive:
            return self._job(asked, sent)
        found = await self.answers(exchange, asked, sent, deadline, mapped=True)
        found = [_told_apart(answer, asked) for answer in found]
        if len(found) == 1 and isinstance(found[0], Exception):
            raise refused(found[0])
        if form == PNG:
            return self._drawn(asked, sent, found)
        words = self._service.words[asked.served.name]
        drawn = asked.wish.overlay or form == b"both"

        def part(answer: Answer, picture: ModelPicture) -> str:
            png = self._png(asked, answer, picture) if drawn else None
            return words.explanation(answer, picture, asked.wish, asked.known, png)

        parts = _parts(sent, found, part)
        return Response(words.explanations(parts, asked.wish, asked.known, asked.layer))

    async def answers(
        self, exchange: Exchange, asked: Asked, sent: Sequence[Sent], deadline: float, *, mapped: bool
    ) -> list[Answer | Exception]:
        """An answer, or an error, for each picture; what is wrong with the only picture is raised."""
        known = asked.known if mapped else None
        rows: list[tuple[Key, Row]] = []
        for picture in sent:
            if isinstance(picture, ModelPicture):
                row = Row(picture.pixels, asked.wish.explained, asked.wish.versus)
                rows.append((Service.key(asked.served, picture.pixels.shape, known, asked.layer), row))
        exchange.rows = len(rows)
        entered = time.monotonic()
        try:
            answered = iter(await self._service.answers(rows, deadline, exchange.is_gone) if rows else [])
        except Overloaded as error:
            raise too_busy(error) from None
        except TooLate as error:
            raise Refusal(504, f"{error} Ask again, or allow more time: --deadline.") from None
        except WorkerDied as error:
            raise Refusal(503, f"{error} Ask again once it has been started anew.", close=True) from None
        exchange.waited = time.monotonic() - entered
        found = [next(answered) if isinstance(picture, ModelPicture) else picture for picture in sent]
        if len(found) == 1 and isinstance(found[0], Exception):
            raise refused(found[0])
        return found

    def asked(self, raw_query: bytes) -> Asked:
        """What a query asks.

        Raises:
            Refusal: A word of it is unknown.
        """
        if raw_query not in self._asked:
            made = self._read(raw_query)
            if len(self._asked) > _QUERIES_KEPT:
                self._asked.clear()
            self._asked[raw_query] = made
        return self._asked[raw_query]

    def _begin(self, exchange: Exchange, *, mapped: bool) -> tuple[Asked, float]:
        """Refuse at once what will not be answered; nothing of the body was read yet."""
        deadline = time.monotonic() + self._service.settings.deadline
        require_ready(self._service)
        asked = self.asked(exchange.scope["query_string"])
        require_room(self._service, exchange, asked.usual[mapped])
        return asked, deadline

    def _read(self, raw_query: bytes) -> Asked:
        try:
            pairs = parse_qsl(
                raw_query.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw_query), max_num_fields=16
            )
        except ValueError:
            raise Refusal(
                422, "Expected a query such as class=Shirt&versus=Coat. Received something else. Write it so."
            ) from None
        query = dict(pairs)
        if len(query) < len(pairs):
            raise Refusal(422, "Expected each parameter once. Received one twice. Leave one away.")
        served = model_called(self._service, query.get("model", self._service.first))
        try:
            wish = read_wish(query, served.class_names)
            known = served.trusted.method if wish.method is None else method_of(wish.method)
            layer = served.programs.layer_of(known, wish.layer or served.trusted.layer)
            if wish.layer is not None and layer is None:
                raise ValueError(
                    f"Expected a method that looks at a layer. Received {known.slug}. Leave the layer away."
                )
        except ValueError as error:
            raise Refusal(422, str(error)) from None
        return Asked(served, wish, known, layer)

    async def _pictures(self, exchange: Exchange, served: ServedModel) -> list[Sent]:
        settings = self._service.settings
        body = await read_body(exchange, settings)
        return await pictures_of(exchange.header(b"content-type"), body, served.reader, settings.pictures)

    def _job(self, asked: Asked, sent: Sequence[Sent]) -> Response:
        """Queue a method of many passes, and tell where to ask for what came of it."""
        picture = _only_picture(asked, sent)
        row = Row(picture.pixels, asked.wish.explained, asked.wish.versus)
        words = self._service.words[asked.served.name]

        def finish(answer: Answer) -> Any:
            checked = _told_apart(answer, asked)
            if isinstance(checked, Exception):
                raise checked
            drawn = self._png(asked, answer, picture) if asked.wish.overlay else None
            part = words.explanation(answer, picture, asked.wish, asked.known, drawn)
            return json.loads(words.explanations([part], asked.wish, asked.known, asked.layer))

        try:
            job = self._service.job(asked.served, asked.known, asked.layer, row, finish)
        except Overloaded as error:
            raise too_busy(error) from None
        told = {"job": job.id, "state": job.state, "url": f"/v1/jobs/{job.id}", "seconds_at_most": job.longest}
        headers = [(b"location", told["url"].encode()), (b"retry-after", b"1")]
        return Response(json.dumps(told).encode(), 202, headers=headers)

    def _png(self, asked: Asked, answer: Answer, picture: ModelPicture) -> bytes:
        assert answer.batch.maps is not None  # of an explanation
        values = answer.batch.maps.values[answer.row]
        if values.ndim != 2:
            raise Refusal(
                422, "Expected a map of two axes for an overlay. This model's has others. Ask for the map as numbers."
            )
        return overlay_png(picture.pixels, values, asked.known, asked.served.reader.value_range)

    def _drawn(self, asked: Asked, sent: Sequence[Sent], found: Sequence[Answer | Exception]) -> Response:
        answer, picture = found[0], sent[0]
        if len(found) != 1:
            raise Refusal(
                406, "Expected one picture for an answer of image/png. Received several. Accept application/json."
            )
        if isinstance(answer, Exception) or not isinstance(picture, ModelPicture):
            raise refused(
                answer if isinstance(answer, Exception) else BadPicture("Expected a picture. Received none. Send one.")
            )
        return Response(self._png(asked, answer, picture), content_type=PNG)


def _only_picture(asked: Asked, sent: Sequence[Sent]) -> ModelPicture:
    """The picture of a method of many passes, which takes one."""
    if len(sent) != 1:
        raise Refusal(
            422,
            f"Expected one picture for {asked.known.slug}, which takes many passes. Received {len(sent)}. Send one.",
        )
    picture = sent[0]
    if not isinstance(picture, ModelPicture):
        raise refused(picture)
    return picture


def require_ready(service: Service) -> None:
    """Pass where questions are answered.

    Raises:
        Refusal: They are not (503).
    """
    if not service.is_ready:
        raise Refusal(
            503, "Expected a service that is ready. It is starting or stopping. Ask again.", [(b"retry-after", b"2")]
        )


def require_room(service: Service, exchange: Exchange, key: Key | None = None) -> None:
    """Pass where the queue has room for one more of a kind, and its answer can be there in time.

    Raises:
        Refusal: It has none (429), or nothing is answered (503).
    """
    try:
        service.worker.room_for(1, key, exchange.age)
    except Overloaded as error:
        raise too_busy(error) from None
    except WorkerDied as error:
        raise Refusal(503, str(error), close=True) from None


def model_called(service: Service, name: str) -> ServedModel:
    """The model of a name.

    Raises:
        Refusal: There is none.
    """
    served = service.models.get(name)
    if served is None:
        raise Refusal(
            404, f"Expected a model out of {', '.join(service.models)}. Received another name. Use one of these."
        )
    return served


def too_busy(error: Overloaded) -> Refusal:
    """The refusal of what finds no room."""
    return Refusal(429, str(error), [(b"retry-after", str(error.seconds).encode())])


def refused(error: Exception) -> Refusal:
    """The refusal of a picture, in words where they help the client."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, BadPicture):
        return Refusal(error.status, str(error))
    if isinstance(error, ValueError):
        return Refusal(422, str(error))
    return Refusal(
        500, "The model failed on this picture. Send another one; the service's log has the request's number."
    )


def _parts(
    sent: Sequence[Sent], found: Sequence[Answer | Exception], written: Callable[[Answer, ModelPicture], str]
) -> list[str]:
    """What is said of each picture."""
    return [
        _error(answer) if isinstance(answer, Exception) or isinstance(picture, BadPicture) else written(answer, picture)
        for picture, answer in zip(sent, found, strict=True)
    ]


def _error(error: Answer | Exception) -> str:
    """An error in the place of one of several answers."""
    return json.dumps(
        {
            "error": {
                "message": refused(error if isinstance(error, Exception) else BadPicture("Expected a picture.")).message
            }
        }
    )


def _told_apart(answer: Answer | Exception, asked: Asked) -> Answer | Exception:
    """The answer; an error where the class that was found is the one that it was to be held against."""
    if isinstance(answer, Exception) or answer.batch.explained[answer.row] != asked.wish.versus:
        return answer
    name = asked.served.class_names[asked.wish.versus]
    return ValueError(
        f"Expected a class other than the one explained for versus. Received '{name}', which is predicted. Name another."
    )


def _form(accept: bytes) -> bytes:
    """What of an explanation is wanted: JSON, 'both' with an overlay within it, or the overlay alone.

    Raises:
        Refusal: Neither JSON nor PNG is accepted.
    """
    if not accept or accept == b"*/*":
        return b""
    kinds = {kind.partition(b";")[0].strip().lower() for kind in accept.split(b",")}
    numbers, drawn = bool(kinds & {b"application/json", b"application/*", b"*/*"}), bool(kinds & {PNG, b"image/*"})
    if not numbers and not drawn:
        raise Refusal(
            406, "Expected to answer as application/json or image/png. The request accepts neither. Accept one of them."
        )
    if not numbers:
        return PNG
    return b"both" if PNG in kinds else b""
