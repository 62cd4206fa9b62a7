import pytest

from apps.feedback.domain.judgement import MAX_COMMENT, UnclearJudgement, judgement


@pytest.mark.parametrize(("label", "score"), [("up", 1.0), ("DOWN ", -1.0)])
def test_a_thumb_has_its_place_on_the_scale(label, score):
    assert judgement(label=label).score == score


def test_a_label_of_ones_own_keeps_the_score_it_came_with():
    said = judgement(score=0.5, label="mostly fine")
    assert (said.score, said.label) == (0.5, "mostly fine")


def test_a_bare_comment_is_a_judgement_without_a_score():
    assert judgement(comment=" too long ").comment == "too long"
    assert judgement(comment="too long").score is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "score"),
        ({"score": 1.5}, "score"),
        ({"score": float("nan")}, "score"),
        ({"score": -1.0, "label": "up"}, "score"),
        ({"comment": "x" * (MAX_COMMENT + 1)}, "comment"),
        ({"comment": " \0 "}, "score"),
    ],
)
def test_an_unclear_judgement_names_the_field_to_mend(said, field):
    with pytest.raises(UnclearJudgement) as refused:
        judgement(**said)
    assert refused.value.field == field
