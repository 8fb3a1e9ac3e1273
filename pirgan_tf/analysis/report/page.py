"""How every page is made of its template: in one style, with numbers written in one way."""

from typing import Any

import jinja2
import pandas as pd

from pirgan_tf.analysis.statistics.comparison import format_p, verdict

_HERE = "pirgan_tf.analysis.report"
_NONE = "\N{EN DASH}"


def template(name: str, package: str = _HERE) -> jinja2.Template:
    """Return a template of a page.

    Args:
        name: its file in `templates/`.
        package: the package that has it; styles and macros are always those of this one.
    """
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(each) for each in (package, _HERE)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "figure": _figure,
        "signed": _signed,
        "p_value": _p_value,
        "verdict": verdict,
        "duration": _duration,
        "value": _value,
        "shortened": _shortened,
    }
    return environment.get_template(name)


def _number(value: Any, digits: int = 4) -> str:
    return _NONE if pd.isna(value) else f"{value:.{digits}f}"


def _figure(value: float | None) -> str:
    """Return a number of any size with up to four digits that count."""
    return _NONE if value is None else f"{value:.4g}"


def _signed(value: Any, digits: int = 4) -> str:
    return _NONE if pd.isna(value) else f"{value:+.{digits}f}"


def _p_value(value: Any) -> str:
    return _NONE if pd.isna(value) else format_p(value)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "not recorded"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _value(value: Any) -> str:
    """Return a setting for people: 1000 and not 1000.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _shortened(objective: str) -> str:
    """Return an objective for a table; sets of filters keep their first and last."""
    filters = objective.split(",")
    return objective if len(filters) < 4 else f"{filters[0]}, {filters[1]} … {filters[-1]}"
