"""`FeatureMaps`: a Keras callback that watches what the layers see while a model is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ... import Shown, ask
from ...interpret.given import Layers, given_images, layer_names
from ...interpret.methods.catalogue import KnownMethod
from ...kinds import checks_kinds
from ...models.datasets.dataset import range_of_values
from ...models.quiet_start import start_tensorflow
from ..files.whole_files import check_page, write_whole
from ..notebook.written import WrittenReport
from ..report_choice import known_method
from .film_page import Film, film_html
from .recorded import Epoch, Watched

start_tensorflow()  # quietly, before Keras starts it: a callback is a class of Keras
import keras  # noqa: E402


class FeatureMaps(keras.callbacks.Callback, Shown):
    """What the layers see while a model is trained, as a page with a slider over the epochs.

    Recorded before the training and after every `every` epochs: maps of the first channels of each layer and of the chosen
    methods for a few images, the silent channels of each layer, how well a linear probe reads the classes off it, and how far
    each method's maps can be trusted by then. The page is written when the training ends; `epochs` are the records.

    Args:
        images: float32[B,H,W,C], a `Dataset` (its labels are taken) or whatever the public functions take.
        layers: One or several, by name, index or themselves; None: all convolutions.
        every: Epochs between two records, at least 1.
        path: The page; an older one is replaced when the training ends.
        labels: int64[B]; None: those that come with the images; without labels no probe is fitted.
        methods: Names or records of those whose maps are drawn and tested.
        trust_images: Images that the maps are tested on; 0 does not test them. It takes about 30 passes for each.
        shown: Images that are drawn, the first ones.
        channels: Channels of a layer that are drawn, the first ones.
        title: Of the page.

    Raises:
        ValueError: A layer or method is unknown, the images do not fit the model, or the page cannot be written; before the
            first epoch.

    Example:
        >>> model.fit(x, y, epochs=5, callbacks=[FeatureMaps(x[:200], "conv2", labels=y[:200])])    # doctest: +SKIP
    """

    @checks_kinds
    def __init__(
        self,
        images: Any,
        layers: Layers | None = None,
        every: int = 1,
        *,
        path: str | Path = "feature-maps.html",
        labels: np.ndarray | None = None,
        methods: Sequence[str | KnownMethod] = ("grad-cam",),
        trust_images: int = 20,
        shown: int = 4,
        channels: int = 8,
        title: str = "A training, seen from inside",
    ) -> None:
        super().__init__()
        for name, value in {"every": every, "shown": shown, "channels": channels}.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(
                    f"Expected {name} of at least 1, a whole number. Received {value!r}. Give {name}=1 or more."
                )
        self.path, self.every, self.title = Path(path).expanduser().absolute(), every, title
        self.epochs: list[Epoch] = []  # what was recorded
        self._source, self._labels, self._layers = images, labels, layers
        self._methods = [each if isinstance(each, KnownMethod) else known_method(each) for each in methods]
        self._sizes = {"shown": shown, "channels": channels, "trust_images": trust_images}
        self._film: Film | None = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Look at the model as it is before the training; forget an earlier one."""
        check_page(self.path)
        given = given_images(self._source, self.model)
        labels = given.labels if self._labels is None else _labels(self._labels, len(given.images))
        names = None if self._layers is None else layer_names(self.model, self._layers)
        watched = Watched.of(self.model, given.images, labels, names, self._methods, **self._sizes)
        self.epochs = []
        between = getattr(self._source, "value_range", None) or range_of_values(watched.shown)
        self._film = Film(watched, self.epochs, given.class_names or ask("class names", self.model), between)
        self._record(0, {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Look again, where it is time."""
        if (epoch + 1) % self.every == 0:
            self._record(epoch + 1, logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Write the page."""
        self.page()

    def page(self) -> WrittenReport:
        """Write the page of what was recorded so far; its path, which a notebook shows as the page.

        Raises:
            ValueError: Nothing was recorded yet.
        """
        if self._film is None or not self.epochs:
            raise ValueError(
                "Expected a training that was recorded. Received none. Pass this to model.fit(callbacks=[...]) first."
            )
        write_whole(self.path, film_html(self._film, self.title))
        return WrittenReport(self.path)

    def _record(self, number: int, logs: Mapping[str, Any]) -> None:
        assert self._film is not None  # by on_train_begin
        self.epochs.append(self._film.watched.after(number, logs))


def _labels(given: np.ndarray, images: int) -> np.ndarray:
    """The class of each image, int64[B]."""
    labels = np.asarray(given)
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.shape != (images,) or labels.dtype.kind not in "iuf":
        raise ValueError(
            f"Expected labels int[{images}], the class of each image. Received {labels.dtype}{list(labels.shape)}. Give one "
            f"whole number for each; of one-hot labels labels.argmax(axis=1)."
        )
    return labels
