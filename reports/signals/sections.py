"""The sections of the page of a classifier of series or volumes."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import Survey
from ...models.evaluation.metrics import Evaluation
from ..drawing.wording import count, number, percent, shape
from ..evidence.model import ModelEvidence
from ..evidence.performance import PerformanceEvidence
from ..html.components import figure, how_to_read, joined, name_html, notice, table
from ..html.page import Section
from ..html.tiles import Sprite
from ..plots.data import pixel_histogram
from ..plots.performance import reliability
from ..sections.model import model_parts
from ..sections.section import About
from ..tasks.sections import layers_section
from .cards import cards, channel_key
from .curves import bars
from .evidence import ClassEvidence, SignalsEvidence, signals_of
from .inside import LayerChannels, channels_html, fields_table
from .words import ONE, evidence_words, in_signal_words, signed

LEFT_OUT = (
    "Left out, as they speak of pictures: where the evidence lies in nine regions, shortcuts by pixels, the smallest grey square "
    "that changes an answer, near copies, and pictures unlike the rest."
)


def performance_section(found: PerformanceEvidence, evidence: SignalsEvidence) -> Section:
    """Each class's figures, and whether the probabilities can be believed."""
    html = Markup('<div class="pair"><div>{}</div><div>{}</div></div>').format(
        _per_class(found.evaluation, evidence.kind), _calibration(found.evaluation, evidence.kind)
    )
    figures = found.figures
    lead = f"{percent(figures.accuracy, 2)} accuracy and a loss of {figures.loss:.3f}."
    return Section("performance", "Each class", html, lead=lead, view="classes")


def _per_class(found: Evaluation, kind: str) -> Markup:
    columns = (found.precision, found.recall, found.f1, found.average_precision)
    rows = [
        (name_html(name), *(percent(float(values[k])) for values in columns), f"{found.support[k]:,}")
        for k, name in enumerate(found.class_names)
    ]
    caption = "Precision: of those called so, how many are. Recall: of those that are, how many were found."
    heads = ["Class", "Precision", "Recall", "F1", "Average precision", ONE[kind][1].capitalize()]
    return Markup('<h3 id="per-class">Per class</h3>{}').format(
        table(heads, rows, caption=caption, numeric=[1, 2, 3, 4, 5])
    )


def _calibration(found: Evaluation, kind: str) -> Markup:
    bins = found.calibration
    drawn = reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error)
    several = ONE[kind][1]
    reading = (
        f"The {several} are put into bins by the probability of their predicted class. On the diagonal the model is right as "
        f"often as it says; above it, it is too modest, below it, too sure. Larger dots hold more of them."
    )
    caption = f"Expected calibration error {bins.expected_error:.3f}, over {len(bins.counts)} bins."
    return Markup('<h3 id="calibration">Calibration</h3>{}').format(figure(drawn.svg(), caption, reading=reading))


def mistakes_section(found: SignalsEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """The surest mistakes, each with what speaks for the answer and for the truth."""
    _, several = ONE[found.kind]
    lead = "What speaks for the wrong answer, and what for the true one?"
    if not found.wrong:
        said = Markup("<p>All {} are correctly classified.</p>").format(count(len(about.dataset), *ONE[found.kind]))
        return Section("mistakes", "Mistakes", said, lead=lead, view="mistakes"), []
    shown, total = len(found.mistakes.numbers), found.wrong
    which = f"The {shown} surest of {total:,}" if shown < total else f"All {total:,}"
    cut = f"{which} incorrectly classified {several}, the surest first."
    made, sheets = cards("mistakes", found.mistakes, found, about, both=True)
    html = joined([Markup("<p>{}</p>").format(cut), reading(found, about), made])
    return Section("mistakes", "Mistakes", html, lead=lead, view="mistakes"), sheets


def reading(found: SignalsEvidence, about: About) -> Markup:
    """How the drawings are to be read."""
    where = f"at {found.layer}" if found.layer else "at the input"
    unit = about.information.unit
    if found.kind == "series":
        drawn = (
            f"Behind the line stands what speaks for a class (warm) and against it (cold), by {found.method} {where}, in units "
            f"of the {unit}: the strongest place of each band has its full colour, and the number below says how much that is."
        )
    else:
        drawn = (
            f"Slices along the first axis. Over them lies what speaks for a class (warm) and against it (cold), by "
            f"{found.method} {where}, in units of the {unit}; the strongest place of a volume has the full colour."
        )
    coarse = "A map that is coarser than its input is enlarged between the centres of its cells."
    return how_to_read(f"{drawn} {channel_key(found)}", coarse, "They are the model’s reasons, right or wrong.")


def evidence_section(found: SignalsEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """Where the model finds each class, over its right answers, and the surest of them."""
    parts, sheets = [reading(found, about)], []
    left = len(about.class_names) - len(found.classes)
    if left > 0:
        parts.append(
            notice(f"{count(left, 'class', 'classes')} left out: without any here, or found more often than these.")
        )
    for each in found.classes:
        html, made = _of_class(each, found, about)
        parts.append(html)
        sheets += made
    lead = "In which part does the model find each class?"
    return Section("evidence", "Where the evidence lies", joined(parts), lead=lead, view="evidence"), sheets


def _of_class(each: ClassEvidence, found: SignalsEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    name = about.class_names[each.label]
    head = Markup('<h3 id="class-{}">{}</h3>').format(each.label, name_html(name))
    if not each.averaged:
        return Markup("{}<p>None of them is found.</p>").format(head), []
    said = class_words(each, name, found)
    along = "its length" if found.kind == "series" else "the slices"
    label = f"Share of what speaks for {name} along {along}, mean over {count(each.averaged, 'right answer')}"
    drawn = Markup("")
    if each.profile.any():
        drawn = Markup('<figure class="curve-figure">{}<figcaption>{}</figcaption></figure>').format(
            bars(each.profile, found.form, label), label
        )
    surest, sheets = cards(f"surest-{each.label}", each.surest, found, about, both=False)
    return Markup("{}<p>{}</p>{}<h4>The surest right answers</h4>{}").format(head, said, drawn, surest), sheets


def class_words(each: ClassEvidence, name: str, found: SignalsEvidence) -> str:
    """Where what speaks for a class lies over its right answers, and how concentrated it is in one of them."""
    spans, axes = each.spans, len(found.sizes)
    if all(span is None for span in spans):
        return f"Nothing speaks for {name} in its right answers."
    one, over = ONE[found.kind][0], f"mean over {count(each.averaged, 'right answer')}"
    along = "its length" if axes == 1 else "its slices"
    single = f"In a single {one} half of it fills {percent(each.part, 0)} of {along} (median)."
    return f"{evidence_words(spans, name, found.form)[:-1]} ({over}). {single}"


def inside_section(
    survey: Survey, layers: tuple[LayerChannels, ...], example: int, found: SignalsEvidence, about: About
) -> tuple[Section, list[Sprite]]:
    """What each layer keeps, how much a unit sees, and what the channels put out."""
    probe = (
        "Probe: share of held-out ones whose class a linear classifier reads off the layer’s output (Alain, Bengio 2016, "
        "arXiv:1610.01644)."
    )
    kept = layers_section(survey, "Probe", probe)
    drawn, sheets = channels_html(layers, example, found, about)
    html = joined(
        [
            in_signal_words(kept.html, found.kind, _own_names(about)),
            fields_table(about.information.layers, found.form, found.kind),
            drawn,
        ]
    )
    return Section(
        "layers", "What the layers do", html, lead="What does each layer keep and see?", view="layers"
    ), sheets


def data_section(found: SignalsEvidence, about: About, counts: np.ndarray, equal: int) -> Section:
    """How many of which class and length, how they were read, and their values."""
    dataset, (one, several) = signals_of(about), ONE[found.kind]
    rows = [(name_html(name), f"{counts[k]:,}") for k, name in enumerate(about.class_names)]
    low, high = dataset.value_range
    values = dataset.images
    bins, edges = np.histogram(values, bins=64, range=(low, high if high > low else low + 1))
    histogram = figure(
        in_signal_words(Markup(pixel_histogram(edges, bins).svg()), found.kind).replace("place value", "value"),
        f"All values, {signed(low)} to {signed(high)}.",
    )
    same = (
        f"{equal:,} {several} equal another one in every value."
        if equal
        else f"No two {several} are equal in every value."
    )
    html = [
        Markup("<p>{}</p>").format(size_words(found, len(dataset), dataset.source)),
        *(Markup("<p>{}</p>").format(note) for note in dataset.notes),
        *_unreadable(dataset.unreadable),
        Markup("<p>{}</p>").format(same),
        Markup('<div class="pair"><div>{}</div><div>{}</div></div>').format(
            table(["Class", several.capitalize()], rows, caption=f"How many {several} of each class", numeric=[1]),
            histogram,
        ),
    ]
    return Section("signals", f"The {several}", joined(html), lead=f"What is a {one} here?", view="data")


def size_words(found: SignalsEvidence, many: int, source: str) -> str:
    """How many, how long, at which rate, from where."""
    one, several = ONE[found.kind]
    channels = count(found.channels, "channel")
    total = count(many, one, several)
    if found.kind == "series":
        length = f"{total} of {found.sizes[0]:,} places and {channels}, from {source}."
        if not found.steps:
            return f"{length} Nothing tells how far apart the places are: they are counted."
        seconds = number(found.sizes[0] * found.steps[0])
        rate = f"{number(1 / found.steps[0])} values {'a second' if found.unit == 's' else f'for each {found.unit}'}"
        return f"{length} {rate}: each lasts {seconds} {found.unit}."
    size = f"{total} of {shape(found.sizes)} places (slices × rows × columns) and {channels}, from {source}."
    if not found.steps:
        return f"{size} Nothing tells how far apart the places are: they are counted."
    return f"{size} A place is {' × '.join(number(step) for step in found.steps)} {found.unit}."


def _own_names(about: About) -> list[str]:
    """Names that are not ours."""
    layers = about.information.layers
    return [about.information.name, *(each.name for each in layers), *(each.kind for each in layers)]


def _unreadable(names: tuple[str, ...]) -> list[Markup]:
    if not names:
        return []
    are = "is" if len(names) == 1 else "are"
    said = f"{count(len(names), 'file')} could not be read and {are} not part of this report: {', '.join(names[:20])}."
    return [notice(said, kind="warning")]


def method_section(model: ModelEvidence, found: SignalsEvidence, about: About) -> Section:
    """The layers, the proof of the logits, what is left out, and how the report was made."""
    left_out = Markup('<h3 id="left-out">What this page leaves out</h3><p>{}</p>').format(LEFT_OUT)
    parts = joined(model_parts(model, about, Markup("")))
    html = in_signal_words(parts, found.kind, [*_own_names(about), about.command or ""])
    return Section("model", "The model", html + left_out, view="method")
