import json
import re

import numpy as np
import pytest
from browsers import browsing
from markupsafe import Markup
from waiting import until

from featurelens.reports.html.components import (
    command,
    figure,
    findings,
    folded,
    joined,
    maps,
    notice,
    probabilities,
    scale_bar,
    table,
    trust_mark,
    view,
)
from featurelens.reports.html.page import Header, KeyFigure, Section, json_for_page, render_page
from featurelens.reports.html.tiles import sprite, tile_html
from featurelens.reports.plots.layers import histogram
from featurelens.reports.plots.performance import confusion_matrix

HOSTILE = "</script><img src=x onerror=alert(1)>"


def everything(name, sheet):
    """Return a page with every component, each holding a name from outside."""
    tile = tile_html(sheet, 1, name)
    mistakes = joined(
        Markup(
            '<article class="mistake" id="mistake-{0}" data-true="{1}" data-predicted="{2}" data-confidence="{3}">'
            '<h4>{1} → {2}</h4><div class="views">{4}</div></article>'
        ).format(number, name, ("Bag", "Coat")[number % 2], number / 10, view(tile, name, note=name))
        for number in range(4)
    )
    parts = [
        findings([(name, "mistakes", name)]),
        table(["Layer", "Parameters", *["long column"] * 9], [[name] * 11], caption=name, numeric=[1]),
        figure(confusion_matrix(np.eye(10, dtype=int), [name] * 10).svg(), name, reading=name),
        Markup('<div class="views">{}</div>').format(view(tile, name)),
        maps([(tile, name)] * 40),
        scale_bar("evidence", "0", name, unit=name),
        probabilities([(name, 0.75, "p")]),
        trust_mark("good", name, [(name, name)]),
        notice(name, kind="warning"),
        command(name * 5),
    ]
    fold = folded(name, Markup('<div class="mistakes">{}</div>').format(mistakes), count=name)
    sections = [
        Section("all", name, joined(parts), lead=name, parts=[("mistakes", name)]),
        Section("mistakes", "Mistakes", fold),
    ]
    header = Header(name, name, [KeyFigure(name, name, name)], name)
    return render_page(name, sections, header, [sheet], {"name": name})


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    tiles = np.zeros((3, 4, 4, 3), np.uint8)
    tiles[1] = (200, 30, 10)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(everything(HOSTILE, sprite("pictures", tiles, columns=2)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    with browsing() as opened:
        yield opened


def test_no_name_becomes_html(page_file):
    html = page_file.read_text()
    assert "<img" not in html
    assert html.count("</script>") == 2  # the data's and the program's own
    assert html.count("&lt;/script&gt;") > 20


def test_data_survive_and_cannot_end_their_element(page_file):
    data = re.search(r'<script type="application/json" id="twin">(.*?)</script>', page_file.read_text(), re.DOTALL)
    assert data is not None and json.loads(data[1]) == {"name": HOSTILE}
    assert json.loads(json_for_page({"a": "\u2028<!--&"})) == {"a": "\u2028<!--&"}


def test_nothing_refers_outside(page_file):
    html = page_file.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!data:|#)", re.sub(r"base64,[\w+/=]*", "", html))
    assert "default-src 'none'" in html


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_person_sees_the_page_fit_and_silent(browser, page_file, width, scripts):
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=scripts)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append("a name ran as a script"), dialog.dismiss()))
    page.goto(page_file.as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("h1").first.inner_text() == HOSTILE
    tile = page.locator(".view .tile").first
    until(lambda: colour_in_the_middle(tile) == (200, 30, 10))  # painted a moment after the page is there
    context.close()


def colour_in_the_middle(tile):
    import cv2

    shot = cv2.imdecode(np.frombuffer(tile.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    return tuple(int(value) for value in shot[shot.shape[0] // 2, shot.shape[1] // 2, ::-1])


def test_an_address_that_means_nothing_stops_nothing(browser, page_file):
    page, complaints = browser.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for address in ("#%", "#mistakes?true=%E0%A4", "#mistakes?length=3", "#mistakes?namedItem=1", "#?", "#%00"):
        page.goto(page_file.as_uri() + address)
        page.reload()  # opened there, not led there
        page.locator(".bar nav a").last.click()
        page.locator('main > .on[id="/mistakes"]').wait_for()
        assert (address, complaints) == (address, [])
    page.close()


def test_a_link_opens_the_fold_it_leads_into(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri() + "#mistake-2")
    assert page.locator("#mistake-2").is_visible()
    assert page.locator("#mistake-2 figcaption").inner_text().startswith(HOSTILE)
    page.close()


def test_a_plot_that_stands_twice_has_ids_of_its_own():
    drawn = histogram(np.arange(20.0), title="Values", label="value").svg()
    page = render_page(
        "", [Section("a", "", joined([figure(drawn, "a"), figure(drawn, "b"), figure(drawn, "c")]))], Header("", "")
    )
    defined, used = re.findall(r' id="(p[^"]+)"', page), re.findall(r'(?:href="#|url\(#)(p[^")]+)', page)
    assert len(defined) == len(set(defined)) >= 3
    assert set(used) <= set(defined)


def test_two_sections_or_sprites_of_one_name_are_refused():
    header = Header("", "")
    with pytest.raises(ValueError, match=r"sections with different names. Received a"):
        render_page("", [Section("a", "", Markup("")), Section("a", "", Markup(""))], header)
    with pytest.raises(ValueError, match=r"parts of the page with different names. Received b"):
        render_page("", [Section("a", "", Markup('<p id="b"></p><p class="x" id="b"></p>'))], header)
    made = sprite("s", np.zeros((1, 2, 2), np.uint8))
    with pytest.raises(ValueError, match=r"sprites with different names. Received s"):
        render_page("", [], header, [made, made])


def test_text_that_is_not_markup_is_shown_as_text():
    section = Section("a", "", "<b>x</b>")  # type: ignore[arg-type]
    assert "&lt;b&gt;x" in render_page("", [section], Header("", ""))
