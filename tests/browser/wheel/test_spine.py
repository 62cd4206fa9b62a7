"""The first turn of the wheel on a whole instance: a customer asks, presses a thumb, and an engineer sees it."""

import os
import subprocess
import sys
from pathlib import Path

from openai import OpenAI
from playwright.sync_api import expect

from tests.browser.wheel.conftest import sign_in, stored
from tests.helpers.waiting import eventually

ROOT = Path(__file__).resolve().parents[3]


def test_the_readme_example_streams_an_answer_whose_trace_is_found(page, demo):
    client = OpenAI(base_url=f"{demo['FLYWHEEL_URL']}/v1", api_key=demo["FLYWHEEL_API_KEY"])
    question = {"role": "user", "content": "Where is my order with the two fenders?"}
    with client.chat.completions.with_streaming_response.create(
        model="support", messages=[question], stream=True
    ) as response:
        trace_id = response.headers["x-flywheel-trace-id"]
        words = [event.choices[0].delta.content or "" for event in response.parse() if event.choices]
    assert '"intent":"order_status"' in "".join(words)
    eventually(lambda: stored(trace_id, demo), within=30)
    sign_in(page, demo)
    page.goto(f"{demo['FLYWHEEL_URL']}/p/harbor-desk/traces/{trace_id}/")
    for step in ("authorize", "receive", "route", "chat harbor-desk-tiny", "engine.decode", "respond"):
        expect(page.get_by_text(step, exact=True).first).to_be_visible()
    expect(page.get_by_text("Where is my order with the two fenders?").first).to_be_visible()


def test_a_customers_thumb_appears_on_the_open_trace_by_itself(context, page, demo):
    page.goto(f"{demo['FLYWHEEL_URL']}/demo/product")
    page.get_by_label("Your message").fill("Can I keep my boat with you over winter?")
    page.get_by_role("button", name="Send", exact=True).click()
    widget = page.locator("flywheel-feedback")
    expect(widget).to_be_visible()
    trace_id = widget.get_attribute("trace-id")
    eventually(lambda: stored(trace_id, demo), within=30)

    engineer = context.new_page()
    sign_in(engineer, demo)
    engineer.goto(f"{demo['FLYWHEEL_URL']}/p/harbor-desk/traces/{trace_id}/")
    expect(engineer.get_by_text("Nobody has judged this answer yet.")).to_be_visible()

    page.bring_to_front()
    widget.get_by_role("button", name="Not helpful").click()
    expect(widget.get_by_role("status")).to_have_text("Thank you.")
    widget.get_by_label("Comment").fill("I asked about <b>winter</b> storage.")
    widget.get_by_role("button", name="Send comment").click()
    engineer.bring_to_front()
    expect(engineer.get_by_text("I asked about <b>winter</b> storage.")).to_be_visible()
    engineer.get_by_role("link", name="Feedback").first.click()
    expect(engineer.get_by_text("I asked about <b>winter</b> storage.")).to_be_visible()


def test_replayed_customers_fill_home_and_traces(instance, page, demo):
    replayed = subprocess.run(
        [sys.executable, "manage.py", "replay_demo", "--requests", "30", "--concurrency", "6"],
        cwd=ROOT,
        env={**instance.environment, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "30/30" in replayed.stdout
    sign_in(page, demo)
    expect(page.locator("#chart-traffic[data-drawn]")).to_be_attached()
    expect(page.locator("#chart-latency[data-drawn]")).to_be_attached()
    page.goto(f"{demo['FLYWHEEL_URL']}/p/harbor-desk/traces/")
    expect(page.locator("tr.row-link").nth(29)).to_be_attached()
