"""What a threshold would have done."""

import numpy as np
import pytest

from apps.caching.domain.calibration import THRESHOLDS, Match, Pair, Point, curve, matches, suggested
from apps.serving.embedding import HashingEmbedder

FOUND = [Match("q", "e", similarity, same) for similarity, same in
         [(0.99, True), (0.95, True), (0.93, False), (0.90, True), (0.80, False)]]  # fmt: skip


def found_in(*pairs: Pair, same=None) -> list[Match]:
    vectors = HashingEmbedder().vectors([pair.question for pair in pairs])
    agree = np.array([[one.answer == other.answer for one in pairs] for other in pairs]) if same is None else same
    return matches(pairs, vectors, agree, word_by_word=True)


def test_a_question_matches_the_nearest_earlier_one():
    found = found_in(
        Pair("How do I clean the pump?", "Oil."),
        Pair("How do I clean the filter?", "Water."),
        Pair("How do I clean the filters?", "Water."),
        Pair("please how can I clean the filter", "Soap."),
    )
    assert [(match.question, match.earlier, match.same) for match in found] == [
        ("How do I clean the filters?", "How do I clean the filter?", True),
        ("please how can I clean the filter", "How do I clean the filter?", False),
    ]
    assert all(THRESHOLDS[0] <= match.similarity < 1 for match in found)


def test_equal_questions_are_left_to_the_exact_cache():
    assert found_in(Pair("How do I clean it?", "A"), Pair("How do I clean it?", "A")) == []


def test_questions_of_different_conversations_never_meet():
    assert found_in(Pair("How do I clean it?", "A", "one"), Pair("How do I clean it", "A", "two")) == []


def test_the_guard_is_asked_as_it_is_in_the_cache():
    assert found_in(Pair("How do I enable the alarm?", "A"), Pair("How do I disable the alarm?", "A")) == []


def test_a_curve_counts_hits_and_false_ones_at_each_threshold():
    points = {point.threshold: point for point in curve(FOUND, 10)}
    assert points[0.93] == Point(0.93, 10, 3, 1)
    assert points[0.93].hit_rate == pytest.approx(0.3)
    assert points[0.93].false_rate == pytest.approx(1 / 3)
    assert points[1.0] == Point(1.0, 10, 0, 0)
    assert points[1.0].false_rate is None
    assert points[0.7].hits == 5


def test_lower_thresholds_never_have_fewer_hits():
    hits = [point.hits for point in curve(FOUND, 10)]
    assert hits == sorted(hits, reverse=True)


def test_the_suggestion_is_the_lowest_threshold_that_keeps_to_the_budget_all_the_way_up():
    assert suggested(curve(FOUND, 10), 0.02).threshold == 0.94
    assert suggested(curve(FOUND, 10), 0.34).threshold == 0.81
    assert suggested(curve(FOUND, 10), 1.0).threshold == THRESHOLDS[0]


def test_without_hits_there_is_nothing_to_suggest():
    assert suggested(curve([], 10), 0.02) is None
    assert suggested(curve([Match("q", "e", 0.99, False)], 10), 0.02) is None
