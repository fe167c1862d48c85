"""A notebook as a reader runs it: the last line of each cell is a picture, nothing is red, and it looks right in a browser."""

import re

import nbformat
import pytest
from browsers import browsing
from nbclient import NotebookClient

CELLS = [
    "from featurelens.models import evaluate, load_model, open_dataset\n"
    'model = load_model("zero_padded_dropout")\n'
    'data = open_dataset("fashion_mnist", model=model)[:60]\ndata',
    "evaluate(model, data)",
    "from featurelens.interpret import GradCAM, inspect_model\ninspect_model(model)",
    "GradCAM(model)",
    'from featurelens.reports import explain, write_report\nexplain(model, data[23], versus="Shirt")',
    'write_report(model, data, "page.html", sections=["performance"], trust_images=0)',
]


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    folder = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
    made = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(made, timeout=500, kernel_name="python3", resources=folder)
    return client.execute()


@pytest.fixture(scope="module")
def browser(notebook):  # which has run by then: a kernel is not asked while a browser is
    with browsing() as opened:
        yield opened


def outputs(notebook, place):
    return notebook.cells[place].outputs


def test_no_cell_writes_red_lines(notebook):
    streams = [each for cell in notebook.cells for each in cell.outputs if each.output_type == "stream"]
    assert not streams, "".join(each.text for each in streams)


def test_each_cell_ends_with_a_picture_or_a_table_of_at_most_200_kilobytes(notebook):
    for place, cell in enumerate(CELLS):
        (shown,) = outputs(notebook, place)
        html = shown.data["text/html"]
        assert len(shown.data["text/plain"]) <= 300, cell
        if "write_report" not in cell:
            assert len(html.encode()) <= 200_000 and ("<img " in html or "<table" in html or "<svg" in html), cell


def test_a_report_is_shown_in_a_frame(notebook):
    (shown,) = outputs(notebook, len(CELLS) - 1)
    assert re.match(r'<iframe src="data:text/html;base64,[A-Za-z0-9+/=]+"', shown.data["text/html"])
    assert shown.data["text/plain"].endswith("page.html')")


@pytest.mark.parametrize(("paper", "ink"), [("#ffffff", "#111111"), ("#111111", "#dddddd")])
def test_cells_are_readable_on_light_and_dark_paper(browser, notebook, paper, ink):
    shown = "<hr>".join(output.data["text/html"] for cell in notebook.cells[:-1] for output in cell.outputs)
    page_of = f"<!DOCTYPE html><body style='background:{paper};color:{ink};font-family:sans-serif'>{shown}"
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.set_content(page_of)
    colors = page.evaluate(
        "[...document.querySelectorAll('td, th, figcaption, p, svg text')]"
        ".filter(e => !e.closest('.featurelens-card')).map(e => getComputedStyle(e)[e.closest('svg') ? 'fill' : 'color'])"
    )
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    page.close()
    own = "rgb({}, {}, {})".format(*bytes.fromhex(ink[1:]))
    assert len(colors) > 50 and set(colors) - {"rgb(255, 255, 255)"} == {
        own
    }  # white: on the filled cells of the confusions
    assert wide <= 0


CONTRASTS = """
() => {
  const light = (color) => {
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = color.match(/[\\d.]+/g).map((each) => linear(each / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const card = document.querySelector(".featurelens-card"), ground = light(getComputedStyle(card).backgroundColor);
  const inside = [...card.querySelectorAll("h2, h3, p, span, b, figcaption, bdi")].filter((each) => each.textContent.trim());
  return inside.map((each) => {
    const ink = light(getComputedStyle(each).color);
    return [each.outerHTML, (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)];
  });
}"""


@pytest.mark.parametrize("notebook_is_light", [True, False])
@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_card_has_a_ground_of_its_own_as_the_notebook_has_it(
    browser, notebook, notebook_is_light, system, tmp_path
):
    (shown,) = outputs(notebook, next(place for place, cell in enumerate(CELLS) if "explain(" in cell))
    body = f"<body data-jp-theme-light='{str(notebook_is_light).lower()}'>{shown.data['text/html']}"
    for width in (800, 390):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=system)
        page.set_content(f"<!DOCTYPE html>{body}")
        contrasts = page.evaluate(CONTRASTS)
        ground = page.evaluate("getComputedStyle(document.querySelector('.featurelens-card')).backgroundColor")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        drawn = page.evaluate(
            "[...document.querySelectorAll('.featurelens-card img')].map(e => [e.naturalWidth, e.clientWidth])"
        )
        page.screenshot(path=tmp_path / "card.png", full_page=True)
        assert len(contrasts) > 10 and min(each for _, each in contrasts) >= 4.5, contrasts
        assert ground == ("rgb(244, 245, 243)" if notebook_is_light else "rgb(28, 32, 36)")
        assert wide <= 0 and len(drawn) == 4 and all(own > 0 and seen > 100 for own, seen in drawn)
        page.close()


def test_the_frame_of_a_report_shows_the_page(browser, notebook):
    (shown,) = outputs(notebook, len(CELLS) - 1)
    page = browser.new_page(viewport={"width": 800, "height": 800})
    page.set_content(shown.data["text/html"])
    frame = page.frame_locator("iframe")
    frame.locator("h1").first.wait_for()
    assert frame.locator("h1").first.inner_text().startswith("Right on ")
    assert "zero_padded_dropout" in frame.locator(".bar").text_content()
    page.close()
