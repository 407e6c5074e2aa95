"""What is published of the benchmark is made from one file of numbers."""

from tests.benchmarks.chart import draw
from tests.benchmarks.measuring import percentile
from tests.benchmarks.page import CHART, PAGE, measured, published


def test_the_page_and_the_chart_are_those_of_the_published_numbers() -> None:
    result = published()
    assert measured(result) in PAGE.read_text()
    assert CHART.read_text() == draw(result)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50.0, 99.0, 7.0)
