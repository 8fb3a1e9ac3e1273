"""Text in three parts, as numbers of words: `grammar` or `text:DIR`."""

import collections
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pirgan_tf.data.dataset import unknown_spec
from pirgan_tf.data.grammar import GRAMMAR
from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, read_text, refusal

END = "<eos>"
"""What stands after each sentence, and before the first; its number is 0."""

_UNKNOWN = "<unk>"
_FORMS = ("grammar", "text:DIR")
_PARTS = ("train", "valid", "test")
_WANTED = "text:DIR must have train.txt, valid.txt and test.txt, one sentence per line"
# Of the grammar, for each part.
_SENTENCES = (10_000, 1000, 1000)


class Text(NamedTuple):
    """Sentences one after another, as numbers of words.

    Attributes:
        vocabulary: the words by number: `END`, and then the most frequent first.
        train, valid, test: int32 `[n]`. Each begins with `END`, and has one after each sentence,
            so that every word of it, and every end, has one before it.
    """

    vocabulary: tuple[str, ...]
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray

    def read(self, tokens: np.ndarray) -> str:
        """Returns numbers `[n]` as words with spaces."""
        return " ".join(self.vocabulary[token] for token in tokens)


def validate_text_spec(spec: str) -> None:
    """Checks in milliseconds that `spec` can name a text.

    Args:
        spec: `grammar` (12,000 sentences of `GRAMMAR`, always the same) or `text:DIR`, a folder
            with train.txt, valid.txt and test.txt in UTF-8, one sentence per line, words with
            spaces between, such as Mikolov's Penn Treebank. Empty lines are left out.

    Raises:
        InputError: if it cannot.
    """
    if (folder := _folder(spec)) is not None:
        for part in _PARTS:
            check_file(folder / f"{part}.txt", _WANTED)
    elif spec != "grammar":
        raise unknown_spec(spec, _FORMS)


def load_text(spec: str, num_words: int = 0) -> Text:
    """Loads the text that `spec` names.

    Args:
        spec: see `validate_text_spec`.
        num_words: the size of the vocabulary, `END` and `<unk>` counted, in which `<unk>` stands
            for all rarer words; 0 is all words of train.txt.

    Raises:
        InputError: if a file is missing, has no words, has none at its end but half a line, is
            no UTF-8, or holds `END`; if there are fewer words than `num_words`; or if a word is
            not in train.txt, and `<unk>` not either.
    """
    validate_text_spec(spec)
    folder = _folder(spec)
    parts = _draw() if folder is None else {part: _read(folder / f"{part}.txt") for part in _PARTS}
    vocabulary = _choose(parts["train"], num_words, spec)
    numbers = {word: number for number, word in enumerate(vocabulary)}
    return Text(vocabulary, *(_number(part, words, numbers) for part, words in parts.items()))


def _folder(spec: str) -> Path | None:
    kind, _, rest = spec.partition(":")
    return Path(rest) if kind == "text" and rest else None


@functools.cache
def _draw() -> dict[str, list[str]]:
    return {
        part: _words(GRAMMAR.sample(count, seed))
        for seed, (part, count) in enumerate(zip(_PARTS, _SENTENCES, strict=True))
    }


def _read(path: Path) -> list[str]:
    text = read_text(path, _WANTED)
    words = _words(text.split("\n"))
    if len(words) == 1:
        raise refusal("a text must have words", path, "has none")
    if not text.endswith("\n"):
        raise refusal(
            "a text must end with the end of a line", path, f"breaks off after {words[-2]!r}"
        )
    if END in text.split():
        raise refusal(f"{END} must only stand for the end of a line", path, "has it as a word")
    return words


def _words(sentences: Sequence[str]) -> list[str]:
    words = [END]
    for sentence in sentences:
        if found := sentence.split():
            words += [*found, END]
    return words


def _choose(words: list[str], num_words: int, spec: str) -> tuple[str, ...]:
    counts = collections.Counter(words)
    # In an order that does not depend on where words stand.
    ranked = sorted(counts.keys() - {END}, key=lambda word: (-counts[word], word))
    if num_words > len(ranked) + 1:
        raise InputError(
            f"vocabulary must be at most the number of words of the text to train on and {END}, "
            f"{len(ranked) + 1}. Received: {num_words} for {spec!r}"
        )
    if num_words and num_words <= len(ranked):
        known = [word for word in ranked if word != _UNKNOWN]
        ranked = [_UNKNOWN, *known[: num_words - 2]]
    return (END, *ranked)


def _number(part: str, words: list[str], numbers: Mapping[str, int]) -> np.ndarray:
    if _UNKNOWN not in numbers and (unknown := set(words) - numbers.keys()):
        raise InputError(
            "every word must be one of train.txt, unless that has <unk> or vocabulary is smaller. "
            f"Received: {min(unknown)!r} in {part}.txt"
        )
    other = numbers.get(_UNKNOWN, 0)
    return np.array([numbers.get(word, other) for word in words], np.int32)
