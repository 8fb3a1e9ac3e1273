"""Tuning goes on with the classes of the GAN, in the order of its labels."""

import json

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.stages.tune import TuneOptions


@pytest.fixture
def tune_options(tmp_path):
    gan, estimator = tmp_path / "gan", tmp_path / "estimator"
    for folder, stage, options in (
        (gan, "pretrain", {"dataset": "landscapes", "classes": [], "landscapes": 10}),
        (estimator, "train_estimator", {"temperature": 0.01}),
    ):
        folder.mkdir()
        (folder / "options.json").write_text(json.dumps({"stage": stage, "options": options}))
    (gan / "gan.json").write_text(
        json.dumps({"class_names": ["mountain", "coast"], "latent_size": 64, "width": 1.0})
    )

    shape = {"image_size": 64, "depth_multiplier": 1.0, "num_bins": 100, "head": "softmax"}
    (estimator / "estimator.json").write_text(json.dumps(shape))

    def make(**changes):
        folders = {"gan": str(gan), "estimator": str(estimator), "output": str(tmp_path / "out")}
        return TuneOptions(**folders, **changes)

    return make


def test_the_classes_of_the_gan_are_right(tune_options):
    tune_options().validate()
    tune_options(classes=("mountain", "coast")).validate()


def test_another_order_of_the_classes_is_refused(tune_options):
    with pytest.raises(InputError, match=r"mountain,coast\. Received: coast,mountain"):
        tune_options(classes=("coast", "mountain")).validate()


def test_a_dataset_without_the_classes_of_the_gan_is_refused(tune_options, tmp_path):
    for name in ("sea", "mountain"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        (tmp_path / "photos" / name / "1.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"no such class.*coast"):
        tune_options(dataset=f"folder:{tmp_path / 'photos'}").validate()
