"""The figures over all objectives: what is drawn, read back from matplotlib's own objects."""

import fake_rows
import matplotlib
import numpy as np
import pytest
from PIL import Image
from scipy import stats

from pirgan_tf.analysis.figures import style
from pirgan_tf.analysis.figures.objective_figures import NothingToDraw
from pirgan_tf.analysis.figures.pictures import save_figure
from pirgan_tf.analysis.figures.sweep_figures import FIGURES
from pirgan_tf.analysis.statistics import models
from pirgan_tf.analysis.table import selection

DRAW = {figure.name: figure.draw for figure in FIGURES}


@pytest.fixture(scope="module")
def table():
    return fake_rows.make_rows(3, 2, rounds=2, weights=(100.0, 1000.0, 3000.0), failures=2)


def points(axes):
    """All points of an axes, sorted: x, y, and whether it is faded and hollow."""
    return sorted(
        (*place, marks.get_alpha() < 1, np.allclose(marks.get_facecolor()[0, :3], 1))
        for marks in axes.collections
        for place in marks.get_offsets()
    )


def places(axes):
    return np.array([point[:2] for point in points(axes)])


def test_figure_2_has_single_filters_and_colours(table):
    (axes,) = DRAW["figure-2"](table).axes
    rows = selection.first_tuning(table)
    rows = rows[rows["family"] != "20 filters"]
    expected = sorted(zip(rows["percent_nonzero"], rows["cohens_d"], strict=True))
    assert len(expected) == 12 + 24
    np.testing.assert_allclose(places(axes), expected)


def test_figure_3_has_a_panel_a_kind_and_a_column_a_subset(table):
    figure = DRAW["figure-3"](table)
    top, bottom = figure.axes[:3], figure.axes[3:]
    assert [axes.get_title() for axes in top] == ["colours", "1 filter", "20 filters"]
    labels = [[text.get_text() for text in axes.get_xticklabels()] for axes in bottom]
    assert labels[0] == ["single color", "two colors", "three colors"]
    assert labels[1] == list(selection.LAYERS)
    rows = selection.first_tuning(table)
    for upper, lower, names, kind in zip(
        top, bottom, labels, ("color", "1 filter", "20 filters"), strict=True
    ):
        group = rows[rows["family"].str.contains(kind)]
        np.testing.assert_allclose(sorted(places(upper)[:, 1]), sorted(group["change"]))
        np.testing.assert_allclose(sorted(places(lower)[:, 1]), sorted(group["cohens_d"]))
        columns = np.rint(places(lower)[:, 0])
        assert np.abs(places(lower)[:, 0] - columns).max() <= 0.3
        subsets = selection.subsets(group)
        assert [sum(columns == k) for k in range(len(names))] == [
            sum(subsets == name) for name in names
        ]


def test_insignificant_points_are_faded(table):
    axes = DRAW["figure-3"](table).axes[1]
    rows = selection.first_tuning(table)
    rows = rows[rows["family"] == "1 filter"]
    insignificant = rows[rows["p"] >= 0.001]["change"]
    assert 0 < len(insignificant) < len(rows)
    faded = [point[1] for point in points(axes) if point[2]]
    np.testing.assert_allclose(sorted(faded), sorted(insignificant))


def test_points_are_jittered_the_same_way_each_time(table):
    first, second = (places(DRAW["figure-3"](table).axes[1]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(np.unique(first[:, 0])) == len(first)


def test_figure_5_has_the_fitted_line_and_the_diagonal(table):
    (axes,) = DRAW["figure-5"](table).axes
    lines = {line.get_label(): line.get_xydata() for line in axes.lines}
    model = models.change_by_estimate(selection.first_tuning(table))
    slope = model.coefficients["estimated_change"].value
    fitted = lines[f"least squares: slope {slope:.2f}, R² {model.r_squared:.2f}"]
    assert (fitted[1, 1] - fitted[0, 1]) / (fitted[1, 0] - fitted[0, 0]) == pytest.approx(slope)
    diagonal = lines["estimate = truth"]
    np.testing.assert_array_equal(diagonal[:, 0], diagonal[:, 1])


def test_sets_of_filters_are_hollow(table):
    (axes,) = DRAW["figure-6"](table).axes
    rows = selection.first_tuning(table)
    sets = rows[rows["family"] == "20 filters"]
    hollow = [point[:2] for point in points(axes) if point[3]]
    np.testing.assert_allclose(hollow, sorted(zip(sets["sd_before"], sets["change"], strict=True)))
    assert len(points(axes)) == len(rows)


def test_figure_6_has_the_line_of_variability_alone(table):
    (axes,) = DRAW["figure-6"](table).axes
    model = models.variability_alone(selection.first_tuning(table))
    rows = selection.first_tuning(table)
    slope, _, low, high = stats.theilslopes(rows["change"], rows["sd_before"], 0.95)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        f"least squares: slope {model.coefficients['sd_before'].value:.2f}, "
        f"R² {model.r_squared:.2f}",
        f"Theil-Sen: slope {slope:.2f} ({low:.2f} to {high:.2f})",
    ]


def test_figure_7_has_a_line_an_objective_from_no_effect_on(table):
    figure = DRAW["figure-7"](table)
    assert [axes.get_title() for axes in figure.axes] == ["pool2, 1 filter", "fc8, 1 filter"]
    lines = [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) == 3]
    rows = table[table["layer"].eq("pool2") & table["family"].eq("1 filter")]
    expected = [
        [0, *line.sort_values("round")["cohens_d"]] for _, line in rows.groupby("objective")
    ]
    np.testing.assert_allclose(sorted(map(list, lines)), sorted(expected))


def test_the_trade_off_has_a_line_an_objective_through_its_weights(table):
    few = table[table["family"].isin(["single color", "1 filter"])]
    left, right = DRAW["trade-off"](few).axes
    lines = [line.get_xydata() for line in left.lines if len(line.get_xydata()) == 3]
    red = few[few["objective"] == "color:red"].sort_values("pir_weight")
    lost = 1 - red["distance_after"] / red["distance_before"]
    assert len(lines) == 3
    assert any(np.allclose(line, np.column_stack([lost, red["change"]])) for line in lines)
    assert {text.get_text() for text in left.texts} >= {"100", "1000", "3000 red"}
    assert right.xaxis_inverted() and not left.xaxis_inverted()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("figure-2", "There is no evaluated single filter or colour objective."),
        ("figure-3", "There is no evaluated objective."),
        ("figure-4", "There is no evaluated colour objective."),
        ("figure-5", "There is no evaluated objective with an estimated change."),
        ("figure-6", "There is no evaluated objective."),
        ("figure-7", "No objective has a second round."),
        ("trade-off", "There is no row with a measured diversity."),
    ],
)
def test_a_figure_with_nothing_to_draw_says_why(name, reason):
    with pytest.raises(NothingToDraw) as raised:
        DRAW[name](fake_rows.table_of([]))
    assert str(raised.value) == reason


def test_one_point_is_no_pattern(table):
    with pytest.raises(NothingToDraw, match=r"^There is only one evaluated objective\.$"):
        DRAW["figure-3"](table[:1])


def grids(table, folder, side=32):
    """Give the colour rows grids of one colour each: 10 x row number before, 200 after."""
    table = table[table["family"] == "single color"].copy()
    for place, index in enumerate(table.index):
        for when, shade in (("before", 10 * place), ("after", 200)):
            path = folder / f"{place}-{when}.png"
            Image.new("RGB", (2 * side, side), (shade, 0, 0)).save(path)
            table.loc[index, f"images_{when}"] = str(path)
    return table


def test_figure_4_has_one_grid_before_and_one_for_each_objective(tmp_path):
    table = grids(fake_rows.make_rows(0, 0), tmp_path)
    figure = DRAW["figure-4"](table)
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == [
        "(a) before tuning",
        "(b) for red",
        "(c) for green",
        "(d) for blue",
    ]
    # The left square of each.
    assert {axes.images[0].get_array().shape for axes in shown} == {(32, 32, 3)}
    assert [axes.images[0].get_array()[0, 0, 0] for axes in shown] == [0, 200, 200, 200]


def test_figure_4_without_its_files_says_so(tmp_path):
    table = grids(fake_rows.make_rows(0, 0), tmp_path)
    (tmp_path / "1-after.png").unlink()
    assert sum(1 for axes in DRAW["figure-4"](table).axes if axes.images) == 3
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(NothingToDraw, match="not where the table says they are"):
        DRAW["figure-4"](table)


def test_subsets_can_be_told_apart_without_colours():
    assert len({marker for _, marker in style.MARKS.values()}) == len(style.MARKS)
    assert list(style.MARKS) == [*selection.COLORS, *selection.LAYERS]


def test_files_are_the_same_each_time_and_settings_stay(table, tmp_path):
    settings = dict(matplotlib.rcParams)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save_figure(DRAW["figure-2"](table), tmp_path / folder / "figure-2")
    for name in ("figure-2.png", "figure-2.svg"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert dict(matplotlib.rcParams) == settings
