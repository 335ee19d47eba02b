"""The class report in a real browser: sorting, filtering, links, and no request to anywhere."""

import pytest
from playwright.sync_api import expect

from autograder.report import render, summarize
from autograder.result import GRADED, NOT_GRADED, CellResult, Result
from autograder.similarity import Pair, Passage
from browser import desk

LAB = "lab06_depthwise_conv"
SHARES = {"ada": 1.0, "ben": 0.5, "cleo": 0.25, "dan": 0.5}
MISTAKES = {"ben": "kernel_flipped", "cleo": "kernel_flipped", "dan": "bias_left_out"}


def result(lab, name, share):
    """A graded submission with this share of every cell's points."""
    mistakes = [MISTAKES[name]] if name in MISTAKES else []
    cells = [
        CellResult(
            *(cell.grade_id, share * cell.points, cell.points),
            *("passed" if share == 1 else "partly passed", ""),
            *(mistakes, [f"The sentence of `{mistake}`." for mistake in mistakes]),
        )
        for cell in lab.graded_cells
        if not cell.by_hand
    ]
    return Result(LAB, name, GRADED, cells=cells)


@pytest.fixture(scope="module")
def address(lab06, tmp_path_factory):
    """The report of five students, beside the feedback of one of them."""
    folder = tmp_path_factory.mktemp("report")
    results = [result(lab06, name, share) for name, share in SHARES.items()]
    results[3].remarks.append("A cell never ends.")
    results.append(Result(LAB, "eve", NOT_GRADED, "It is not JSON."))
    passages = Passage("depthwise_conv2d", 3, "x = 1"), Passage("depthwise_conv2d", 5, "y = 1")
    pairs = [Pair("ben", "dan", 14, (20, 18), [passages])]
    (folder / "ben.html").write_text("<title>Feedback</title><h1>Feedback for ben</h1>")
    page = render(
        [summarize(lab06, results, None, pairs)],
        lambda student, lab: "ben.html" if student == "ben" else "",
    )
    (folder / "report.html").write_text(page, encoding="utf-8")
    return (folder / "report.html").as_uri()


@pytest.fixture
def page(browser, address, tmp_path):
    with desk.sheet(browser, tmp_path) as page:
        errors = []
        page.on("pageerror", lambda error: errors.append(error))
        page.goto(address)
        yield page
        assert not errors and not page.asked_outside


def students(page):
    """Names in the table of students, as they are shown."""
    return page.locator("table.students tbody tr:visible .name").all_inner_texts()


def header(page, text):
    return page.locator("table.students thead").get_by_role("button", name=text)


def test_students_are_sorted_by_any_column(page):
    everybody = ["ada", "ben", "cleo", "dan", "eve"]
    assert students(page) == everybody
    header(page, "student").click()
    assert students(page) == everybody[::-1]
    score = header(page, "score")
    score.click()
    assert students(page) == ["cleo", "dan", "ben", "ada", "eve"]  # who has no score comes last
    score.press("Enter")
    assert students(page) == ["ada", "dan", "ben", "cleo", "eve"]
    assert page.locator("table.students th[aria-sort]").all_inner_texts() == ["score\nof\xa011"]


def test_misconceptions_are_sorted_by_name(page):
    rows = page.locator("table.heat tbody tr")
    names = [row.get_attribute("data-misconception") for row in rows.all()]
    assert names == ["kernel_flipped", "bias_left_out"]
    page.locator("table.heat thead").get_by_role("button", name="misconception").click()
    names = [row.get_attribute("data-misconception") for row in rows.all()]
    assert names == ["bias_left_out", "kernel_flipped"]


@pytest.mark.parametrize(
    ("field", "option", "shown"),
    [
        ("show", "not graded", ["eve"]),
        ("show", "flagged", ["dan"]),
        ("show", "in a similar pair", ["ben", "dan"]),
        ("misconception", "kernel flipped (2)", ["ben", "cleo"]),
        ("cell", "depthwise gradients", ["ben", "cleo", "dan"]),
    ],
)
def test_students_are_filtered(page, field, option, shown):
    page.locator(f"select[name={field}]").select_option(label=option)
    assert students(page) == shown
    expect(page.locator(".controls output")).to_have_text(f"{len(shown)} of 5 shown")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".controls output")).to_have_text("5 of 5 shown")


def test_filters_add_up_with_a_search(page):
    page.locator("select[name=misconception]").select_option("kernel_flipped")
    page.get_by_role("searchbox", name="Search").fill("cle")
    assert students(page) == ["cleo"]
    page.get_by_role("searchbox", name="Search").fill("dan")
    assert students(page) == []


def test_a_number_of_the_heat_map_leads_to_its_students(page):
    page.get_by_role("button", name="Show the 2 with kernel flipped in depthwise gradients").click()
    assert students(page) == ["ben", "cleo"]
    expect(page.locator(".students-title")).to_be_focused()
    expect(page.locator(".students-title")).to_be_in_viewport()


def test_a_name_leads_to_the_feedback(page):
    table = page.locator("table.students")
    expect(table.get_by_role("link", name="ada")).to_have_count(0)  # has none yet
    table.get_by_role("link", name="ben").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Feedback for ben")


def test_a_similar_pair_opens_by_keyboard(page):
    page.locator("details.pair summary").press("Enter")
    expect(page.locator("details.pair pre").first).to_be_visible()
    assert page.locator("details.pair pre").all_inner_texts() == ["x = 1", "y = 1"]


def test_a_phone_shows_it_without_scrolling_sideways(page):
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
