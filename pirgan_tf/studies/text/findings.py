"""What the study makes of its trainings."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from pirgan_tf import data
from pirgan_tf.errors import InputError
from pirgan_tf.studies.intervals import mean_over_seeds, mean_seconds
from pirgan_tf.studies.outcome import Finding
from pirgan_tf.studies.text.figures import Tradeoff
from pirgan_tf.studies.text.measures import bleu, self_bleu
from pirgan_tf.studies.text.methods import METHODS
from pirgan_tf.studies.trainings import Arrays, seconds

_VALID, _TEST = range(2)
# Those of table 1.
_EPOCHS = (0, 1, 10)


def cut(tokens: np.ndarray, length: int, count: int, part: str) -> np.ndarray:
    """Returns sequences that begin with a sentence, evenly over a text.

    Args:
        tokens: int32 `[n]`; 0 is the end of a sentence.
        length: of a sequence.
        count: how many at most.
        part: what the text is called, for the message.

    Returns:
        `[count, length]`, or fewer of a short text.

    Raises:
        InputError: if the text is shorter than a sequence.
    """
    begins = np.flatnonzero(tokens[:-length] == 0) + 1
    if not len(begins):
        raise InputError(
            f"{part}.txt must have at least as many words and ends of sentences as a sequence, "
            f"{length}. Received: {len(tokens) - 1}"
        )
    chosen = np.linspace(0, len(begins) - 1, min(count, len(begins))).round().astype(int)
    return tokens[begins[chosen][:, None] + np.arange(length)]


def nearest_to_one(temperatures: Sequence[float]) -> int:
    """Returns which temperature is the nearest to 1, that of the model itself."""
    return int(np.argmin(np.abs(np.array(temperatures) - 1)))


def best_perplexity(training: Arrays) -> float:
    """Returns the perplexity of the test set after the epoch that is best on the other one."""
    perplexities = training["perplexity"][1:]
    return float(perplexities[np.argmin(perplexities[:, _VALID]), _TEST])


def trade(seeds: Mapping[int, Arrays], references: np.ndarray) -> Tradeoff:
    """Returns quality and diversity by temperature, means over seeds."""
    samples = [found["samples"] for found in seeds.values()]
    return Tradeoff(
        np.mean([[bleu(each, references) for each in found] for found in samples], axis=0),
        np.mean([[self_bleu(each) for each in found] for found in samples], axis=0),
    )


def grammatical(text: data.Text, samples: np.ndarray) -> float:
    """Returns the share of sentences that the grammar makes, of those that end in the samples."""
    sentences = [sentence for row in samples for sentence in text.read(row).split(data.END)[:-1]]
    right = sum(math.isfinite(data.GRAMMAR.log_probability(each)) for each in sentences)
    return right / max(1, len(sentences))


def describe_grammar(text: data.Text) -> list[Finding]:
    """Returns the least perplexity, in expectation and on the sentences of the test set."""
    sentences = text.read(text.test[1:]).split(data.END)[:-1]
    likelihood = sum(map(data.GRAMMAR.log_probability, sentences))
    return [
        Finding("the grammar: least perplexity, from its entropy", data.GRAMMAR.perplexity),
        Finding(
            "the grammar: its own perplexity on the test set",
            math.exp(-likelihood / (len(text.test) - 1)),
        ),
    ]


def describe(
    name: str,
    seeds: Mapping[int, Arrays],
    temperatures: Sequence[float],
    references: np.ndarray,
    text: data.Text | None,
) -> list[Finding]:
    """Returns the figures of a method.

    Args:
        name: one of `METHODS`.
        seeds: the trainings.
        temperatures: those of the samples.
        references: sequences of the test set.
        text: the text if it is the grammar's, of which sentences can be right or not.
    """

    def mean(what: str, values: Mapping[int, float], paper: str = "") -> Finding:
        return mean_over_seeds(f"{name}: {what}", values, paper)

    table = dict(zip(_EPOCHS, METHODS[name].paper, strict=True))
    epochs = len(seeds[0]["perplexity"]) - 1
    told = sorted({epoch for epoch in _EPOCHS if epoch <= epochs} | {epochs})
    findings = [
        mean(
            f"perplexity on the test set, epoch {epoch}",
            {seed: float(found["perplexity"][epoch, _TEST]) for seed, found in seeds.items()},
            f"{table[epoch]} on Penn Treebank (table 1)" if epoch in table else "",
        )
        for epoch in told
    ]
    findings.append(
        mean(
            "perplexity on the test set, best epoch by the validation set",
            {seed: best_perplexity(found) for seed, found in seeds.items()},
        )
    )
    row = nearest_to_one(temperatures)
    samples = {seed: found["samples"][row] for seed, found in seeds.items()}
    heat = f"temperature {temperatures[row]:g}"
    findings += [
        mean(
            f"BLEU-4 against the test set, {heat}",
            {seed: bleu(each, references) for seed, each in samples.items()},
        ),
        mean(
            f"BLEU-4 against the other samples, {heat}",
            {seed: self_bleu(each) for seed, each in samples.items()},
        ),
    ]
    if text:
        shares = {seed: grammatical(text, each) for seed, each in samples.items()}
        findings.append(mean(f"share of sentences that the grammar makes, {heat}", shares))
    if METHODS[name].has_discriminator:
        accuracies = {seed: float(found["accuracy"][0]) for seed, found in seeds.items()}
        findings.append(
            mean(
                "accuracy of the discriminator in the last epoch",
                accuracies,
                "0.95 to 1 (section 4.3)",
            )
        )
    return [*findings, mean_seconds(f"{name}: seconds of training", seconds(seeds))]
