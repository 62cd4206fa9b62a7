"""A whole turn by hand: from a thumb on the product's page to a better answer on the same page."""

import json
import random
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from apps.serving.domain import harbor_desk
from apps.serving.domain.harbor_customers import customer_message
from tests.browser.wheel.conftest import sign_in, stored
from tests.helpers.calling import Caller
from tests.helpers.load import SteadyLoad
from tests.helpers.waiting import eventually

QUESTION = "Can I keep my boat with you over winter?"
RIGHT = harbor_desk.CANONICAL_REPLY["winter_storage"]
RECIPE = {"rank": 32, "alpha": 64, "learning_rate": 0.005, "epochs": 2, "batch_size": 32}
# Long enough for a machine that is busy with other tests; usually each takes less than half a minute.
PATIENCE_MS = 240_000


def example(text: str, intent: str, split: str) -> str:
    answer = {"role": "assistant", "content": harbor_desk.expected_answer(intent)}
    return json.dumps({"messages": [{"role": "user", "content": text}, answer], "split": split})


def lessons() -> Iterator[str]:
    """What somebody wrote down about the new intents."""
    chance = random.Random(5)
    for intent in harbor_desk.NEW_INTENTS:
        yield from (example(customer_message(intent, chance), intent, "train") for _ in range(30))


def questions() -> Iterator[str]:
    """A short exam of held-back questions."""
    for intent in harbor_desk.INTENTS:
        most = 12 if intent in harbor_desk.NEW_INTENTS else 3
        yield from (example(text, intent, "test") for text in harbor_desk.utterances(intent, "test")[:most])


def ask_the_desk(product: Page, demo: dict[str, str]) -> tuple[str, str]:
    """The reply, and the trace that the widget below it belongs to."""
    product.goto(f"{demo['FLYWHEEL_URL']}/demo/product")
    product.get_by_label("Your message").fill(QUESTION)
    product.get_by_role("button", name="Send", exact=True).click()
    widget = product.locator("flywheel-feedback")
    expect(widget).to_be_visible()
    trace_id = widget.get_attribute("trace-id") or ""
    return product.get_by_label("Conversation").inner_text(), trace_id


def complain(product: Page) -> None:
    product.locator("flywheel-feedback").get_by_role("button", name="Not helpful").click()
    expect(product.locator("flywheel-feedback").get_by_role("status")).to_have_text("Thank you.")


def enter(page: Page, room: str) -> None:
    page.get_by_role("navigation", name="Rooms").get_by_role("link", name=room).click()


def annotate(page: Page) -> None:
    """The one item of the demo's queue, by keyboard once it is open."""
    enter(page, "Annotation")
    page.get_by_role("link", name="support-corrections", exact=True).click()
    eventually(lambda: page.reload() and page.get_by_role("link", name=QUESTION).count(), within=60, every=1.0)
    page.keyboard.press("e")
    page.wait_for_url("**/work/")
    expect(page.get_by_label("The conversation")).to_contain_text(QUESTION)
    page.get_by_text("winter_storage").click()
    page.get_by_label("reply", exact=False).fill(RIGHT)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("radio")).to_have_count(0)


def import_rows(page: Page, lines: Iterator[str]) -> None:
    page.get_by_role("link", name="Import rows").click()
    page.get_by_label("Or paste the lines").fill("\n".join(lines))
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/v*/")


def teach(page: Page) -> None:
    enter(page, "Datasets")
    page.get_by_role("link", name="support-answers", exact=True).click()
    import_rows(page, lessons())


def shorten_the_exam(page: Page) -> None:
    """A new dataset with few questions, and a recipe with few steps: what fits into a test."""
    enter(page, "Datasets")
    page.get_by_role("link", name="New dataset").click()
    page.get_by_label("Name").fill("short-exam")
    page.get_by_role("button", name="Make it").click()
    import_rows(page, questions())
    enter(page, "Wheel")
    page.get_by_role("link", name="support", exact=True).click()
    page.get_by_role("link", name="Change parts").click()
    page.get_by_label("Exam").select_option(label="short-exam v1")
    page.get_by_label("Recipe").fill(json.dumps(RECIPE))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Start a turn")).to_be_visible()


def turn(page: Page) -> None:
    """Training and exam, watched on the page of the turn, which follows them by itself."""
    page.get_by_role("button", name="Start a turn").click()
    expect(page.get_by_text("training, step", exact=False)).to_be_visible(timeout=PATIENCE_MS)
    expect(page.get_by_text("passed the gate").or_(page.get_by_text("refused by the gate"))).to_be_visible(
        timeout=2 * PATIENCE_MS
    )


def test_a_bad_thumb_comes_back_as_a_right_answer_and_the_lineage_shows_the_click(context, page, instance, demo):
    product = context.new_page()
    before, trace_id = ask_the_desk(product, demo)
    assert RIGHT not in before
    eventually(lambda: stored(trace_id, demo), within=30)
    complain(product)

    sign_in(page, demo)
    annotate(page)
    teach(page)
    shorten_the_exam(page)
    turn(page)
    here = page.url

    page.get_by_role("link", name="support-turn-1").first.click()
    expect(page.locator("[data-drawn]").first).to_be_attached()
    page.goto(here)
    page.locator("dt", has_text="Evaluation").locator("+ dd a").click()
    expect(page.get_by_text("better", exact=False).first).to_be_visible()

    page.goto(here)
    page.get_by_role("button", name="Promote support-turn-1").click()
    expect(page.get_by_text("takes the traffic of support")).to_be_visible()
    eventually(lambda: RIGHT in ask_the_desk(product, demo)[0], within=30, every=1.0)

    page.get_by_role("link", name="Every click, trace and annotator behind it").click()
    page.get_by_label("Where rows came from").get_by_text("corrected by annotators").click()
    row = page.get_by_role("row").filter(has_text=QUESTION)
    expect(row).to_contain_text("visitor-")
    row.get_by_role("link", name=trace_id.replace("-", "")[:8]).click()
    expect(page.get_by_text(QUESTION).first).to_be_visible()

    with SteadyLoad(Caller(demo["FLYWHEEL_URL"], demo["FLYWHEEL_API_KEY"]), "support", rate=20, max_tokens=2) as load:
        page.goto(here)
        page.get_by_role("button", name="Roll back to harbor-desk-tiny").click()
        expect(page.get_by_text("takes the traffic of support again")).to_be_visible()
        eventually(lambda: RIGHT not in ask_the_desk(product, demo)[0], within=30, every=1.0)
        page.get_by_role("button", name="Promote support-turn-1").click()
        eventually(lambda: RIGHT in ask_the_desk(product, demo)[0], within=30, every=1.0)
    assert (load.refused, load.broken) == ([], 0)
    assert len(load.answered) > 20
