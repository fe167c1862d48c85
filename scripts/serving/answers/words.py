"""Answers as JSON. What is the same in every answer of a model is written once; what varies is put in by formats.

Numbers are written with as many digits as make them float32 to the last bit.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import orjson

from featurelens.interpret.maps.state import MIXED, NEGATIVE, POSITIVE, ZERO
from featurelens.interpret.methods.catalogue import KnownMethod
from featurelens.interpret.reference.unlike import FEWEST, MISSED
from featurelens.scripts.serving.answers.one_class import remark
from featurelens.scripts.serving.answers.pixels import ModelPicture
from featurelens.scripts.serving.answers.programs import Answer, MapsOfBatch
from featurelens.scripts.serving.answers.questions import Wish
from featurelens.scripts.serving.answers.served_model import ServedModel

COVERAGE = 0.95
VOID = "The coverage holds for images drawn as the references were; it is void for images unlike them."


class ModelWords:
    """The answers of one model, in words."""

    def __init__(self, served: ServedModel) -> None:
        self.served = served
        self._names = [json.dumps(name) for name in served.class_names]
        self.about = {
            "name": served.name,
            "sha256": served.sha256,
            "head": served.programs.head.kind,
            "unit": served.programs.head.unit,
            "logit_error": served.programs.logit_error,
        }
        self._about = json.dumps(self.about)
        self._classes = "[" + ",".join(self._names) + "]"
        self._labels = served.references.labels.tolist()
        self._numbers = served.references.numbers.tolist()

    def prediction(self, answer: Answer, picture: ModelPicture) -> str:
        """What the model decides of one picture."""
        return "{" + self._decision(answer) + "," + _told(picture) + "}"

    def predictions(self, parts: list[str]) -> bytes:
        """The answer to a request for predictions."""
        return f'{{"model":{self._about},"class_names":{self._classes},"predictions":[{",".join(parts)}]}}'.encode()

    def explanation(
        self, answer: Answer, picture: ModelPicture, wish: Wish, known: KnownMethod, overlay: bytes | None = None
    ) -> str:
        """What the model decides of one picture, and why."""
        batch, row = answer.batch, answer.row
        assert batch.maps is not None  # of an explanation
        versus = "null" if wish.versus < 0 else self._names[wish.versus]
        drawn = "" if overlay is None else f',"overlay_png":"{base64.b64encode(overlay).decode()}"'
        return (
            f'{{{self._decision(answer)},"explained":{{"class":{self._names[batch.explained[row]]},"versus":{versus}}},'
            f'"map":{_map(batch.maps, row, wish.map)},{self._sets(answer, wish.coverage or COVERAGE)},'
            f"{self._unlike(answer)},{_told(picture)}{drawn}}}"
        )

    def explanations(self, parts: list[str], wish: Wish, known: KnownMethod, layer: str | None) -> bytes:
        """The answer to a request for explanations."""
        return (
            f'{{"model":{self._about},"class_names":{self._classes},"method":{self._method(known, layer)},'
            f'"notes":{self._notes()},"explanations":[{",".join(parts)}]}}'
        ).encode()

    def method(self, known: KnownMethod, layer: str | None) -> dict[str, Any]:
        """A method, and what was measured of it on this model."""
        found = self.served.trusted
        measured_there = not known.is_at_layer or layer == self.served.programs.layer_of(known, found.layer)
        level, words = found.level(known.name), found.words(known.name)
        if not measured_there and known.name in found.verdicts:
            level, words = "unknown", "Measured at another layer only."
        return {
            "name": known.name,
            "layer": layer,
            "unit": known.unit.replace("logit", self.served.programs.head.unit),
            "signed": known.signed,
            "chosen_by_trust": known.name == found.method.name and measured_there,
            "verdict": level,
            "measured": words,
            "remark": known.remark,
        }

    def _method(self, known: KnownMethod, layer: str | None) -> str:
        cached = self.__dict__.setdefault("_methods", {})
        place = known.name, layer
        if place not in cached:
            if len(cached) > 256:
                cached.clear()
            cached[place] = json.dumps(self.method(known, layer))
        return cached[place]

    def _notes(self) -> str:
        if "_noted" not in self.__dict__:
            known, found = self.served.programs.references, self.served.references
            told = {
                "references": f"{len(found.labels):,} images of {found.source}",
                "unlike": MISSED
                if known is not None and len(known.energies) >= FEWEST
                else "Too few references to tell.",
                "unlike_is_rough": known is None or known.is_rough,
                "classes_not_ruled_out": VOID if self.served.has_sets else "Too few references: no class is ruled out.",
                "class": remark(self.served.programs.head),
            }
            self._noted = json.dumps(told)
        return self._noted

    def _decision(self, answer: Answer) -> str:
        found, row = answer.batch.decided, answer.row
        top, second = found.top[row], found.second[row]
        return (
            f'"class":{self._names[top]},"number":{top},"probability":{found.shown[row, top]:.9g},'
            f'"second":{self._names[second]},"margin":{found.margin[row]:.9g},'
            f'"probabilities":{_numbers(found.shown[row])},"logits":{_numbers(found.logits[row])}'
        )

    def _sets(self, answer: Answer, coverage: float) -> str:
        inside = answer.batch.decided.sets(self.served.thresholds(coverage))[answer.row]
        names = ",".join(name for name, is_in in zip(self._names, inside, strict=True) if is_in)
        return f'"not_ruled_out":{{"coverage":{coverage:g},"classes":[{names}]}}'

    def _unlike(self, answer: Answer) -> str:
        found, row = answer.batch.unlike, answer.row
        if found is None:
            return '"unlike":null,"nearest":[]'
        p = float(found.p[row])
        nearest = ",".join(
            f'{{"image":{self._numbers[number]},"class":{self._names[self._labels[number]]},"similarity":{alike:.4f}}}'
            for number, alike in zip(found.nearest[row].tolist(), found.similarity[row].tolist(), strict=True)
        )
        known = "null" if np.isnan(p) else f'{{"flagged":{str(bool(found.flagged[row])).lower()},"p":{p:.4g}}}'
        return f'"unlike":{known},"nearest":[{nearest}]'


def _numbers(values: np.ndarray) -> str:
    return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _told(picture: ModelPicture) -> str:
    height, width = picture.received
    changed = f'"{picture.changed}"' if picture.changed else "null"
    return f'"picture":{{"height":{height},"width":{width},"changed":{changed}}}'


def _map(maps: MapsOfBatch, row: int, form: str) -> str:
    values, smallest, largest = maps.values[row], maps.smallest[row], maps.largest[row]
    if form == "none":
        written = ""
    elif form == "base64" or values.ndim != 2:
        written = f',"base64":"{base64.b64encode(values.astype("<f4").tobytes()).decode()}"'
    else:
        written = f',"values":{_numbers(values)}'
    shape = ",".join(map(str, values.shape))
    return (
        f'{{"shape":[{shape}],"smallest":{smallest:.9g},"largest":{largest:.9g},"kind":"{_kind(smallest, largest)}",'
        f"{_region(maps, row)}{written}}}"
    )


def _kind(smallest: float, largest: float) -> str:
    """As `interpret.maps.state.kind_of`."""
    if smallest == largest == 0:
        return ZERO
    if largest <= 0:
        return NEGATIVE
    return POSITIVE if smallest >= 0 else MIXED


def _region(maps: MapsOfBatch, row: int) -> str:
    """Where the evidence lies, in words; null where no region stands out."""
    name, share = maps.regions[row] if maps.regions else ("", 0.0)
    return f'"region":"{name}","region_share":{share:.3f}' if name else '"region":null,"region_share":null'
