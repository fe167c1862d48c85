"""Two reports on the same images, in one HTML file: what a new model, or a new training, changed."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections import Counter
from pathlib import Path

import numpy as np
from markupsafe import Markup

from ..drawing.pictures import pictures
from ..drawing.wording import count, listed, percent
from ..evidence.twin import twin
from ..files.whole_files import check_page, write_whole
from ..html.components import EMPTY, folded, joined, maps, table
from ..html.page import Header, KeyFigure, Section, render_page
from ..html.tiles import Sprite, sprite, tile_html
from .report_diff import Changed, ReportDiff, ReportSide, read_diff

_MOST_SHOWN = 60  # images of each side
_MOVED = 0.8  # correlation below which a map has moved


def write_diff(before: str | Path, after: str | Path, path: str | Path) -> tuple[Path, ReportDiff]:
    """Compare two files of `featurelens report --json`, and write what changed into one HTML file.

    Raises:
        ValueError: The file cannot be written, or the two cannot be compared.
    """
    target = Path(path).expanduser().absolute()
    check_page(target)
    found = read_diff(Path(before).expanduser(), Path(after).expanduser())
    write_whole(target, diff_html(found))
    return target, found


def diff_html(found: ReportDiff) -> str:
    """The whole page."""
    went, went_sheet = _answers(found, found.went, "went")
    came, came_sheet = _answers(found, found.came, "came")
    sections = [
        Section("accuracy", "Accuracy", _accuracy(found), lead="Is it better, by more than chance?"),
        Section("went", "Mistakes that went", went, lead="Which images are right now?"),
        Section("came", "Mistakes that came", came, lead="Which images are wrong now?"),
        Section("maps", "Maps", _maps(found), lead="How did the maps of the same images move?"),
        Section("trust", "Trust", _trust(found), lead="Which maps can be trusted now?"),
        Section("channels", "Channels", _channels(found), lead="Which channels fell silent, and which woke?"),
    ]
    title = f"From {found.before.name} to {found.after.name}"
    return render_page(title, sections, _header(found), [*went_sheet, *came_sheet], twin(found))


def _header(found: ReportDiff) -> Header:
    version = importlib.metadata.version("featurelens")
    old, new = found.accuracy
    data = found.before.figures["about"].get("data", "")
    return Header(
        kicker=f"featurelens {version} · {datetime.date.today():%d %B %Y} · {data}",
        lead=headline(found),
        figures=[
            KeyFigure("Accuracy before", percent(old, 2), f"of {count(found.images, 'image')}"),
            KeyFigure("Accuracy after", percent(new, 2), _signed(new - old)),
            KeyFigure("Mistakes that went", f"{len(found.went.numbers):,}"),
            KeyFigure("Mistakes that came", f"{len(found.came.numbers):,}"),
        ],
        footer=f"Made by featurelens {version}. This file is complete: it loads nothing from anywhere.",
    )


def headline(found: ReportDiff) -> str:
    """What changed, in a sentence or two."""
    went, came = len(found.went.numbers), len(found.came.numbers)
    if found.same_weights:
        return "Both reports are of the same weights on the same images."
    if not went + came:
        return "Both are right on the same images."
    better = "better" if went > came else "worse" if came > went else "as good"
    sure = "more than chance explains" if found.test.p_value < 0.05 else "which chance alone may have done"
    return (
        f"{count(went, 'mistake')} went and {count(came, 'mistake')} came: {found.after.name} is {better}, {sure} "
        f"(McNemar, p {_p_value(found.test.p_value)})."
    )


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def _signed(change: float) -> str:
    return f"{100 * change:+.2f} points".replace("-", "\N{MINUS SIGN}")


def _accuracy(found: ReportDiff) -> Markup:
    rows = [("Accuracy", *(percent(each, 2) for each in found.accuracy))]
    for name, field, digits in (("Loss", "loss", 3), ("Calibration error", "expected_calibration_error", 3)):
        values = [_figure(side, field) for side in (found.before, found.after)]
        rows.append((name, *("–" if each is None else f"{each:.{digits}f}" for each in values)))
    classes = [_classes(side) for side in (found.before, found.after)]
    for name in found.classes:
        shares = [each.get(name, {}).get("recall") for each in classes]
        rows.append((f"Recall of {name}", *("–" if each is None else percent(each) for each in shares)))
    way = "exact" if found.test.exact else "with Edwards’ correction"
    one = found.otherwise == 1
    other = f"{count(found.otherwise, 'image')} {'is' if one else 'are'} wrong in both, but in another way."
    tested = f"The test of McNemar is {way}."
    turned = len(found.went.numbers) + len(found.came.numbers)
    text = Markup("<p>{}</p>").format(
        " ".join([headline(found), *([other] if found.otherwise else []), *([tested] if turned else [])])
    )
    heads = ["Figure", *_sides(found)]
    return joined([text, table(heads, rows, caption="Before and after", numeric=[1, 2])])


def _sides(found: ReportDiff) -> tuple[str, str]:
    """The two reports as heads of columns: by their models' names, where these differ."""
    names = found.before.name, found.after.name
    return names if names[0] != names[1] else ("Before", "After")


def _figure(side: ReportSide, field: str) -> float | None:
    return ((side.figures.get("performance") or {}).get("figures") or {}).get(field)


def _classes(side: ReportSide) -> dict:
    return ((side.figures.get("performance") or {}).get("figures") or {}).get("classes") or {}


def _answers(found: ReportDiff, changed: Changed, name: str) -> tuple[Markup, list[Sprite]]:
    """Images that turned: the confusions by their number, then the images, with pictures where a report has them."""
    if not len(changed.numbers):
        return Markup("<p>None.</p>"), []
    names = found.classes
    wrong = changed.before if name == "went" else changed.after
    pairs = Counter(zip(changed.true.tolist(), wrong.tolist(), strict=True)).most_common(10)
    rows = [(f"{names[true]} → {names[other]}", f"{amount:,}") for (true, other), amount in pairs]
    heads = ["True → taken for", "Images"]
    pieces = [table(heads, rows, caption=f"The most frequent mistakes that {name}", numeric=[1])]
    side = found.before if name == "went" else found.after
    tiles, sheets = _tiles(found, side, changed, wrong, name)
    return joined([*pieces, tiles]), sheets


def _tiles(
    found: ReportDiff, side: ReportSide, changed: Changed, wrong: np.ndarray, name: str
) -> tuple[Markup, list[Sprite]]:
    """Pictures of those that the report with the mistakes explains; numbers alone where it has none."""
    rows = {int(number): row for row, number in enumerate(side.arrays.get("mistakes.numbers", ()))}
    held = side.arrays.get("mistakes.pictures")
    listed_ = [place for place, number in enumerate(changed.numbers) if held is not None and int(number) in rows]
    shown = listed_[:_MOST_SHOWN]
    if held is None or not shown:
        numbers = ", ".join(str(number) for number in changed.numbers[:_MOST_SHOWN])
        more = len(changed.numbers) - _MOST_SHOWN
        tail = f" and {more:,} more" if more > 0 else ""
        text = Markup("<p>Without pictures, as the reports were written without <code>--arrays</code>: {}{}.</p>")
        return text.format(numbers, tail), []
    chosen = held[[rows[int(changed.numbers[place])] for place in shown]]
    limits = float(min(0, chosen.min())), float(max(1, chosen.max()))
    sheet = sprite(name, pictures(chosen, limits, 56))
    names = found.classes
    tiles = [
        (
            tile_html(
                sheet,
                turn,
                f"image {changed.numbers[place]}, {names[changed.true[place]]} taken for {names[wrong[place]]}",
            ),
            f"{changed.numbers[place]} {names[wrong[place]]}",
        )
        for turn, place in enumerate(shown)
    ]
    amount = f"{len(shown)} of {count(len(changed.numbers), 'image')}"
    return folded("The images", maps(tiles), count=amount, opened=True), [sheet]


def _maps(found: ReportDiff) -> Markup:
    if not found.maps:
        return Markup(
            "<p>No image is explained in both with maps: write both reports with <code>--arrays</code> beside <code>--json"
            "</code>, and keep the files side by side.</p>"
        )
    rows = []
    for moved in found.maps:
        known = moved.correlation[np.isfinite(moved.correlation)]
        most = moved.numbers[np.argsort(np.nan_to_num(moved.correlation, nan=2), kind="stable")[:8]]
        middle = f"{np.median(known):.2f}" if len(known) else "–"
        rows.append(
            (
                moved.kind,
                f"{len(known):,}",
                middle,
                percent(float((known < _MOVED).mean())) if len(known) else "–",
                listed([str(number) for number in most]),
            )
        )
    heads = ["Map", "Images", "Median correlation", f"Below {_MOVED:g}", "Moved most"]
    caption = "Images that both take for the same wrong class; 1 is the same map"
    return table(heads, rows, caption=caption, numeric=[1, 2, 3])


def _trust(found: ReportDiff) -> Markup:
    if not found.trust:
        return Markup("<p>Neither report measured it.</p>")
    rows = [
        (
            each.method,
            each.before or "not measured",
            each.after or "not measured",
            _turned(each.before, each.after),
        )
        for each in found.trust
    ]
    heads = ["Method", *_sides(found), "Changed"]
    return table(heads, rows, caption="How far each method’s maps can be trusted")


def _turned(before: str | None, after: str | None) -> str:
    return "" if before == after or None in (before, after) else "yes"


def _channels(found: ReportDiff) -> Markup:
    if not found.channels:
        return Markup("<p>The layers of both have the same silent channels, or no layers of one name.</p>")
    rows = [
        (each.layer, _numbers(each.fell_silent), _numbers(each.woke))
        for each in sorted(found.channels, key=lambda each: each.layer)
    ]
    text = (
        Markup("<p>Channels of two trainings have nothing in common but their numbers.</p>")
        if not found.same_weights
        else EMPTY
    )
    return joined([text, table(["Layer", "Fell silent", "Woke"], rows, caption="Channels that never fire")])


def _numbers(channels: np.ndarray) -> str:
    return f"{len(channels)}: {listed([str(each) for each in channels], 12)}" if len(channels) else "–"
