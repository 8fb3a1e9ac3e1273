import fake_rows

from pirgan_tf.analysis.table import selection


def row(objective="color:red", **given):
    common = {"results_version": 2, "run": "a", "objective": objective, "family": "single color"}
    common |= {"round": 1, "kept": True, "change": 0.1, "p": 0.0, "pir_weight": 1000.0}
    return common | {"significant": True, "seed": 0} | given


def test_the_papers_rows_are_of_the_first_round_and_the_weight_nearest_to_1000():
    table = fake_rows.table_of(
        [
            row(pir_weight=100.0, change=1),
            row(pir_weight=900.0, change=2),
            row(pir_weight=1200.0, change=3),
            row(pir_weight=900.0, change=4, round=2),
            row("color:green", failure="tune: loss is not finite", change=None),
            row("color:blue", pir_weight=10.0, change=5),
        ]
    )
    assert selection.first_tuning(table)["change"].tolist() == [2, 5]


def test_runs_seeds_and_settings_are_rows_of_their_own():
    table = fake_rows.table_of(
        [row(), row(run="b"), row(seed=1), row(labels="soft"), row(temperature=1.0)]
    )
    assert len(selection.first_tuning(table)) == 5


def test_rounds_come_in_order_and_only_where_there_are_several():
    table = fake_rows.table_of(
        [row(round=2, change=2), row("color:blue"), row(round=1, change=1), row(run="b")]
    )
    (line,) = selection.rounds(table)
    assert line["round"].tolist() == [1, 2]
    assert line["change"].tolist() == [1, 2]


def test_subsets_are_layers_and_families_of_colours():
    filters = {"family": "20 filters", "layer": "pool3"}
    table = fake_rows.table_of([row(), row("vgg16:pool3:1,2", **filters)])
    assert selection.subsets(table).tolist() == ["single color", "pool3"]
    assert selection.is_color(table).tolist() == [True, False]
    assert selection.is_filter_set(table).tolist() == [False, True]
    assert selection.is_single_filter(table).tolist() == [False, False]
