"""A report of finished runs: one page that opens anywhere, its figures, and a table."""

import collections
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pirgan_tf.analysis.claims import claims
from pirgan_tf.analysis.report import run_views, sections
from pirgan_tf.analysis.report.page import template
from pirgan_tf.analysis.report.study_views import is_study, study_view
from pirgan_tf.analysis.table import results, selection
from pirgan_tf.analysis.table.runs import Run, read_run
from pirgan_tf.errors import InputError

# A page of so few objectives begins with them, and tells the paper's claims later.
_FEW = 3


def write_report(sources: Sequence[str | Path], output: str | Path) -> None:
    """Write `index.html` and, if not all sources are studies, `results.csv` and `figures/`.

    The page holds its images and styles and needs no other file. What a run or a study
    lacks is named on the page as missing. Files of results give all but the images and
    curves of each objective.

    Args:
        sources: folders of `bin/reproduce`, of one evaluation or of `bin/study`, and files
            in the form of results.csv.
        output: a folder, which is made if need be.

    Raises:
        InputError: no source was given, one holds nothing to report or cannot be
            understood, or two hold the same row.
    """
    if not sources:
        raise InputError("sources must be at least one folder or results.csv. Received: none")
    output = Path(output)
    studies = [study_view(source) for source in sources if is_study(source)]
    others = [source for source in sources if not is_study(source)]
    if others:
        page = _report_runs(others, studies, output)
    else:
        page = template("studies_alone.html").render(studies=studies)
    output.mkdir(parents=True, exist_ok=True)
    (output / "index.html").write_text(page, encoding="utf-8")


def _report_runs(
    sources: Sequence[str | Path], studies: Sequence[dict[str, Any]], output: Path
) -> str:
    """Write the table and the figures of runs; return their page, with the studies on it."""
    runs, table = _read(sources)
    drawn = output / "figures"
    drawn.mkdir(parents=True, exist_ok=True)
    results.write_results(table, output / "results.csv")
    simulated = selection.simulated(table)
    shared, varying = sections.settings_of(table)
    numbers = [table["objective"].nunique(), *(len(run.objectives) for run in runs)]
    return template("report.html").render(
        few=max(numbers) <= _FEW,
        tally=sections.tally(table),
        runs=[run_views.run_view(run, drawn) for run in runs],
        claims=claims.check_claims(simulated),
        figures=sections.draw_figures(simulated, drawn),
        models=sections.fit_models(simulated),
        estimates_note=sections.estimates_note(table),
        groups=sections.group_rows(table),
        rounds=[list(line.itertuples()) for line in selection.rounds(table)],
        failures=list(table[table["failure"].notna()].itertuples()),
        shared=shared,
        varying=varying,
        studies=studies,
    )


def _read(sources: Sequence[str | Path]) -> tuple[list[Run], pd.DataFrame]:
    """Read the run folders, and the table of all sources."""
    runs = {
        number: read_run(source) for number, source in enumerate(sources) if Path(source).is_dir()
    }
    tables = [
        results.results_table([runs[number]]) if number in runs else results.read_results(source)
        for number, source in enumerate(sources)
    ]
    # Refuses what was given twice, while it still has the same name.
    results.correct(pd.concat(tables, ignore_index=True))
    _tell_apart(runs, tables)
    return list(runs.values()), results.correct(pd.concat(tables, ignore_index=True))


def _tell_apart(runs: dict[int, Run], tables: list[pd.DataFrame]) -> None:
    """Put the source's number behind the names of runs that several sources have."""
    count = collections.Counter(
        name
        for number, table in enumerate(tables)
        for name in ({runs[number].name} if number in runs else set(table["run"]))
    )
    for number, table in enumerate(tables):
        names = {name: f"{name}-{number + 1}" for name in count if count[name] > 1}
        tables[number] = table.assign(run=table["run"].replace(names))
        if number in runs:
            name = runs[number].name
            runs[number] = dataclasses.replace(runs[number], name=names.get(name, name))
