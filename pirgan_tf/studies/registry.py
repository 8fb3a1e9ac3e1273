"""The studies by name."""

import importlib
import types
from typing import NamedTuple

from pirgan_tf.errors import check_name


class Study(NamedTuple):
    """An experiment of a paper, and what a person asks before running it.

    Attributes:
        module: has `Options`, the options, and `run(options, folder)`, which returns the
            `Outcome`; it is imported on use and without TensorFlow, for flags are checked first.
            Into `folder`, the unfinished output, it may write what it wants to keep, and as
            `trainings/*.npz` what it goes on from after it was stopped.
        source: where the experiment is described.
        data: what it needs.
        time: how long it takes with its defaults on two CPU cores.
    """

    module: str
    source: str
    data: str
    time: str


_TUTORIAL = "NIPS 2016 tutorial: GANs"
_STORIES = "Generating Gaussians, Pictures and Stories"
_HERE = "pirgan_tf.studies"
_DIGITS = "labelled images, by default scikit-learn's digits"
_CONTROL = "none; needs pirgan-tf[control]"

STUDIES = {
    "dcgan": Study(
        f"{_HERE}.dcgan.study", "DCGAN (OpenAI's post)", "a GAN from bin/pretrain", "a minute"
    ),
    "digits_rnn": Study(
        f"{_HERE}.digits_rnn.study",
        "Unrolled GANs, section 3.2, appendix B",
        _DIGITS,
        "3 hours",
    ),
    "divergences": Study(f"{_HERE}.divergences", f"{_TUTORIAL}, figure 3.6", "none", "seconds"),
    "exploration": Study(
        f"{_HERE}.exploration.study", "VIME (OpenAI's post)", _CONTROL, "30 minutes"
    ),
    "faces": Study(
        f"{_HERE}.faces.study",
        f"{_STORIES}, section 3",
        "images, by default scikit-learn's digits",
        "20 minutes",
    ),
    "gaussian": Study(f"{_HERE}.gaussian.study", f"{_STORIES}, section 2", "none", "10 minutes"),
    "generator_costs": Study(
        f"{_HERE}.generator_costs", f"{_TUTORIAL}, section 3.2", "none", "seconds"
    ),
    "images": Study(
        f"{_HERE}.images.study",
        "Unrolled GANs, section 3.3, appendix C",
        "images, by default scikit-learn's digits",
        "6 hours",
    ),
    "imitation": Study(
        f"{_HERE}.imitation.study",
        "GAIL (OpenAI's post)",
        _CONTROL,
        "an hour",
    ),
    "infogan": Study(f"{_HERE}.infogan.study", "InfoGAN (OpenAI's post)", _DIGITS, "45 minutes"),
    "mixture": Study(
        f"{_HERE}.mixture.study", "Unrolled GANs, section 3.1, appendix A", "none", "3 hours"
    ),
    "optimal_discriminator": Study(
        f"{_HERE}.optimal_discriminator", f"{_TUTORIAL}, exercise 1", "none", "a minute"
    ),
    "semi_supervised": Study(
        f"{_HERE}.semi_supervised.study",
        "Improved techniques for training GANs (OpenAI's post)",
        _DIGITS,
        "20 minutes",
    ),
    "text": Study(
        f"{_HERE}.text.study",
        f"{_STORIES}, section 4",
        "text, by default of a grammar",
        "15 minutes",
    ),
    "vae": Study(
        f"{_HERE}.vae.study",
        "Inverse autoregressive flow (OpenAI's post)",
        _DIGITS,
        "20 minutes",
    ),
    "xy_game": Study(f"{_HERE}.xy_game", f"{_TUTORIAL}, exercise 2", "none", "seconds"),
}


def find_study(name: str) -> types.ModuleType:
    """Returns the module of a study.

    Raises:
        InputError: if there is no study of that name.
    """
    check_name("study", name, STUDIES)
    return importlib.import_module(STUDIES[name].module)


def list_studies() -> str:
    """Returns a table of all studies, for people."""
    rows = [("study", "source", "data", "time")]
    rows += [(name, *study[1:]) for name, study in STUDIES.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
