"""The columns of results.csv, and their types."""

RESULTS_VERSION = 2

# Each column's type in memory, in the file's order.
COLUMNS = {
    "results_version": "Int64",
    # What was tried, and whether it ended well.
    "run": "object",
    "objective": "object",
    "family": "object",
    "layer": "object",
    "failure": "object",
    "seed": "Int64",
    "round": "Int64",
    "kept": "boolean",
    # What tells one experiment from another, and is the same in all its rounds.
    "num_images": "Int64",
    "num_train": "Int64",
    "impressions": "Int64",
    "rescaled": "boolean",
    "labels": "object",
    "head": "object",
    # Empty where every estimator has its own, fitted to its counts.
    "temperature": "float64",
    "members": "Int64",
    "caution": "float64",
    "initial": "object",
    "pir_weight": "float64",
    "adversarial_weight": "float64",
    "tune_steps": "Int64",
    "training_precision": "object",
    # True rates before and after tuning: `Comparison`.
    "num_before": "Int64",
    "num_after": "Int64",
    "mean_before": "float64",
    "mean_after": "float64",
    "sd_before": "float64",
    "sd_after": "float64",
    "change": "float64",
    "cohens_d": "float64",
    "cohens_d_low": "float64",
    "cohens_d_high": "float64",
    "t": "float64",
    "df": "float64",
    "p": "float64",
    "ci_low": "float64",
    "ci_high": "float64",
    "significant": "boolean",
    "p_holm": "float64",
    "significant_holm": "boolean",
    "verdict": "object",
    "percent_nonzero": "float64",
    "undefined_before": "Int64",
    "undefined_after": "Int64",
    "estimated_before": "float64",
    "estimated_after": "float64",
    "estimated_change": "float64",
    # Whether the estimator learned from the images of `estimated_before`.
    "learned_before": "boolean",
    # `Diversity` of all images after tuning against all before.
    "features": "object",
    "distance_before": "float64",
    "distance_after": "float64",
    "precision": "float64",
    "recall": "float64",
    "density": "float64",
    "coverage": "float64",
    "kid": "float64",
    "diversity_images": "Int64",
    # Kernel inception distances from held-out photographs.
    "photographs_kid_before": "float64",
    "photographs_kid_after": "float64",
    # How good the estimator was on images that it did not learn from.
    "heldout_spearman": "float64",
    "heldout_spearman_ceiling": "float64",
    "heldout_mae": "float64",
    "fit_num_heldout": "Int64",
    "fit_chosen_step": "Int64",
    # Seconds: the whole objective, with all weights and rounds, and this row's trainings.
    "seconds": "float64",
    "seconds_estimator": "float64",
    "seconds_tuning": "float64",
    # Grids of images: absolute paths in memory, relative to the file in the file.
    "images_before": "object",
    "images_after": "object",
    # Where it comes from; the options are JSON.
    "git_revision": "object",
    "run_options": "object",
    "estimator_options": "object",
    "tuning_options": "object",
    "evaluation_options": "object",
}
NEVER_EMPTY = ("results_version", "run", "objective", "family", "round", "kept")
# Tables of earlier versions lack these.
LATER = (
    *("training_precision", "learned_before", "members", "caution"),
    *("photographs_kid_before", "photographs_kid_after"),
)
