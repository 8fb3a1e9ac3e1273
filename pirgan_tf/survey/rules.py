"""Rules by which a rater's answers are not to be believed; the paper has none."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from pirgan_tf.errors import InputError
from pirgan_tf.survey.weights import STARS

PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
# Correlations: what tells nobody from anybody, and what atanh still takes.
_LEAST_AGREEMENT, _MOST = 0.1, 0.9999
# Of the normal distribution, one-sided.
_Z = 1.645
_PARAMETER = re.compile(r"(\w+)\.(\w+)=(.*)")
_BOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|headless|phantomjs|selenium|puppeteer|playwright|scrapy"
    r"|curl/|wget/|python-|httpx/|aiohttp/|java/|okhttp/|go-http-client|libwww|postman",
    re.IGNORECASE,
)


@dataclasses.dataclass(frozen=True)
class TooFast:
    """Fails who gave at least a `share` of the answers sooner than `min_seconds` after the image.

    It needs times for at least `min_answers` answers.
    """

    min_seconds: float = 0.4
    share: float = 0.5
    min_answers: int = 10

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        if rater["timed"] < self.min_answers:
            return NOT_RUN, f"{rater['timed']} answers with times, of {self.min_answers} needed"
        verdict = FAILED if rater["fast"] >= self.share * rater["timed"] else PASSED
        return verdict, f"{rater['fast']} of {rater['timed']} within {self.min_seconds:g} s"


@dataclasses.dataclass(frozen=True)
class SameStar:
    """Fails who gave at least a `share` of at least `min_ratings` ratings the same star.

    Unless the gallery is like that: if at least a part `others` of the others' ratings of the
    same images, of which it needs `min_ratings` too, are the same as the rater's.
    """

    min_ratings: int = 10
    share: float = 0.95
    others: float = 0.5

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        counts = dict(zip(STARS, rater["stars"], strict=True))
        ratings = sum(counts.values())
        if ratings < self.min_ratings:
            return NOT_RUN, f"{ratings} ratings, of {self.min_ratings} needed"
        star = max(counts, key=counts.__getitem__)
        reason = f"{counts[star]} of {ratings} ratings were {star}"
        if counts[star] < self.share * ratings:
            return PASSED, reason
        others = rater["comparison"]
        if others.others < self.min_ratings:
            return NOT_RUN, f"{reason}; {others.others} by others, of {self.min_ratings} needed"
        verdict = FAILED if others.alike < self.others * others.others else PASSED
        return verdict, f"{reason}; {others.alike} of the others' {others.others} were the same"


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Fails whose stars go along with the others' less than with a `share` of what is usual.

    It is measured by the correlation of the rater's stars with the mean of the others' for
    the same images, of which it needs `min_ratings`; Fisher's transformation gives the 95 %
    upper bound that is compared. It cannot run where raters hardly agree at all.
    """

    min_ratings: int = 20
    share: float = 0.7

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        others = rater["comparison"]
        if others.compared < self.min_ratings:
            return NOT_RUN, (
                f"{others.compared} ratings of images that others rated, "
                f"of {self.min_ratings} needed"
            )
        # NaN is not above anything.
        if not others.usual > _LEAST_AGREEMENT:
            return NOT_RUN, "raters hardly agree"
        if math.isnan(others.correlation):
            return NOT_RUN, "the ratings, or the others', are all the same"
        error = 1 / math.sqrt(max(others.compared - 3, 1))
        # Kept from infinity, which is where all agree.
        fisher = math.atanh(min(max(others.correlation, -_MOST), _MOST))
        verdict = FAILED if math.tanh(fisher + _Z * error) < self.share * others.usual else PASSED
        return verdict, (
            f"correlation with the others {others.correlation:.2f}, usual {others.usual:.2f}"
        )


@dataclasses.dataclass(frozen=True)
class Consistency:
    """Fails whose stars for images seen twice differ by more than `max_difference` on average.

    It needs `min_repeats` of them.
    """

    min_repeats: int = 3
    max_difference: float = 1.5

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        repeats, difference = rater["repeats"]
        if repeats < self.min_repeats:
            return NOT_RUN, f"{repeats} images rated twice, of {self.min_repeats} needed"
        verdict = FAILED if difference > self.max_difference else PASSED
        return verdict, f"{repeats} images rated twice differ by {difference:.2f} on average"


@dataclasses.dataclass(frozen=True)
class Burst:
    """Fails who gave more than `per_minute` answers in some 60 seconds."""

    per_minute: int = 80

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        if rater["answers"] == 0:
            return NOT_RUN, "no answers"
        shortest = rater["shortest"]
        if pd.isna(shortest):
            return PASSED, f"never more than {self.per_minute} answers in 60 s"
        verdict = FAILED if shortest <= 60 else PASSED
        return verdict, f"{self.per_minute + 1} answers in {shortest:.1f} s"


@dataclasses.dataclass(frozen=True)
class DeclaredBot:
    """Fails whose browser calls itself a program."""

    def judge(self, rater: Mapping[str, Any]) -> tuple[str, str]:
        """Returns verdict and reason for what `judge_raters` knows of a rater."""
        if not rater["user_agent"]:
            return NOT_RUN, "the browser did not say what it is"
        found = _BOTS.search(rater["user_agent"])
        return (FAILED, f"it says {found[0]!r}") if found else (PASSED, "it names no program")


@dataclasses.dataclass(frozen=True)
class ValidityRules:
    """The rules, each with its parameters."""

    too_fast: TooFast = TooFast()
    same_star: SameStar = SameStar()
    agreement: Agreement = Agreement()
    consistency: Consistency = Consistency()
    burst: Burst = Burst()
    declared_bot: DeclaredBot = DeclaredBot()

    @classmethod
    def parse(cls, settings: Mapping[str, Any]) -> "ValidityRules":
        """Makes the rules of a study.

        Args:
            settings: the study's "validity": parameters by rule, such as
                {"burst": {"per_minute": 60}}; what is absent has its default.

        Raises:
            InputError: there is no such rule or parameter, or it is no positive number.
        """
        rules = cls()
        names = [field.name for field in dataclasses.fields(rules)]
        for name, parameters in settings.items():
            if name not in names:
                raise InputError(
                    f"a rule of validity must be one of {', '.join(names)}. Received: {name!r}"
                )
            rule = getattr(rules, name)
            known = [field.name for field in dataclasses.fields(rule)]
            for parameter, value in parameters.items():
                if parameter not in known:
                    raise InputError(
                        f"parameters of {name} are {', '.join(known) or 'none'}. "
                        f"Received: {parameter!r}"
                    )
                if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                    raise InputError(
                        f"{parameter} of {name} must be a number above 0. Received: {value!r}"
                    )
            changed = dataclasses.replace(rule, **parameters)
            rules = dataclasses.replace(rules, **{name: changed})
        return rules


def parse_validity(texts: Sequence[str]) -> dict[str, dict[str, float]]:
    """Reads parameters of rules as a flag has them.

    Args:
        texts: each like "burst.per_minute=60".

    Returns:
        What `ValidityRules.parse` takes, which has accepted it.

    Raises:
        InputError: one is not like that, comes twice, or is refused by `ValidityRules.parse`.
    """
    settings: dict[str, dict[str, float]] = {}
    for text in texts:
        found = _PARAMETER.fullmatch(text)
        try:
            value = float(found[3]) if found else math.nan
        except ValueError:
            value = math.nan
        if not found or not math.isfinite(value) or found[2] in settings.get(found[1], {}):
            raise InputError(
                "validity must be parameters like burst.per_minute=60, each once. "
                f"Received: {text!r}"
            )
        settings.setdefault(found[1], {})[found[2]] = int(value) if value.is_integer() else value
    ValidityRules.parse(settings)
    return settings
