import demo
import pytest

COUNTS = {"captured": 9, "stored": 9, "acknowledged": 9, "received": 11, "missing": 0, "surplus": 0, "duplicates": 2}
GOOD = {**COUNTS, "day_agrees": True}


def test_a_whole_demo_has_no_faults():
    assert demo.judge(GOOD, 12.0) == []


@pytest.mark.parametrize(
    "change",
    [{"captured": 0, "stored": 0, "acknowledged": 0}, {"stored": 8}, {"acknowledged": 8}, {"missing": 1}, {"surplus": 1}],
)
def test_a_demo_that_lost_or_invented_a_reading_has_one_fault(change):
    assert len(demo.judge({**GOOD, **change}, 12.0)) == 1


def test_a_demo_whose_cut_left_no_answer_under_way_has_one_fault():
    assert len(demo.judge({**GOOD, "duplicates": 0}, 12.0)) == 1


@pytest.mark.parametrize("report", [{**COUNTS, "day_agrees": False}, {**COUNTS, "day_agrees": 1}, COUNTS])
def test_a_day_that_does_not_agree_is_a_fault(report):
    assert len(demo.judge(report, 12.0)) == 1


@pytest.mark.parametrize("name", demo.COUNTS)
def test_a_report_without_a_count_is_a_fault(name):
    assert demo.judge({k: v for k, v in GOOD.items() if k != name}, 12.0) == [f"the report has no count {name!r}"]


def test_a_demo_of_ten_times_the_promised_time_is_a_fault():
    assert len(demo.judge(GOOD, 601.0)) == 1


def test_a_command_that_fails_or_prints_no_report_fails():
    assert demo.main(["false"]) == 1
    with pytest.raises(ValueError):
        demo.main(["echo", "no report"])
