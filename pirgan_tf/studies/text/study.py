"""Text by maximum likelihood and by GANs: the study itself."""

import dataclasses
import functools
from pathlib import Path

import numpy as np

from pirgan_tf import data, studies
from pirgan_tf.cli.options import Options as CommandOptions
from pirgan_tf.cli.options import option
from pirgan_tf.errors import InputError, check_name
from pirgan_tf.studies import text
from pirgan_tf.studies.numbers import check_different, read_numbers
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option

_ARRAYS = ("perplexity", "samples", "accuracy")
_SAMPLES = 500
_SHOWN = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(CommandOptions):
    """Flags of the study text."""

    dataset: str = option(
        "Text: grammar (a small one of ours) or text:DIR (train.txt, valid.txt and test.txt, a "
        "sentence per line).",
        "grammar",
        reads=data.dataset_folder,
    )
    vocabulary: int = option(
        "Words, of which <unk> stands for all rarer ones; 0 is all.", 0, minimum=0
    )
    # They change no training that is finished: a list that was begun may become longer.
    methods: tuple[str, ...] = option(
        "Ways to train, with commas: MLE, PolicyGan, PretrainGan, MixedGan.",
        ("MLE", "PolicyGan", "PretrainGan", "MixedGan"),
        changes_result=False,
    )
    seeds: int = seeds_option(1)
    epochs: int = option("Passes over the text.", 10, minimum=1)
    length: int = option(
        "Words of a sequence, and of truncated backpropagation; the paper is silent.",
        35,
        minimum=4,
        below=1000,
    )
    batch_size: int = option("Sequences per step; the paper is silent.", 20, minimum=1, below=2**16)
    learning_rate: float = option("Of both networks.", 1e-3, above=0.0, maximum=1.0)
    temperatures: tuple[str, ...] = option(
        "Temperatures of the softmax at which to sample, with commas.",
        ("0.4", "0.6", "0.8", "1", "1.2", "1.5"),
    )

    @property
    def heats(self) -> tuple[float, ...]:
        """The temperatures, in ascending order."""
        return tuple(sorted(read_numbers("temperatures", self.temperatures, float, 0.01)))

    def validate(self) -> None:
        """Checks the numbers, the text's files and the methods."""
        super().validate()
        read_numbers("temperatures", self.temperatures, float, 0.01)
        for name in self.methods:
            check_name("method", name, text.METHODS)
        check_different("methods", self.methods)
        if self.vocabulary in (1, 2):
            raise InputError(
                "vocabulary must be 0 or hold a word beside <eos> and <unk>. "
                f"Received: {self.vocabulary}"
            )
        data.validate_text_spec(self.dataset)


def run(options: Options, folder: Path) -> Outcome:
    """Trains generators of text by maximum likelihood, as GANs by REINFORCE, and by both.

    The paper's table 1 has the perplexity of a GRU untrained and after 1 and 10 epochs of each
    method (Generating Gaussians, Pictures and Stories, section 4). Beside it: quality and
    diversity of samples by temperature, as BLEU-4 against text and against each other, and for
    `grammar`, whose entropy is known, the least perplexity that there can be and the share of
    sentences that are right. A training that was not finished goes on from its last checkpoint,
    and those that are finished are kept: the same command goes on with the others, also with
    more methods or seeds.
    """
    loaded = data.load_text(options.dataset, options.vocabulary)
    heats = options.heats
    references, real = (
        text.cut(tokens, options.length, _SAMPLES, part)
        for tokens, part in ((loaded.test, "test"), (loaded.valid, "valid"))
    )
    trainings = {
        name: {
            seed: studies.run_training(
                folder,
                f"{name}, seed {seed}",
                _ARRAYS,
                functools.partial(train, options, loaded, name, seed),
                lambda found: f"perplexity {text.best_perplexity(found):.1f}",
            )
            for seed in range(options.seeds)
        }
        for name in options.methods
    }
    samples = {
        name: [loaded.read(row) for row in seeds[0]["samples"][text.nearest_to_one(heats)]]
        for name, seeds in trainings.items()
    }
    (folder / "samples.txt").write_text(
        "".join(
            f"{name}\n" + "".join(f"  {row}\n" for row in rows) for name, rows in samples.items()
        ),
        encoding="utf-8",
    )
    grammar = loaded if options.dataset == "grammar" else None
    likeness = text.bleu(real, references), text.self_bleu(real)
    best = {
        name: np.mean([text.best_perplexity(found) for found in seeds.values()])
        for name, seeds in trainings.items()
    }
    return Outcome(
        title="Text by maximum likelihood and by GANs",
        question=(
            "A generator that draws words gives a discriminator no gradient, so that the paper "
            "trains it by REINFORCE: from the discriminator alone (PolicyGan), after an epoch of "
            "maximum likelihood (PretrainGan), or from both at once (MixedGan). It finds that "
            "maximum likelihood alone (MLE) has by far the best perplexity. Samples may be good "
            "and all alike, so that their quality is shown against their diversity too, by the "
            "temperature of the softmax."
        ),
        answer="Perplexity on the test set at best: {}.".format(
            "; ".join(f"{name} {value:,.1f}" for name, value in best.items())
        ),
        findings=[
            *(text.describe_grammar(grammar) if grammar else ()),
            Finding("text: BLEU-4 of the validation set against the test set", likeness[0]),
            Finding("text: BLEU-4 of the validation set against its other sequences", likeness[1]),
            *(
                finding
                for name, seeds in trainings.items()
                for finding in text.describe(name, seeds, heats, references, grammar)
            ),
        ],
        pictures=[
            Picture(
                "perplexities",
                "Perplexity by epoch",
                "On the test set: table 1 of the paper. Bold: the mean over seeds; faint: every "
                "seed. Dotted: the least that there can be, where it is known.",
                text.draw_perplexities(
                    {
                        name: np.stack([found["perplexity"][:, 1] for found in seeds.values()])
                        for name, seeds in trainings.items()
                    },
                    data.GRAMMAR.perplexity if grammar else None,
                ),
            ),
            Picture(
                "tradeoffs",
                "Quality against diversity",
                f"Temperatures of {', '.join(options.temperatures)}, the larger the mark the "
                "higher. Up is better, and left more diverse. Star: the validation set.",
                text.draw_tradeoffs(
                    {name: text.trade(seeds, references) for name, seeds in trainings.items()},
                    likeness,
                ),
            ),
            Picture(
                "samples",
                "Samples",
                f"Of seed 0, at the temperature nearest to 1; {_SAMPLES} are in samples.txt.",
                text.draw_samples({name: rows[:_SHOWN] for name, rows in samples.items()}),
            ),
        ],
    )


def train(options: Options, loaded: data.Text, name: str, seed: int, place: Path) -> studies.Arrays:
    """Trains a generator by one of the methods."""
    return text.train(
        name,
        loaded,
        place,
        seed=seed,
        epochs=options.epochs,
        batch_size=options.batch_size,
        length=options.length,
        learning_rate=options.learning_rate,
        temperatures=options.heats,
        num_samples=_SAMPLES,
    )
