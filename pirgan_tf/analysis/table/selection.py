"""Which rows of results.csv the paper's figures and claims are about, and how it groups them."""

import pandas as pd

COLORS = ("single color", "two colors", "three colors")
LAYERS = ("pool1", "pool2", "pool3", "pool4", "pool5", "fc6", "fc7", "fc8")

# The objective, and its family, of what people were asked in place of an objective.
PEOPLE = "people"

# What distinguishes experiments, apart from the objective, the PIR weight and the round.
SETTINGS = (
    "seed",
    "num_images",
    "num_train",
    "impressions",
    "rescaled",
    "labels",
    "head",
    "temperature",
    "members",
    "caution",
    "initial",
    "adversarial_weight",
    "tune_steps",
    "training_precision",
)
# What tells the series of one objective through its rounds and PIR weights from another.
SERIES = ("run", "objective", *SETTINGS)
PAPER_PIR_WEIGHT = 1000


def evaluated(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that have figures."""
    return table[table["change"].notna()]


def simulated(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose users are simulated, as all of the paper's are."""
    return table[table["family"] != PEOPLE]


def first_tuning(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that correspond to the paper's: one per objective, run and setting.

    These are the evaluated ones of the first round, and among several PIR weights
    that nearest to the paper's 1000.
    """
    rows = evaluated(table)
    rows = rows[rows["round"] == 1]
    distance = (rows["pir_weight"] - PAPER_PIR_WEIGHT).abs()
    nearest = rows.loc[distance.sort_values(kind="stable").index]
    return nearest.drop_duplicates(list(SERIES)).sort_index()


def rounds(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each objective that was evaluated in several rounds, by round."""
    rows = evaluated(table).sort_values("round", kind="stable")
    keys = [*SERIES, "pir_weight"]
    several = rows[rows.groupby(keys, dropna=False)["round"].transform("size") > 1]
    return [line for _, line in several.groupby(keys, dropna=False, sort=False)]


def subsets(rows: pd.DataFrame) -> pd.Series:
    """Return what each row is shown with: its VGG16 layer, or its family of colours."""
    return rows["layer"].where(rows["layer"].notna(), rows["family"])


def is_single_filter(rows: pd.DataFrame) -> pd.Series:
    """Return which rows have one filter of VGG16 as their objective."""
    return rows["family"] == "1 filter"


def is_filter_set(rows: pd.DataFrame) -> pd.Series:
    """Return which rows have a set of filters of VGG16, 20 in the paper, as their objective."""
    return rows["layer"].notna() & ~is_single_filter(rows)


def is_color(rows: pd.DataFrame) -> pd.Series:
    """Return which rows have colours as their objective."""
    return rows["family"].isin(COLORS)
