"""The command: what it checks and refuses, how it stops, and its page in a real browser; the shipped model."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import typer
from axe_playwright_python.sync_playwright import Axe
from browsers import browsing
from live_services import FIRST_PICTURE, listens, png, small_served
from playwright.sync_api import expect
from waiting import PATIENCE, held_port, until

from featurelens.interpret import Explainer
from featurelens.models import fashion_mnist, load_model
from featurelens.models.formats.reading import Reading
from featurelens.scripts.cli import main
from featurelens.scripts.serving.command import run_service
from featurelens.scripts.serving.connections.addresses import bound
from featurelens.scripts.serving.settings import Settings

PROGRAM = [sys.executable, "-c", "from featurelens.scripts.cli import main; main()", "serve"]
DROPPED = """(bytes) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([new Uint8Array(bytes)], "shirt.png", { type: "image/png" }));
  dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
}"""
FILLED = """() => {
  const [one] = JSON.parse(localStorage.getItem("featurelens-last"));
  const many = Array.from({ length: 20 }, (_, number) => ({ ...one, name: `number ${number}`, src: `${one.src}#${number}` }));
  localStorage.setItem("featurelens-last", JSON.stringify(many));
}"""
PATIENT = ("--max-wait", "1000", "--deadline", str(PATIENCE))  # a crowd on a slow machine is answered too
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}


@pytest.fixture(scope="module")
def running():
    """The shipped model, served by a process of its own; its last words are looked at by the last test."""
    with held_port() as port:
        process = subprocess.Popen(
            [*PROGRAM, "--port", str(port), *PATIENT],
            env=QUIET,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: is_ready(port) or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1]
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()
            process.communicate()


def is_ready(port):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def ask(url, path, body, **headers):
    asked = urllib.request.Request(url + path, body, {"content-type": "image/png", **headers})
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        return json.load(answer)


def test_the_answers_are_the_packages(running):
    images = fashion_mnist("test").images[:32]
    explained = Explainer(load_model("zero_padded_dropout"), [])(images)
    largest = abs(explained.logits).max()
    for number in (0, 17, 31):
        told = ask(running[0], "/v1/explain", png((images[number] * 255).round().astype(np.uint8)))
        np.testing.assert_allclose(told["explanations"][0]["logits"], explained.logits[number], atol=1e-6 * largest)
    assert (told["method"]["name"], told["method"]["verdict"]) == ("HiResCAM", "good")


@pytest.mark.parametrize("page", ["README.md", "docs/serving.md"])
def test_the_client_of_the_docs(running, page, tmp_path, monkeypatch, capsys):
    told = (Path(__file__).parents[3] / page).read_text()
    [client] = [block for block in re.findall(r"```python\n(.*?)```", told, re.S) if "/v1/explain" in block]
    (tmp_path / "shirt.png").write_bytes(png((fashion_mnist("test").images[7] * 255).round().astype(np.uint8)))
    monkeypatch.chdir(tmp_path)
    exec(client.replace("http://127.0.0.1:8000", running[0]), {})
    said = capsys.readouterr().out
    assert said.startswith("Shirt 0.") and "HiResCAM good" in said and "like them [{'image': " in said


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_page_answers_a_stroke_and_asks_nobody_else(running, width, scheme):
    asked, complaints = set(), []
    with browsing() as browser:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on(
            "request", lambda request: asked.add(request.url.split("/")[2] if request.url.startswith("http") else "")
        )
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(running[0])
        box = page.locator("#board").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 60, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 60, box["y"] + 200)
        page.mouse.up()
        page.wait_for_selector("body[data-answered]")
        page.wait_for_selector("#last button")
        says, contrast = page.inner_text("#says"), page.inner_text("#contrast-words")
        found = Axe().run(page).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth")
    assert re.match(r".+: [\d.]+\s%\. .+ comes second, [\d.]+ logit behind\.", says) and contrast.startswith("Why ")
    assert complaints == [] and found == [] and wide == width
    assert asked <= {running[0].split("/")[2], ""}


def test_the_page_shows_what_the_model_saw_and_no_answer_to_another_picture(running, tmp_path):
    """EXIF is ignored by the service, so by the page: else the map would lie over a picture that is turned."""
    from PIL import Image

    left = Image.fromarray(np.repeat([[255, 0]], 14, axis=1).astype(np.uint8).repeat(28, axis=0)).convert("RGB")
    turned = left.getexif()
    turned[0x0112] = 6  # by 90 degrees
    left.save(tmp_path / "turned.jpg", exif=turned)
    (tmp_path / "cut.png").write_bytes(png(np.zeros((28, 28), np.uint8))[:60])
    with browsing() as browser:
        page = browser.new_page()
        page.goto(running[0])
        page.set_input_files("#file", tmp_path / "turned.jpg")
        expect(page.locator("#time")).to_contain_text("The picture was changed: made grey")
        corners = page.evaluate(
            "[[30, 300], [300, 30]].map(([x, y]) => board.getContext('2d').getImageData(x, y, 1, 1).data[0])"
        )
        expect(page.locator("#probabilities li")).to_have_count(4)
        page.set_input_files("#file", tmp_path / "cut.png")
        expect(page.locator("#probabilities li")).to_have_count(0)
        says, why = page.inner_text("#says"), page.inner_text("#map-words")
    assert corners[0] > 200 and corners[1] < 50
    assert "whole picture" in says or "no picture that the browser can show" in says
    assert why == ""


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_the_page_fits_a_picture_as_the_service_does(tmp_path, fit):
    """A square of falling brightness on a model of 12 x 10: cut at its sides, or with black above and below."""
    square = np.tile(np.linspace(250, 20, 24), (24, 1)).astype(np.uint8)
    (tmp_path / "square.png").write_bytes(png(square))
    served = small_served(tmp_path, reading=Reading(fit=fit))
    seen = served.reader.picture(png(square)).pixels[..., 0]
    with listens(served) as live, browsing() as browser:
        page = browser.new_page()
        page.goto(live.url)
        page.set_input_files("#file", tmp_path / "square.png")
        expect(page.locator("#time")).to_contain_text("The picture was changed: brought from 24x24 to 12x10")
        drawn = page.evaluate(
            """() => { const { width: w, height: h } = board, data = board.getContext('2d').getImageData(0, 0, w, h).data;
            return [...Array(120).keys()].map(n => data[4 * (Math.floor((Math.floor(n / 10) + .5) * h / 12) * w
              + Math.floor((n % 10 + .5) * w / 10))]); }"""
        )
    rows = slice(2, -2)  # the edge of what is padded lies within a pixel
    np.testing.assert_allclose(np.reshape(drawn, (12, 10))[rows] / 255, seen[rows], atol=0.03)
    np.testing.assert_allclose(np.reshape(drawn, (12, 10))[[0, -1]] / 255, seen[[0, -1]], atol=0.03)


def test_the_page_takes_files_and_the_camera_and_keeps_the_last_twenty(running, tmp_path):
    shirt = png((fashion_mnist("test").images[7] * 255).round().astype(np.uint8))
    (tmp_path / "shirt.png").write_bytes(shirt)
    told = ask(running[0], "/v1/explain", shirt)["explanations"][0]
    with browsing() as browser:
        page = browser.new_page()
        page.goto(running[0])
        kept, says = page.locator("#last button"), page.locator("#says")
        page.set_input_files("#file", tmp_path / "shirt.png")
        expect(says).to_contain_text(f"{told['class']}: {100 * told['probability']:.1f}")  # the file as it is
        expect(kept).to_have_count(1)
        page.locator("#camera").click()
        page.locator("#shoot").click()
        expect(kept).to_have_count(2)
        page.evaluate(DROPPED, list(shirt))
        expect(kept).to_have_count(3)
        expect(kept.first).to_contain_text(told["class"])
        page.evaluate(FILLED)
        page.reload()
        expect(kept).to_have_count(20)
        page.set_input_files("#file", tmp_path / "shirt.png")
        expect(kept.first).to_contain_text(told["class"])
        expect(kept).to_have_count(20)
        page.locator("#forget").click()
        expect(kept).to_have_count(0)
        assert page.evaluate("localStorage.length") == 0


def test_it_drains_and_says_so(running):
    """The last test of the file: what was taken is answered, what comes later is not, and the exit is clean."""
    url, process = running
    body, answers, stop = png(np.zeros((28, 28), np.uint8)), [], threading.Event()

    def keep_asking():
        while not stop.is_set():
            try:
                answers.append(ask(url, "/v1/explain", body)["explanations"][0]["class"])
            except (urllib.error.URLError, ConnectionError) as error:
                answers.append(getattr(error, "code", "closed"))
                return

    threads = [threading.Thread(target=keep_asking) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) > 8)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=PATIENCE)
    stop.set()
    for thread in threads:
        thread.join()
    assert process.returncode == 0 and "every request that was taken has been answered" in err
    assert set(answers) - {503, "closed"} == {answers[0]} and answers.count(answers[0]) > 8
    lines = [json.loads(line) for line in out.splitlines()]
    assert {"time", "request", "method", "path", "status", "ms", "pictures"} <= set(lines[-1])
    assert sum(line["status"] == 200 and line["path"] == "/v1/explain" for line in lines) >= answers.count(answers[0])


def test_a_killed_worker_ends_the_command_with_a_word(tmp_path, capsys):
    served, answers = small_served(tmp_path), []

    def kill(key, rows):
        sys.exit("killed")

    def ask_for_the_last_time(port):
        until(lambda: is_ready(port))
        served.programs.answers = kill
        try:
            ask(f"http://127.0.0.1:{port}", "/v1/predict", FIRST_PICTURE)
        except urllib.error.HTTPError as error:
            answers.append(error.code)
            error.close()

    with bound("127.0.0.1", 0) as sockets:
        port = sockets[0].getsockname()[1]
        asking = threading.Thread(target=ask_for_the_last_time, args=(port,))
        asking.start()
        with pytest.raises(typer.Exit) as ended:
            run_service([served], Settings(log=False, deadline=PATIENCE, most_seconds=PATIENCE), sockets)
        asking.join()
    assert ended.value.exit_code == 1 and answers == [503]
    assert "the thread that owns the model ended" in capsys.readouterr().err


def test_what_is_refused_before_anything_is_loaded(tmp_path, monkeypatch, capsys):
    from featurelens.scripts.serving import command as serve

    for given, words in [
        (["--token", "short"], "at least 8"),
        (["a=three_conv", "a=residual"], "different names"),
        (["three_conv", "residual", "--trust", "x.json"], "one model"),
        ([str(tmp_path / "absent.keras")], "absent.keras"),
    ]:
        with pytest.raises(SystemExit) as ended:
            main(["serve", *given])
        assert ended.value.code == 1 and words in capsys.readouterr().err
    monkeypatch.setattr(serve, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        main(["serve"])
    assert 'pip install "featurelens[serve]"' in capsys.readouterr().err
