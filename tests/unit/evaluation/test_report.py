"""The report of an evaluation."""

import json

import pytest

from apps.evaluation.domain.report import MOST_SLICES, Judged, Row, build_report
from apps.evaluation.domain.scoring import failed, score

EXPECTED = '{"intent":"sail_repair","reply":"Bring the sail."}'
WRONG = '{"intent":"trade_in","reply":"Bring the sail."}'


def judged(output=EXPECTED, *, expected=EXPECTED, latency_ms=100.0):
    if output is None:
        return Judged(failed(expected=expected), None, failed=True)
    return Judged(score(expected=expected, output=output), latency_ms, failed=False)


def rows(*pairs, tags=()):
    return [Row(tags, {"novel": judged(ours), "steady": judged(theirs)}) for ours, theirs in pairs]


def report(found, *, incumbent="steady", field="intent"):
    return build_report(found, candidate="novel", incumbent=incumbent, field=field)


def test_each_model_has_its_shares_its_latency_and_its_errors():
    figures = report(rows((EXPECTED, WRONG), (EXPECTED, None), ("no idea", EXPECTED), (EXPECTED, EXPECTED)))
    assert figures["rows"] == 4
    assert figures["models"]["novel"] == {
        "rows": 4,
        "json_valid": 0.75,
        "exact": 0.75,
        "fields": {"intent": 0.75, "reply": 0.75},
        "similarity": {"intent": 0.75, "reply": 0.75},
        "latency_ms": {"p50": 100.0, "p95": 100.0},
        "errors": 0,
    }
    steady = figures["models"]["steady"]
    assert (steady["errors"], steady["exact"], steady["fields"]["reply"]) == (1, 0.5, 0.75)


def test_the_comparison_is_about_the_chosen_field():
    found = rows(*[(EXPECTED, WRONG)] * 30, *[(EXPECTED, EXPECTED)] * 10)
    on_intent, on_reply = report(found)["comparison"], report(found, field="reply")["comparison"]
    assert (on_intent["only_candidate"], on_intent["both"], on_intent["verdict"]) == (30, 10, "better")
    assert (on_reply["only_candidate"], on_reply["both"]) == (0, 40)


def test_an_error_counts_as_wrong():
    comparison = report(rows(*[(None, EXPECTED)] * 40))["comparison"]
    assert (comparison["only_incumbent"], comparison["verdict"]) == (40, "worse")


def test_without_an_incumbent_there_is_no_comparison():
    found = [Row((), {"novel": judged()})]
    figures = report(found, incumbent=None)
    assert figures["comparison"] is None
    assert list(figures["models"]) == ["novel"]


def test_slices_are_by_tag_and_a_row_counts_in_each_of_its_tags_once():
    found = rows((EXPECTED, WRONG), tags=["storm", "storm", "night"]) + rows((WRONG, WRONG), tags=["storm"])
    slices = report(found)["slices"]
    assert list(slices) == ["storm", "night"]
    assert slices["storm"] == {
        "rows": 2,
        "novel": {"exact": 0.5, "fields": {"intent": 0.5, "reply": 1.0}},
        "steady": {"exact": 0.0, "fields": {"intent": 0.0, "reply": 1.0}},
    }
    assert slices["night"]["rows"] == 1


def test_of_very_many_tags_the_most_frequent_stay():
    found = [row for n in range(MOST_SLICES + 20) for row in rows((EXPECTED, EXPECTED), tags=[f"t{n}"])]
    figures = report(found + rows((EXPECTED, EXPECTED), tags=["t115"]))
    assert len(figures["slices"]) == MOST_SLICES
    assert next(iter(figures["slices"])) == "t115"
    assert figures["slices_left_out"] == 20


def test_rows_that_lack_the_field_are_not_compared_on_it():
    bare = '{"reply":"Ahoy."}'
    lacking = Row((), {name: judged(bare, expected=bare) for name in ("novel", "steady")})
    figures = report([*rows((EXPECTED, EXPECTED)), lacking])
    assert figures["rows"] == 2
    assert figures["comparison"]["rows"] == 1
    assert figures["models"]["novel"]["fields"] == {"intent": 1.0, "reply": 1.0}


def test_a_row_that_only_one_model_has_answered_does_not_count():
    half = Row((), {"novel": judged()})
    assert report([*rows((EXPECTED, WRONG)), half])["rows"] == 1


def test_plain_text_has_no_validity_and_one_similarity():
    texts = {name: judged("At eight.", expected="At eight.") for name in ("novel", "steady")}
    figures = report([Row((), texts)], field="")["models"]["novel"]
    assert (figures["json_valid"], figures["exact"], figures["fields"]) == (None, 1.0, {})
    assert figures["similarity"] == {"answer": 1.0}


def test_latency_is_that_of_the_answers():
    found = [Row((), {"novel": judged(latency_ms=float(n)), "steady": judged(None)}) for n in range(101)]
    models = report(found)["models"]
    assert models["novel"]["latency_ms"] == {"p50": 50.0, "p95": pytest.approx(95.0)}
    assert models["steady"]["latency_ms"] == {"p50": None, "p95": None}


def test_a_report_without_rows_is_still_a_report():
    figures = report([])
    assert (figures["rows"], figures["models"]["novel"]["exact"]) == (0, None)
    assert figures["comparison"]["verdict"] == "not enough data"


def test_a_report_is_json():
    found = rows((EXPECTED, WRONG), tags=["night"])
    assert json.loads(json.dumps(report(found))) == report(found)
