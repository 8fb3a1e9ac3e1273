"""The study of text: its measures, its findings, and what it writes."""

import json

import numpy as np
import pytest

from pirgan_tf import data
from pirgan_tf.errors import InputError
from pirgan_tf.studies import text


def test_bleu_by_hand():
    share = (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25
    samples = np.array([[1, 2, 3, 4, 5]])
    assert text.bleu(samples, np.array([[1, 2, 3, 4, 6]])) == pytest.approx(share)
    # What is repeated counts as often as in the reference.
    assert text.bleu(np.ones((1, 5)), np.array([[1, 1, 1, 1, 2]])) == pytest.approx(share)
    assert text.bleu(samples, np.array([[7, 8, 9, 7, 8], [1, 2, 3, 4, 5]])) == 1
    assert text.bleu(samples, np.array([[1, 2, 3, 9, 9]])) == 0


def test_a_sample_is_like_the_others_only():
    assert text.self_bleu(np.arange(10).reshape(2, 5)) == 0
    alike = np.array([[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]])
    assert text.self_bleu(alike) == pytest.approx(2 / 3)
    # Twice in one and once in another: one of the two has its like.
    runs = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 1, 2]])
    share = (8 / 10 * 6 / 8 * 4 / 6 * 2 / 4) ** 0.25
    assert text.self_bleu(runs) == pytest.approx(share)


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--methods=PolicyGAN",), ("did you mean 'PolicyGan'",)),
        (("--methods=MLE,MLE",), ("different", "MLE,MLE")),
        (("--temperatures=0",), ("temperatures", "from 0.01 on")),
        (("--vocabulary=2",), ("vocabulary", "beside <eos> and <unk>")),
        (("--vocabulary=50",), ("vocabulary must be at most", "34. Received: 50")),
        (("--dataset=text:nowhere",), ("train.txt, valid.txt and test.txt", "does not exist")),
        (("--batch_size=5000",), ("batch_size", "number of sequences to train on")),
        (("--length=9000",), ("length must be at least 4 and below 1000",)),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("study", "text", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)


def _write_text(folder):
    """Writes a text of the grammar's words, in which every word stands in each file."""
    sentences = data.GRAMMAR.sample(60, seed=0)
    folder.mkdir()
    for part in ("train", "valid", "test"):
        (folder / f"{part}.txt").write_text("".join(f"{each}\n" for each in sentences))
    return len({word for sentence in sentences for word in sentence.split()}) + 1


def test_the_command_tells_perplexity_and_quality_by_temperature(commands, tmp_path):
    num_words = _write_text(tmp_path / "ours")
    output = tmp_path / "text"
    flags = (
        "--methods=MLE",
        "--epochs=2",
        "--length=4",
        "--batch_size=20",
        "--temperatures=1,0.01",
    )
    source = f"--dataset=text:{tmp_path / 'ours'}"
    result = commands.call("study", "text", source, *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"].partition(": ")[2]: finding for finding in found["findings"]}
    untrained, first, _ = (
        figures[f"perplexity on the test set, epoch {epoch}"] for epoch in (0, 1, 2)
    )
    assert untrained["value"] == pytest.approx(num_words, rel=0.02)
    assert untrained["paper"] == "10,000 on Penn Treebank (table 1)"
    assert first["value"] < untrained["value"]
    # 500 samples, which begin with a line that names the method.
    assert len((output / "samples.txt").read_text().splitlines()) == 501
    assert set(found["figures"]) == {"perplexities", "tradeoffs", "samples"}
    alike = figures["BLEU-4 against the other samples, temperature 1"]["value"]
    with np.load(output / "trainings" / "MLE-seed-0.npz") as kept:
        assert kept["samples"].shape == (2, 500, 4)
        assert kept["perplexity"].shape == (3, 2)
        # The lower temperature first, whose samples are less diverse.
        assert text.self_bleu(kept["samples"][0]) > alike == text.self_bleu(kept["samples"][1])


def _kept(perplexities, samples):
    return {
        "perplexity": np.array(perplexities),
        "samples": np.array(samples, np.int32),
        "accuracy": np.array([0.75]),
        "seconds": np.array(1.0),
    }


def test_findings_of_known_trainings():
    grammar = data.load_text("grammar")
    right, wrong = (
        [grammar.vocabulary.index(word) for word in f"the {words} <eos> the".split()]
        for words in ("cat sleeps", "cats sleeps")
    )
    # Of the two temperatures the second is nearer to 1.
    training = _kept([[30.0, 31.0], [8.0, 9.0], [6.0, 7.0], [6.5, 5.0]], [[wrong], [right]])
    references = np.array([right])
    figures = {
        finding.name: finding.value
        for finding in text.describe("MixedGan", {0: training}, (0.5, 1.1), references, grammar)
    }
    best = "MixedGan: perplexity on the test set, best epoch by the validation set"
    assert figures[best] == 7.0
    assert figures["MixedGan: perplexity on the test set, epoch 3"] == 5.0
    assert figures["MixedGan: BLEU-4 against the test set, temperature 1.1"] == 1
    share = "MixedGan: share of sentences that the grammar makes, temperature 1.1"
    assert figures[share] == 1
    assert text.grammatical(grammar, np.array([right, wrong])) == 0.5
    assert figures["MixedGan: accuracy of the discriminator in the last epoch"] == 0.75
    tradeoff = text.trade({0: training}, references)
    assert tradeoff.quality.tolist() == [0, 1]
    floor, own = text.describe_grammar(grammar)
    assert own.value == pytest.approx(floor.value, rel=0.02)


def test_sequences_of_a_text_begin_with_a_sentence():
    tokens = np.array([0, 1, 2, 0, 3, 4, 0, 5, 0], np.int32)
    assert text.cut(tokens, 3, 9, "test").tolist() == [[1, 2, 0], [3, 4, 0]]
    assert text.cut(tokens, 2, 2, "test").tolist() == [[1, 2], [5, 0]]
    with pytest.raises(InputError, match=r"test.txt must have.*9. Received: 8"):
        text.cut(tokens, 9, 9, "test")
