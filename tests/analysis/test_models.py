import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.datasets import longley

from pirgan_tf.analysis.statistics import models

LAYERS = ("pool1", "pool2", "pool3", "pool4", "pool5", "fc6", "fc7", "fc8")


def make_rows(num=60, seed=0):
    """Return rows of sets of filters whose figures depend on each other in known ways."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "family": "20 filters",
            "layer": [LAYERS[index % 8] for index in range(num)],
            "sd_before": rng.uniform(0.01, 0.1, num),
            "mean_before": rng.uniform(0.1, 0.6, num),
            "percent_nonzero": rng.uniform(20, 100, num),
        }
    )
    layer = rows["layer"].map({name: number for number, name in enumerate(LAYERS, start=1)})
    rows["cohens_d"] = (
        2 - 0.13 * layer + 5 * rows["sd_before"] - 0.01 * (100 - rows["percent_nonzero"])
    ) + rng.normal(0, 0.2, num)
    rows["change"] = 0.99 * rows["sd_before"] + rng.normal(0, 0.02, num)
    rows["estimated_change"] = rows["change"] / 1.67 + rng.normal(0, 0.01, num)
    return rows


def assert_same(model, fit, names):
    """Compare a model with one that statsmodels fitted by formula."""
    assert list(model.coefficients) == ["intercept", *names.values()]
    low_high = fit.conf_int(0.05)
    for theirs, ours in {"Intercept": "intercept", **names}.items():
        coefficient = model.coefficients[ours]
        assert coefficient.value == pytest.approx(fit.params[theirs])
        assert coefficient.standard_error == pytest.approx(fit.bse[theirs])
        assert coefficient.t == pytest.approx(fit.tvalues[theirs])
        assert coefficient.p == pytest.approx(fit.pvalues[theirs])
        assert (coefficient.low, coefficient.high) == pytest.approx(tuple(low_high.loc[theirs]))
    assert model.r_squared == pytest.approx(fit.rsquared)
    assert model.num_objectives == fit.nobs
    assert model.df == fit.df_resid


def test_effect_by_layer_is_the_papers_model():
    rows = make_rows()
    others = make_rows(16, seed=1).assign(family="1 filter", cohens_d=9.0)
    colors = make_rows(9, seed=2).assign(family="two colors", layer=None)
    model = models.effect_by_layer(pd.concat([rows, others, colors], ignore_index=True))
    rows["number"] = [int(LAYERS.index(layer)) + 1 for layer in rows["layer"]]
    rows["zero"] = 100 - rows["percent_nonzero"]
    fit = smf.ols("cohens_d ~ number + sd_before + zero", rows).fit()
    assert_same(model, fit, {"number": "layer", "sd_before": "sd_before", "zero": "percent_zero"})
    assert model.coefficients["layer"].value == pytest.approx(-0.13, abs=0.04)
    assert model.coefficients["percent_zero"].value == pytest.approx(-0.01, abs=0.004)


def test_models_of_the_change():
    rows = make_rows()
    rows["zero"] = 100 - rows["percent_nonzero"]
    names = {"sd_before": "sd_before", "mean_before": "mean_before", "zero": "percent_zero"}
    fit = smf.ols("change ~ sd_before + mean_before + zero", rows).fit()
    assert_same(models.change_by_variability(rows), fit, names)
    fit = smf.ols("change ~ sd_before", rows).fit()
    assert_same(models.variability_alone(rows), fit, {"sd_before": "sd_before"})
    fit = smf.ols("change ~ estimated_change", rows).fit()
    assert_same(models.change_by_estimate(rows), fit, {"estimated_change": "estimated_change"})


def test_least_squares_by_numpy():
    rows = make_rows()
    columns = [rows["sd_before"], rows["mean_before"], 100 - rows["percent_nonzero"]]
    design = np.column_stack([np.ones(60), *columns])
    solution, residual, *_ = np.linalg.lstsq(design, rows["change"])
    model = models.change_by_variability(rows)
    values = [coefficient.value for coefficient in model.coefficients.values()]
    np.testing.assert_allclose(values, solution, atol=1e-12)
    total = np.sum((rows["change"] - rows["change"].mean()) ** 2)
    assert model.r_squared == pytest.approx(1 - residual[0] / total)


def test_longleys_certified_values():
    # NIST's Statistical Reference Datasets, https://www.itl.nist.gov/div898/strd/lls/data/Longley.shtml
    data = longley.load_pandas().data
    predictors = ("GNPDEFL", "GNP", "UNEMP", "ARMED", "POP", "YEAR")
    model = models.linear_model(data, "TOTEMP", predictors)
    certified = {
        "intercept": (-3482258.63459582, 890420.383607373),
        "GNPDEFL": (15.0618722713733, 84.9149257747669),
        "GNP": (-0.0358191792925910, 0.0334910077722432),
        "UNEMP": (-2.02022980381683, 0.488399681651699),
        "ARMED": (-1.03322686717359, 0.214274163161675),
        "POP": (-0.0511041056535807, 0.226073200069370),
        "YEAR": (1829.15146461355, 455.478499142212),
    }
    for name, (value, standard_error) in certified.items():
        assert model.coefficients[name].value == pytest.approx(value, rel=1e-6)
        assert model.coefficients[name].standard_error == pytest.approx(standard_error, rel=1e-6)
    assert model.r_squared == pytest.approx(0.995479004577296, rel=1e-9)
    assert (model.num_objectives, model.df) == (16, 9)


def test_rows_that_lack_a_figure_are_left_out():
    rows = make_rows()
    failed = rows.head(5).assign(change=np.nan, cohens_d=np.nan, percent_nonzero=np.nan)
    both = pd.concat([rows, failed], ignore_index=True)
    assert models.change_by_variability(both) == models.change_by_variability(rows)
    assert models.effect_by_layer(both) == models.effect_by_layer(rows)
    # What another model needs does not matter.
    assert models.variability_alone(rows.assign(estimated_change=np.nan)).num_objectives == 60


@pytest.mark.parametrize(
    ("model", "least"),
    [
        (models.effect_by_layer, 6),
        (models.change_by_variability, 6),
        (models.change_by_estimate, 4),
        (models.variability_alone, 4),
    ],
)
def test_too_few_rows_tell_nothing(model, least):
    rows = make_rows()
    assert model(rows.head(least - 1)) is None
    assert model(rows.head(least)).num_objectives == least
    assert model(rows.head(0)) is None


@pytest.mark.filterwarnings("error")
def test_what_does_not_vary_tells_nothing():
    rows = make_rows()
    assert models.effect_by_layer(rows.assign(layer="fc6")) is None
    assert models.effect_by_layer(rows.assign(cohens_d=0.5)) is None
    assert models.change_by_variability(rows.assign(percent_nonzero=100.0)) is None
    assert models.change_by_variability(rows.assign(mean_before=3 * rows["sd_before"])) is None
    assert models.variability_alone(rows.assign(percent_nonzero=100.0)) is not None
