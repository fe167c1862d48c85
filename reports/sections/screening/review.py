"""What a person said of the mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ....interpret.stream.statistic import Statistic
from ....models.model_files.weights import weights_fingerprint
from ...drawing.wording import count, percent
from ...evidence.screening.review import VERDICTS, WRONG, ReviewEvidence, require_fit, sum_of
from ...evidence.screening.suspects import ScreeningEvidence
from ...evidence.seen import Seen
from ...html.components import folded, joined, table
from ..section import About, Finding, Part


class ReviewSection:
    """The section; see `ReportSection`."""

    view = "images"
    id, title, lead = "review", "Review", "What did people say of the reasons?"

    def needs(self, seen: Seen) -> Sequence[Statistic[Any]]:
        """Nothing of its own."""
        return ()

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ReviewEvidence | None:
        """The sum of the review that was given; None without.

        Raises:
            ValueError: It is of another model, or of other images.
        """
        review = seen.plan.review
        if review is None:
            return None
        require_fit(review, weights_fingerprint(seen.model), len(seen.dataset))
        screening: ScreeningEvidence | None = earlier.get("screening")
        suspects = None if screening is None else screening.labels.numbers
        return sum_of(review, seen.dataset.labels, seen.evaluation.predictions, suspects)

    def findings(self, found: ReviewEvidence, about: About) -> Iterator[Finding]:
        """How many answers have a wrong reason, and how many labels are wrong, by the people who looked."""
        if not len(found.numbers):
            return
        yield Finding(
            review_sentence(found),
            severity="caution" if found.counts[VERDICTS.index(WRONG)] else "fact",
            number=float(found.counts[VERDICTS.index(WRONG)]),
            anchor=self.id,
            link="the review",
            weight=0.88,
        )

    def html(self, found: ReviewEvidence, about: About) -> Part:
        """Counts by confusion, and the comments."""
        if not len(found.numbers):
            return Part(Markup("<p>The review holds no image.</p>"))
        names = about.class_names
        rows = [(f"{names[each.true]} → {names[each.predicted]}", *map(str, each.counts)) for each in found.pairs]
        heads = ["True → answered", *(verdict.capitalize() for verdict in VERDICTS)]
        summed = table(heads, rows, caption="Images reviewed, by confusion", numeric=[1, 2, 3])
        told = Markup("<p>{}</p>").format(review_sentence(found))
        comments = [
            (_link(int(number)), VERDICTS[verdict], said)
            for number, verdict, said in zip(found.numbers, found.verdicts, found.comments, strict=True)
            if said
        ]
        if not comments:
            return Part(joined([told, summed]))
        listed = table(["Image", "Verdict", "Comment"], comments, caption="Comments")
        return Part(
            joined([told, summed, folded("Comments", listed, count=count(len(comments), "comment"), opened=True)])
        )


def review_sentence(found: ReviewEvidence) -> str:
    """The sum in two sentences."""
    right, wrong, label = (int(each) for each in found.counts)
    images = len(found.numbers)
    said = (
        f"Of {count(images, 'image')} reviewed ({found.reviewed:,} of the {found.mistakes:,} mistakes), the model has the right "
        f"reason on {right:,}, a wrong one on {wrong:,}, and the label is wrong on {label:,}."
    )
    if label:
        said += (
            f" Were those labels what the model answered, its accuracy would be {percent(found.accuracy_relabelled, 2)}; "
            f"{found.suspected:,} of them {'is' if found.suspected == 1 else 'are'} listed as suspected, too."
        )
    return said


def _link(number: int) -> Markup:
    return Markup('<a href="#image-{0}">{0}</a>').format(number)
