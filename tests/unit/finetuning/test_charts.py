from apps.finetuning.charts import loss_curve
from apps.finetuning.queries import LossPoint


def test_the_curve_has_a_line_for_each_kind_of_loss():
    chart = loss_curve([LossPoint(1, 2.0, None), LossPoint(2, 1.23456, 1.5)])
    training, validation = chart.figure["data"]
    assert (training["x"], training["y"]) == ([1, 2], [2.0, 1.2346])
    assert (validation["x"], validation["y"]) == ([2], [1.5])
    assert chart.rows == [[1, 2.0, None], [2, 1.2346, 1.5]]


def test_without_validation_rows_there_is_one_line():
    assert [line["name"] for line in loss_curve([LossPoint(1, 2.0, None)]).figure["data"]] == ["training"]


def test_before_the_first_figure_there_is_no_curve():
    assert loss_curve([]) is None
