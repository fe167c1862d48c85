"""`featurelens report` of a model of independent labels: `--task labels`."""

from __future__ import annotations

from pathlib import Path

from featurelens.scripts.options.gates import require_known, stop_if
from featurelens.scripts.options.opening import Opening, load_with_card, open_labels
from featurelens.scripts.reporting.whole_page import WholeChoice, checked, looked_and_written, tell_written


def report_labels(
    data: str | None, model: str, target: Path, opening: Opening, choice: WholeChoice, *, command: str
) -> None:
    """Write the report of a model of independent labels."""
    settled = checked(data, model, target, opening, choice, "labels")
    loaded, card = load_with_card(model, opening)
    from featurelens.models.evaluation.labels import marks_in
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.trust import SHOWN
    from featurelens.reports.report_choice import sampled
    from featurelens.reports.several_labels.page import explained_labels, write_labels_report

    dataset = sampled(open_labels(settled.data, loaded, card, opening), choice.page.max_images, choice.seed)
    require_known(settled.conditions, marks_in(dataset).names, SHOWN)
    plan = choice.plan()
    _, figures = looked_and_written(
        choice,
        plan,
        dataset.images.shape,
        lambda step: explained_labels(loaded, dataset, plan, card=card, command=command, step=step),
        lambda found, step: write_labels_report(found, settled.files, words=settled.words, step=step),
    )
    tell_written(choice, target, count(len(dataset), "picture"))
    stop_if(settled.conditions, figures, choice.gates)
