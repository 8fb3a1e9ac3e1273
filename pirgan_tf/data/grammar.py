"""A small probabilistic grammar, whose entropy is known exactly."""

import math
import random
from collections.abc import Callable, Mapping, Sequence

_Rules = Mapping[str, Sequence[tuple[float, str]]]


class Grammar:
    """A probabilistic context-free grammar without recursion, and without ambiguity.

    Every sentence has one derivation only, so that the entropy of sentences is that of the
    choices that make them.

    Args:
        rules: for every symbol, what it may become, with the probabilities, whose sum is 1.
            What is no symbol is a word. The first symbol is the sentence.
    """

    def __init__(self, rules: _Rules):
        self._rules = {
            symbol: [(probability, tuple(text.split())) for probability, text in choices]
            for symbol, choices in rules.items()
        }
        self._first = next(iter(rules))

    @property
    def entropy(self) -> float:
        """Of a sentence, in nats."""
        return self._mean(lambda probability, _: -math.log(probability), self._first)

    @property
    def mean_length(self) -> float:
        """Of a sentence, in words."""
        return self._mean(
            lambda _, parts: sum(part not in self._rules for part in parts), self._first
        )

    @property
    def perplexity(self) -> float:
        """The least perplexity that a model can have, of words and the end of each sentence."""
        return math.exp(self.entropy / (self.mean_length + 1))

    def sample(self, count: int, seed: int) -> list[str]:
        """Draws sentences, words with spaces."""
        draws = random.Random(seed)
        return [" ".join(self._draw(self._first, draws)) for _ in range(count)]

    def log_probability(self, sentence: str) -> float:
        """Returns log p of a sentence, words with spaces, in nats; -inf for one that is none."""
        words = sentence.split()
        return self._parse(self._first, words, 0).get(len(words), -math.inf)

    def _mean(self, value: Callable[[float, tuple[str, ...]], float], symbol: str) -> float:
        """The expected sum of a value of all choices below a symbol."""
        if symbol not in self._rules:
            return 0.0
        return sum(
            probability
            * (value(probability, parts) + sum(self._mean(value, part) for part in parts))
            for probability, parts in self._rules[symbol]
        )

    def _draw(self, symbol: str, draws: random.Random) -> list[str]:
        if symbol not in self._rules:
            return [symbol]
        weights, choices = zip(*self._rules[symbol], strict=True)
        [parts] = draws.choices(choices, weights)
        return [word for part in parts for word in self._draw(part, draws)]

    def _parse(self, symbol: str, words: list[str], begin: int) -> dict[int, float]:
        """Returns log p of a symbol for each place where it can end if it begins at `begin`."""
        if symbol not in self._rules:
            return {begin + 1: 0.0} if words[begin : begin + 1] == [symbol] else {}
        found: dict[int, float] = {}
        for probability, parts in self._rules[symbol]:
            ends = {begin: math.log(probability)}
            for part in parts:
                ends = {
                    end: before + after
                    for middle, before in ends.items()
                    for end, after in self._parse(part, words, middle).items()
                }
            found |= ends
        return found


def _even(*words: str) -> list[tuple[float, str]]:
    return [(1 / len(words), word) for word in words]


# A verb agrees with its subject, from which other nouns may part it.
GRAMMAR = Grammar(
    {
        "SENTENCE": [(0.6, "ONE DOES"), (0.4, "SEVERAL DO")],
        "ONE": [(0.5, "SINGLE"), (0.3, "SINGLE PLACE"), (0.2, "SINGLE that ACTS ANY")],
        "SEVERAL": [(0.5, "PLURAL"), (0.3, "PLURAL PLACE"), (0.2, "PLURAL that ACT ANY")],
        "SINGLE": [(0.4, "the NOUN"), (0.3, "a NOUN"), (0.3, "the ADJECTIVE NOUN")],
        "PLURAL": [(0.4, "the NOUNS"), (0.3, "some NOUNS"), (0.3, "the ADJECTIVE NOUNS")],
        "PLACE": [(0.7, "near ANY"), (0.3, "behind ANY")],
        "ANY": [(0.5, "the NOUN"), (0.5, "the NOUNS")],
        "DOES": [(0.3, "RESTS"), (0.2, "RESTS ADVERB"), (0.5, "ACTS ANY")],
        "DO": [(0.3, "REST"), (0.2, "REST ADVERB"), (0.5, "ACT ANY")],
        "NOUN": [(0.4, "cat"), (0.3, "dog"), (0.2, "bird"), (0.1, "fox")],
        "NOUNS": [(0.4, "cats"), (0.3, "dogs"), (0.2, "birds"), (0.1, "foxes")],
        "ADJECTIVE": _even("small", "old", "red", "quiet"),
        "RESTS": _even("sleeps", "sings", "runs"),
        "REST": _even("sleep", "sing", "run"),
        "ACTS": _even("sees", "follows", "likes"),
        "ACT": _even("see", "follow", "like"),
        "ADVERB": _even("often", "here", "slowly"),
    }
)
"""The grammar of the data set `grammar`: 33 words, sentences of 3 to 10."""
