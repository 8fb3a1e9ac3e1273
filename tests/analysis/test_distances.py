import numpy as np
import pytest

from pirgan_tf.analysis import best_shares, distance_histograms, pairwise_distances
from pirgan_tf.errors import InputError


def test_distances_are_of_pairs_of_different_images():
    # Unsigned bytes: 0 - 200 must not wrap around.
    images = np.array([0, 200], np.uint8).reshape(2, 1, 1, 1) * np.ones([1, 2, 2, 1], np.uint8)
    assert pairwise_distances(images, 20, seed=0) == pytest.approx(400)


def test_every_pair_is_drawn_equally_often():
    points = np.array([0.0, 1.0, 3.0])
    found, counts = np.unique(pairwise_distances(points, 3000, seed=0), return_counts=True)
    assert found.tolist() == [1, 2, 3]
    assert counts == pytest.approx(1000, abs=100)
    assert (pairwise_distances(points, 9, 0) == pairwise_distances(points, 9, 0)).all()
    assert (pairwise_distances(points, 9, 0) != pairwise_distances(points, 9, 1)).any()


@pytest.mark.parametrize("count, pairs", [(1, 3), (5, 0)])
def test_too_few_images_or_pairs_are_refused(count, pairs):
    with pytest.raises(InputError, match=f"{pairs} pairs from {count}"):
        pairwise_distances(np.zeros([count, 2]), pairs, seed=0)


def test_histograms_have_the_same_edges_and_an_area_of_1():
    sets = {"data": np.array([1.0, 3.0, 4.0]), "collapsed": np.array([0.0, 0.5])}
    edges, densities = distance_histograms(sets, bins=4)
    assert edges.tolist() == [0, 1, 2, 3, 4]
    assert densities["collapsed"].tolist() == [1, 0, 0, 0]
    assert densities["data"].tolist() == pytest.approx([0, 1 / 3, 0, 2 / 3])
    assert distance_histograms({"one image": np.zeros(3)}, bins=2)[1]["one image"].tolist() == [
        2,
        0,
    ]


def test_shares_of_the_best_by_hand():
    errors = [[1, 5, 2, 7], [2, 4, 2, 8], [3, 6, 9, 9]]
    assert best_shares(errors).tolist() == [0.625, 0.375, 0]
