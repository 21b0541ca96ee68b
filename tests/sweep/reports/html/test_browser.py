"""The report page in a real browser, headless: Chromium, of Debian's package."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sweep.trials.records import Ending
from tests.sweep.reports.html.test_content import page_of, run_of, trial
from tests.sweep.reports.outlook.test_outlook import some

__all__ = ["run_of"]  # a fixture

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed here: apt-get install chromium"
)
OFFLINE = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
STYLES = "path[style*='stroke-dasharray: 3']", "use[style*='fill-opacity: 0.12']"
"""Of curves that are expected, and of the bands around them."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=OFFLINE) as browser,
    ):
        yield browser


@pytest.fixture(params=[400, 1400])
def opened(request, browser, run_of, tmp_path) -> Iterator[Page]:
    """The page of 40 trials at two widths; it must not complain, and ask for nothing."""
    endings = [Ending.ERROR if i == 7 else Ending.PRUNED if i % 3 else Ending.COMPLETE
               for i in range(40)]  # fmt: skip
    text = page_of(run_of([trial(i, e) for i, e in enumerate(endings)]))
    with visit(browser, text, tmp_path, request.param) as page:
        yield page


@contextmanager
def visit(browser: Browser, text: str, folder: Path, width: int) -> Iterator[Page]:
    path = folder / "report.html"
    path.write_text(text)
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert complaints == []
    assert requests == [path.as_uri()]
    page.close()


def numbers(page: Page) -> list[int]:
    """The trials that can be seen, from top to bottom."""
    cells = page.locator("#trials tbody tr:visible td:first-child")
    return [int(text) for text in cells.all_inner_texts()]


def test_it_never_scrolls_sideways(opened: Page) -> None:
    width = opened.evaluate("document.documentElement.scrollWidth")
    assert width == opened.viewport_size["width"]


def test_words_in_plots_have_the_colour_of_the_page(opened: Page) -> None:
    opened.emulate_media(color_scheme="dark")
    colours = opened.evaluate("""() => [
        getComputedStyle(document.querySelector("figure svg text")).fill,
        getComputedStyle(document.body).color,
    ]""")
    assert colours[0] == colours[1]


def test_the_heads_of_columns_sort(opened: Page) -> None:
    head = opened.get_by_role("button", name="loss", exact=True)
    head.click()
    ascending = numbers(opened)
    assert ascending == sorted(range(40), reverse=True)  # the loss falls with the number
    head.press("Enter")
    assert numbers(opened) == ascending[::-1]
    column = opened.locator("#trials th", has_text="loss")
    assert column.get_attribute("aria-sort") == "descending"


def test_words_and_status_filter(opened: Page) -> None:
    opened.get_by_label("status").select_option("complete")
    complete = numbers(opened)
    assert complete == list(range(0, 40, 3))
    opened.get_by_label("find").fill("b")
    assert numbers(opened) == [number for number in complete if number % 2]
    assert opened.get_by_role("status").inner_text() == f"{len(complete) // 2} of 40 trials"


def test_pictures_have_words_and_names_of_parts_are_unique(opened: Page) -> None:
    assert opened.locator("main svg").count() == opened.locator("main svg[aria-label]").count() > 4
    ids = opened.evaluate("Array.from(document.querySelectorAll('[id]'), (e) => e.id)")
    assert len(ids) == len(set(ids))


def test_the_traceback_opens_by_keyboard(opened: Page) -> None:
    assert not opened.get_by_text("Traceback ...").is_visible()
    opened.locator("summary").press("Enter")
    assert opened.get_by_text("Traceback ...").is_visible()


def test_paper_gets_the_whole_table_in_black_on_white(opened: Page) -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    opened.set_viewport_size({"width": 718, "height": 1000})  # A4 within Chromium's margins
    assert not opened.get_by_label("find").is_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") == 718
    table = "document.querySelector('.tall')"
    assert opened.evaluate(f"{table}.scrollHeight === {table}.clientHeight")
    style = "getComputedStyle(document.querySelector('thead th'))"
    assert opened.evaluate(f"[{style}.color, {style}.backgroundColor]") == [
        "rgb(0, 0, 0)",
        "rgb(243, 245, 248)",
    ]


@pytest.mark.parametrize("width", [400, 1400])
def test_what_is_to_come_of_paused_trials_is_drawn_and_said(
    browser: Browser, run_of, tmp_path, width: int
) -> None:
    with visit(browser, page_of(run_of(some())), tmp_path, width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == width
        curves = page.get_by_role("img", name="loss after each epoch of each trial")
        dashed, bands = (curves.locator(style) for style in STYLES)
        assert dashed.count() == bands.count() == 10
        assert dashed.first.is_visible()
        title = curves.get_by_text("expected (dashed)").bounding_box()
        picture = curves.bounding_box()
        assert title["x"] + title["width"] <= picture["x"] + picture["width"]
        assert bands.first.is_visible()
        assert page.get_by_text(re.compile("Another 41 min would pay for")).is_visible()
        table = page.get_by_role("region", name="Paused trials")
        assert table.locator("tbody tr").count() == 10
        saved = page.locator(".tiles div", has_text="saved, estimated")
        assert saved.locator("dd").inner_text() == "21 %"
