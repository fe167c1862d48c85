"""`featurelens report` of a model of independent labels: `--task labels`."""

from __future__ import annotations

from pathlib import Path

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.gates import checked_gates, require_known, stop_if
from featurelens.scripts.options.opening import Opening, load_with_card, open_labels
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.reporting.page_choice import progress_of, told
from featurelens.scripts.reporting.unlabelled import PicturesChoice, written_files


def report_labels(
    data: str | None, model: str, target: Path, opening: Opening, choice: PicturesChoice, *, command: str
) -> None:
    """Write the report of a model of independent labels."""
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.trust import SHOWN, TRUST_IMAGES
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.report_choice import sampled

    page = choice.page
    words, conditions = page.read(usual=f"What {Path(model).stem} answers"), checked_gates(choice.gates, "labels")
    written = written_files(target, choice)
    images_from = checked_data(model, data, opening)
    beside = [opening.class_names, page.logo, page.note]
    check_page_outputs([target, *choice.gates.written], models=[model], data=[images_from], files=beside)
    loaded, card = load_with_card(model, opening)
    dataset = sampled(open_labels(images_from, loaded, card, opening), page.max_images, choice.seed)
    from featurelens.models.evaluation.labels import marks_in
    from featurelens.reports.several_labels.page import explained_labels, write_labels_report

    require_known(conditions, marks_in(dataset).names, SHOWN)
    images = TRUST_IMAGES if choice.trust_images is None else choice.trust_images
    plan = ReportPlan(choice.batch_size, images, trust_budget=choice.trust_budget, seed=choice.seed)
    with progress_of(page, plan.expected(dataset.images.shape)) as step:
        found = explained_labels(loaded, dataset, plan, card=card, command=command, step=step)
        figures = write_labels_report(found, ReportFiles(target, *written[1:]), words=words, step=step)
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    told(page, target, f"Wrote {target} ({size}), of {count(len(dataset), 'picture')}. Open it in a browser.")
    stop_if(conditions, figures, choice.gates)
