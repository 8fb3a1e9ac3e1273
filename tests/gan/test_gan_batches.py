import numpy as np
import pytest
from scipy import stats

from pirgan_tf.errors import InputError
from pirgan_tf.gan.batches import GanBatches

# The class of an image can be read off its pixels, all of one value: class 1 is from 100 on.
LABELS = np.array([1, 0, 1, 1, 1, 1, 0, 1, 1, 1])
VALUES = np.arange(10) + 100 * LABELS
IMAGES = np.broadcast_to(VALUES[:, None, None, None], (10, 2, 2, 3)).astype(np.uint8)


def batches(**changes):
    settings = {
        "num_classes": 2,
        "batch_size": 6,
        "latent_size": 5,
        "seed": 1,
        "stream": "test",
    }
    return GanBatches(IMAGES, LABELS, **settings | changes)


def flat(batch):
    """All random parts of a batch by name."""
    return {name: part.numpy() for name, part in batch._asdict().items() if name != "earlier"}


def pixels(batch):
    return np.rint((batch.images.numpy() + 1) * 127.5)[:, 0, 0, 0].astype(int)


def test_a_draw_depends_on_seed_stream_step_and_replica_only():
    drawn = batches()
    first = flat(drawn.draw(3, 1))
    drawn.draw(4, 1)
    for again in (drawn.draw(3, 1), batches().draw(3, 1)):
        for name, value in flat(again).items():
            np.testing.assert_array_equal(value, first[name], err_msg=name)


def test_parts_of_a_step_draw_other_values():
    first, *others = (flat(batches().draw(3, 1, part=part)) for part in range(3))
    for other in others:
        assert not any(np.array_equal(first[name], other[name]) for name in ("latents", "images"))
    assert not np.array_equal(others[0]["latents"], others[1]["latents"])


@pytest.mark.parametrize(
    ("changes", "step", "replica"),
    [
        ({}, 4, 1),
        ({}, 3, 0),
        # One number must not make up for another.
        ({}, 1, 3),
        ({"seed": 2}, 3, 1),
        ({"stream": "other"}, 3, 1),
    ],
    ids=["step", "replica", "step and replica exchanged", "seed", "stream"],
)
def test_another_step_replica_seed_or_stream_draws_other_values(changes, step, replica):
    first, other = flat(batches().draw(3, 1)), flat(batches(**changes).draw(step, replica))
    for name in first:
        if name not in ("fake_labels", "real_labels"):  # six coins can fall alike
            assert not np.array_equal(first[name], other[name]), name


def test_parts_of_one_batch_are_drawn_independently():
    parts = flat(batches(batch_size=64).draw(0))
    assert not np.array_equal(parts["fake_labels"], parts["real_labels"])
    seeds = [tuple(value) for name, value in parts.items() if name.startswith("dropout")]
    assert len(set(seeds)) == 3


def test_replicas_share_the_batch_and_draw_different_parts_of_it():
    halves = [flat(batches().draw(0, replica, num_replicas=2)) for replica in (0, 1)]
    assert [len(half["latents"]) for half in halves] == [3, 3]
    assert not np.array_equal(*(half["latents"] for half in halves))
    assert not np.array_equal(*(half["dropout_real"] for half in halves))


def test_fixed_latents_are_those_of_the_seed_in_every_stage():
    latents, labels = batches().draw_fixed(3)
    assert latents.shape == (6, 5)
    assert labels.numpy().tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(batches(stream="other").draw_fixed(3)[0], latents)
    assert not np.array_equal(batches(seed=2).draw_fixed(3)[0], latents)


def test_classes_are_uniform_although_their_sizes_differ():
    batch = batches(batch_size=4000).draw(0)
    for labels in (batch.real_labels, batch.fake_labels):
        assert stats.chisquare(np.bincount(labels, minlength=2)).pvalue > 0.001


def test_photographs_of_a_class_are_uniform_and_of_that_class():
    batch = batches(batch_size=4000).draw(0)
    drawn, labels = pixels(batch), batch.real_labels.numpy()
    for label in (0, 1):
        members = VALUES[label == LABELS]
        counts = [np.sum(drawn[labels == label] == value) for value in members]
        assert sum(counts) == np.sum(labels == label)
        assert stats.chisquare(counts).pvalue > 0.001


def test_without_classes_photographs_are_uniform_and_labels_are_zero():
    batch = batches(batch_size=4000, num_classes=0).draw(0)
    assert stats.chisquare([np.sum(pixels(batch) == value) for value in VALUES]).pvalue > 0.001
    assert not batch.real_labels.numpy().any()
    assert not batch.fake_labels.numpy().any()


def test_pixels_are_scaled_to_plus_and_minus_one():
    images = np.stack([np.zeros((2, 2, 3)), np.full((2, 2, 3), 255)]).astype(np.uint8)
    drawn = GanBatches(
        images,
        np.array([0, 1]),
        num_classes=2,
        batch_size=20,
        latent_size=1,
        seed=0,
        stream="test",
    ).draw(0)
    expected = np.where(drawn.real_labels == 1, 1.0, -1.0)
    np.testing.assert_array_equal(drawn.images.numpy()[:, 1, 1, 2], expected)


def test_latents_are_standard_normal():
    latents = batches(batch_size=2000).draw(0).latents.numpy()
    assert latents.shape == (2000, 5)
    assert stats.kstest(latents.ravel(), "norm").pvalue > 0.001


@pytest.mark.parametrize(
    ("labels", "num_classes"), [(np.ones(10, int), 2), (LABELS, 3), (LABELS, 1)]
)
def test_a_class_without_photographs_or_a_label_without_a_class_is_refused(labels, num_classes):
    with pytest.raises(InputError, match=f"each of the {num_classes} classes needs a photograph"):
        GanBatches(
            IMAGES,
            labels,
            num_classes=num_classes,
            batch_size=2,
            latent_size=1,
            seed=0,
            stream="test",
        )
