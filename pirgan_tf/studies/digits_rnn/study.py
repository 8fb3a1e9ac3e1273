"""Digits by an LSTM, with and without unrolling: the study itself."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pirgan_tf import data, studies
from pirgan_tf.cli.options import option
from pirgan_tf.studies import digits_rnn
from pirgan_tf.studies.image_gan_options import ImageGanOptions, steps_option
from pirgan_tf.studies.labelled_options import check_count
from pirgan_tf.studies.outcome import Finding, Outcome, Picture
from pirgan_tf.studies.unroll_options import seeds_option, unroll_steps_option

_SAMPLES = 1000
_RATES = (1e-4, 1e-4)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(ImageGanOptions):
    """Flags of the study digits_rnn."""

    NUM_CLASSES: ClassVar[int] = 10

    unroll_steps: tuple[str, ...] = unroll_steps_option(0, 20)
    seeds: int = seeds_option(1)
    steps: int = steps_option(5000, 75_000)
    classifier_steps: int = option(
        "Steps of the classifier that counts the digits.", 1000, minimum=1
    )


def run(options: Options, folder: Path) -> Outcome:
    """Trains GANs whose generator is an LSTM with K unrolled steps of the discriminator.

    Without unrolling the generator collapses and goes from one digit to another; with K = 20
    it covers all (Unrolled GANs, section 3.2, figure 2). For every K and seed, by step: how
    many digits are covered (at least 1 % of 1,000 samples) and the entropy of their shares, by
    a classifier that is trained on the real images first. A training that was not finished
    goes on from its last checkpoint, and those that are finished are kept: the same command
    goes on with the others, also with more seeds or values of K.
    """
    splits = data.load_splits(
        options.dataset,
        image_size=digits_rnn.IMAGE_SIZE,
        channels=1,
        num_classes=options.NUM_CLASSES,
    )
    check_count("batch_size", options.batch_size, splits.train)
    classifier, accuracy = digits_rnn.train_classifier(splits, options.classifier_steps)
    print(f"classifier: {accuracy:.2%} of the images to test on are right", flush=True)
    real = digits_rnn.measure(digits_rnn.classify(classifier, splits.test.images))

    def train(k: int, seed: int, place: Path) -> studies.Arrays:
        _, training = studies.train_image_gan(
            digits_rnn.build_networks,
            splits.train,
            _RATES,
            place,
            record_steps=studies.record_steps(options.steps),
            batch_size=options.batch_size,
            seed=seed,
            num_samples=_SAMPLES,
            unroll_steps=k,
        )
        return training

    def tell(training: studies.Arrays) -> str:
        last = digits_rnn.measure(digits_rnn.classify(classifier, training["samples"][-1]))
        return f"{last.digits} digits, entropy {last.entropy:.2f} nats"

    trainings = studies.run_trainings(options, folder, ["samples"], train, tell)
    measures = {
        k: {
            seed: digits_rnn.measure(digits_rnn.classify(classifier, each["samples"]))
            for seed, each in group.items()
        }
        for k, group in trainings.items()
    }
    ends = (
        f"{', '.join(str(each.digits[-1]) for each in group.values())} with K = {k}"
        for k, group in measures.items()
    )
    steps = studies.record_steps(options.steps)
    return Outcome(
        title="Digits by an LSTM",
        question=(
            "The generator of this GAN draws an image column by column with an LSTM, which is "
            "hard to train against a convolutional discriminator. The paper shows samples by "
            "step: without unrolling (K = 0, the ordinary GAN) they are all alike and change "
            "together, with K = 20 they seem to be all digits. Here a classifier counts them."
        ),
        answer=f"Digits covered at the end, of 10, in each seed: {'; '.join(ends)}.",
        findings=[
            Finding("classifier: accuracy on the images to test on", accuracy),
            Finding("real images: entropy of the digits, nats", float(real.entropy)),
            Finding("real images: mean probability of the chosen digit", float(real.sureness)),
            *(
                finding
                for k in options.ks
                for finding in _findings(k, measures[k], studies.seconds(trainings[k]))
            ),
        ],
        pictures=[
            Picture(
                "samples",
                "Samples by step",
                "Seed 0 of each K, always the same latents, and the data on the right: figure 2 "
                "of the paper.",
                studies.draw_by_step(
                    {k: group[0]["samples"] for k, group in trainings.items()},
                    steps,
                    splits.train.images,
                    studies.draw_images,
                ),
                pixels=True,
            ),
            Picture(
                "measures",
                "Digits, their entropy and the classifier's sureness by step",
                "Bold: the mean over seeds; faint: every seed. Dotted: the images to test on.",
                studies.draw_measures(
                    measures,
                    steps,
                    {
                        "digits": ("digits covered", float(real.digits)),
                        "entropy": ("entropy, nats", float(real.entropy)),
                        "sureness": ("mean probability", float(real.sureness)),
                    },
                ),
            ),
        ],
    )


def _findings(
    k: int, measures: Mapping[int, digits_rnn.Measures], seconds: Mapping[int, float]
) -> list[Finding]:
    """Returns the figures of one K."""
    figure = {
        0: "collapses to a single mode, which changes (section 3.2)",
        20: "appears to cover all (section 3.2)",
    }.get(k, "")
    half = {s: float(m.digits[len(m.digits) // 2 :].mean()) for s, m in measures.items()}
    mean = studies.mean_over_seeds
    return [
        mean(
            f"K = {k}: digits covered at the end, of 10",
            {s: float(m.digits[-1]) for s, m in measures.items()},
            figure,
        ),
        mean(f"K = {k}: digits covered, mean over the second half of training", half),
        mean(
            f"K = {k}: entropy of the digits at the end, nats, of at most {math.log(10):.3f}",
            {s: float(m.entropy[-1]) for s, m in measures.items()},
        ),
        mean(
            f"K = {k}: mean probability of the chosen digit at the end",
            {s: float(m.sureness[-1]) for s, m in measures.items()},
        ),
        studies.mean_seconds(
            f"K = {k}: seconds per training", seconds, "grows linearly with K (section 4)"
        ),
    ]
