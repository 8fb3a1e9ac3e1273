"""What an interaction is worth: from stars, or what happened on a page, to [0, 1]."""

import math
import re
from dataclasses import dataclass

from pirgan_tf.errors import InputError

STARS = range(1, 6)
DEFAULT_WEIGHTS = {"rating": "0,.25,.5,.75,1", "page": "click=1,share=1"}
_PART = re.compile(r"(click|share|dwell)(?:>([^=]*))?=(.*)")


@dataclass(frozen=True)
class PageWeight:
    """What it adds that a visitor clicked, shared, or stayed.

    Attributes:
        kind: "click", "share" or "dwell".
        above: for dwell, the seconds that must be exceeded; else None.
        weight: in [0, 1].
    """

    kind: str
    above: float | None
    weight: float


@dataclass(frozen=True)
class PirWeights:
    """How positive an interaction is (section 1 of the paper: a weighted sum).

    Attributes:
        mode: of the studies that they are for, "rating" or "page".
        stars: weights of 1, 2, 3, 4 and 5 stars, in [0, 1]; none for a page.
        page: what is added up for a page, to at most 1; none for ratings.
    """

    mode: str
    stars: tuple[float, ...] = ()
    page: tuple[PageWeight, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "PirWeights":
        """Reads weights such as "0,.25,.5,.75,1" or "click=1,share=1,dwell>10=.5".

        Raises:
            InputError: the text is neither, or a weight is outside of [0, 1].
        """
        parts = [part.strip() for part in text.split(",")]
        if "=" in text:
            page = tuple(_page_weight(part, text) for part in parts)
            if len({(weight.kind, weight.above) for weight in page}) < len(page):
                raise _refusal("each of a page's interactions may have one weight", text)
            return cls("page", page=page)
        if len(parts) != 5:
            raise _refusal("five stars have five weights", text)
        stars = tuple(_number(part, text) for part in parts)
        if list(stars) != sorted(stars):
            raise _refusal("more stars must not be worth less", text)
        return cls("rating", stars=stars)


def _page_weight(part: str, text: str) -> PageWeight:
    match = _PART.fullmatch(part)
    if match is None or (match[1] == "dwell") != (match[2] is not None):
        raise _refusal(f"{part!r} is none of a page's interactions", text)
    above = None if match[2] is None else _number(match[2], text, maximum=math.inf)
    return PageWeight(match[1], above, _number(match[3], text))


def _number(part: str, text: str, maximum: float = 1) -> float:
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not 0 <= value <= maximum or math.isinf(value):
        raise _refusal(f"{part!r} is no number from 0" + " to 1" * (maximum == 1), text)
    return value


def _refusal(reason: str, text: str) -> InputError:
    return InputError(
        "pir_weights must be like 0,.25,.5,.75,1 (for 1 to 5 stars) or like "
        f"click=1,share=1,dwell>10=.5 (for a page): {reason}. Received: {text!r}"
    )
