"""Galleries of the samplers that an estimator conducts."""

import dataclasses
import json

import numpy as np
import pytest

from pirgan_tf import estimator, gan
from pirgan_tf.data.gallery import read_gallery

SHAPE = gan.GanShape(("coast", "mountain"), 8, 1 / 16, image_size=32)


@pytest.fixture(scope="module")
def gan_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gan")
    generator = gan.build_networks(SHAPE).generator
    for variable in generator.trainable_variables:
        # As Keras begins, all images are nearly grey.
        variable.assign(2 * variable.numpy())
    generator.save(folder / "generator.keras")
    (folder / "gan.json").write_text(json.dumps(dataclasses.asdict(SHAPE)))
    return folder


@pytest.fixture
def judge(tmp_path, small_inception):
    """Makes an estimator of images of a size."""

    def make(size, members=1):
        folder = tmp_path / f"estimator-{size}"
        folder.mkdir()
        for member in range(1, members + 1):
            estimator.PirEstimator(estimator.EstimatorShape(size, 1.0, 20)).save(folder, member)
        return folder

    return make


@pytest.mark.parametrize(
    "flags, given",
    [
        (
            ("--sampler=plug_and_play", "--strength=1e4", "--steps=5"),
            {"strength": 1e4, "steps": 5, "candidates": None},
        ),
        (("--sampler=best_of",), {"strength": None, "steps": None, "candidates": 10}),
    ],
)
def test_a_gallery_has_images_that_the_estimator_likes_more(
    commands, tmp_path, gan_folder, judge, flags, given
):
    folder = judge(32)
    galleries = {}
    common = (f"--gan={gan_folder}", "--num_images=24")
    for name, more in (("plain", ()), ("liked", (f"--estimator={folder}", *flags))):
        made = commands.call("sample", *common, *more, output=tmp_path / name)
        assert (made.status, made.complaints) == (0, []), made
        galleries[name] = read_gallery(tmp_path / name)
    plain, liked = galleries["plain"], galleries["liked"]
    rates = [
        estimator.PirEstimator.load(folder).expected_pir(gallery.images / 127.5 - 1, 1.0).numpy()
        for gallery in (plain, liked)
    ]
    assert rates[1].mean() > rates[0].mean() + rates[0].std() / 2
    np.testing.assert_array_equal(liked.labels, plain.labels)
    np.testing.assert_array_equal(liked.ids, plain.ids)
    options = json.loads((tmp_path / "liked/options.json").read_text())["options"]
    assert {name: options[name] for name in given} == given
    assert (tmp_path / "liked/grid.png").exists()


def test_a_gallery_for_rating_has_images_of_which_an_ensemble_is_unsure(
    commands, tmp_path, gan_folder, judge
):
    folder = judge(32, members=2)
    flags = (f"--gan={gan_folder}", f"--estimator={folder}", "--sampler=for_rating")
    made = commands.call("sample", *flags, "--num_images=24", output=tmp_path / "unsure")
    assert (made.status, made.complaints) == (0, []), made
    unsure = read_gallery(tmp_path / "unsure")
    drawn = gan.generate(gan.load_generator(gan_folder), 240, 0)
    places = [np.flatnonzero((drawn[1] == latent).all(axis=1)) for latent in unsure.latents]
    kept = np.concatenate(places)
    assert len(set(kept)) == 24
    np.testing.assert_array_equal(unsure.images, drawn[0][kept])
    np.testing.assert_array_equal(unsure.labels, drawn[2][kept])
    loaded = estimator.PirEstimator.load(folder)
    spread = loaded.spread(loaded.logits(drawn[0] / 127.5 - 1), 1.0).numpy()
    assert spread[kept].mean() > spread.mean() + spread.std() / 4
    options = json.loads((tmp_path / "unsure/options.json").read_text())["options"]
    assert (options["sampler"], options["candidates"]) == ("for_rating", 10)


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--sampler=plug_an_play",), "did you mean 'plug_and_play'"),
        (("--sampler=plug_and_play",), "sampler=plug_and_play needs --estimator"),
        (("--estimator=ESTIMATOR",), "estimator is only for"),
        (("--strength=3",), "strength is only for --sampler=plug_and_play"),
        (("--sampler=best_of", "--steps=3", "--estimator=ESTIMATOR"), "--sampler=best_of --steps"),
        (("--sampler=plug_and_play", "--candidates=3"), "candidates is only for --sampler=best_of"),
        (("--sampler=plug_and_play", "--estimator=ESTIMATOR", "--strength=-1"), "at least 0"),
        (("--sampler=best_of", "--estimator=ESTIMATOR"), "the GAN's size, 32. Received: 64"),
        (("--sampler=best_of", "--estimator=/no/such"), "must hold estimator.json"),
        (("--sampler=for_rating",), "sampler=for_rating needs --estimator"),
        (("--sampler=for_rating", "--estimator=ESTIMATOR"), "the GAN's size, 32. Received: 64"),
        (("--sampler=for_rating", "--estimator=ESTIMATOR", "--steps=3"), "steps is only for"),
        (("--candidates=3",), "candidates is only for --sampler=best_of and --sampler=for_rating"),
    ],
)
def test_mistakes_are_one_line_before_any_work(
    commands, nowhere, gan_folder, tmp_path, flags, words
):
    shape = dataclasses.asdict(estimator.EstimatorShape(64))
    (tmp_path / "estimator.json").write_text(json.dumps(shape))
    flags = [flag.replace("ESTIMATOR", str(tmp_path)) for flag in flags]
    line = commands.call("sample", f"--gan={gan_folder}", *flags, output=nowhere).refusal()
    assert words in line


@pytest.mark.parametrize(
    "members, num_images, words",
    [
        (1, 24, "sampler=for_rating needs an ensemble, an estimator of several members"),
        (9, 2_000_000, "features of 20000000 images must fit in the"),
    ],
)
def test_what_cannot_be_chosen_for_rating_is_refused(
    commands, nowhere, gan_folder, tmp_path, members, num_images, words
):
    shape = estimator.EstimatorShape(32, members=members)
    shape.save(tmp_path)
    flags = (f"--gan={gan_folder}", f"--estimator={tmp_path}", f"--num_images={num_images}")
    line = commands.call("sample", *flags, "--sampler=for_rating", output=nowhere).refusal()
    assert words in line


def test_a_run_of_everything_samples_from_the_prior(commands):
    """The sampler is no flag of `reproduce`, whose before and after must differ by tuning."""
    text = commands.run_without_tensorflow("reproduce", "--help").stdout
    assert "--sample_num_images" in text
    assert not any(f"--sample_{name}" in text for name in ("sampler", "strength", "steps"))
