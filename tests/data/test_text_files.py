"""Text: the grammar's exact probabilities, and folders of files."""

import itertools
import math

import numpy as np
import pytest

from pirgan_tf import data
from pirgan_tf.errors import InputError


@pytest.fixture(scope="module")
def grammar_text():
    return data.load_text("grammar")


def _language(grammar):
    """Every sentence of a grammar, with the probability of its derivation."""

    def expand(symbol):
        if symbol not in grammar._rules:
            return [(1.0, (symbol,))]
        return [
            (probability * math.prod(p for p, _ in parts), sum((w for _, w in parts), ()))
            for probability, symbols in grammar._rules[symbol]
            for parts in itertools.product(*map(expand, symbols))
        ]

    return expand(grammar._first)


def test_the_entropy_is_that_of_all_sentences():
    language = _language(data.GRAMMAR)
    sentences = [" ".join(words) for _, words in language]
    shares = np.array([share for share, _ in language])
    lengths = np.array([len(words) for _, words in language])
    # Each has one derivation, for otherwise the choices would have more entropy than sentences.
    assert len(set(sentences)) == len(sentences) > 10_000
    assert shares.sum() == pytest.approx(1)
    entropy = -(shares * np.log(shares)).sum()
    assert data.GRAMMAR.entropy == pytest.approx(entropy)
    assert data.GRAMMAR.mean_length == pytest.approx((shares * lengths).sum())
    perplexity = math.exp(entropy / (shares * (lengths + 1)).sum())
    assert data.GRAMMAR.perplexity == pytest.approx(perplexity)


def test_probabilities_of_sentences_are_those_of_their_choices():
    grammar = data.Grammar({"S": [(0.25, "A"), (0.75, "A b A")], "A": [(0.6, "x"), (0.4, "y y")]})
    assert grammar.log_probability("y y") == pytest.approx(math.log(0.25 * 0.4))
    assert grammar.log_probability("x b y y") == pytest.approx(math.log(0.75 * 0.6 * 0.4))
    assert grammar.log_probability("x b") == grammar.log_probability("") == -math.inf
    sentences = grammar.sample(4000, seed=0)
    assert sentences.count("y y") / 4000 == pytest.approx(0.1, abs=0.02)
    likelihood = sum(map(grammar.log_probability, sentences))
    assert -likelihood / 4000 == pytest.approx(grammar.entropy, rel=0.03)


def test_the_grammars_text_is_sentences_of_the_grammar(grammar_text):
    sentences = grammar_text.read(grammar_text.test).split(data.END)[1:-1]
    assert len(sentences) == 1000
    assert all(math.isfinite(data.GRAMMAR.log_probability(each)) for each in sentences)
    assert not np.array_equal(grammar_text.valid[:50], grammar_text.test[:50])


def _write(folder, **parts):
    folder.mkdir(exist_ok=True)
    for part, text in ({"train": "a b a\nc\n", "valid": "a\n", "test": "b\n"} | parts).items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / f"{part}.txt").write_bytes(content)
    return f"text:{folder}"


def test_words_are_numbered_by_frequency_and_sentences_have_ends(tmp_path):
    text = data.load_text(_write(tmp_path, train="b a b\r\n\n c\n", test="c b\n"))
    assert text.vocabulary == (data.END, "b", "a", "c")
    np.testing.assert_array_equal(text.train, [0, 1, 2, 1, 0, 3, 0])
    np.testing.assert_array_equal(text.test, [0, 3, 1, 0])
    assert text.train.dtype == np.int32


def test_a_smaller_vocabulary_has_a_word_for_all_others(tmp_path):
    text = data.load_text(_write(tmp_path, train="a a b b b c\n", test="d a\n"), num_words=3)
    assert text.vocabulary == (data.END, "<unk>", "b")
    np.testing.assert_array_equal(text.train, [0, 1, 1, 2, 2, 2, 1, 0])
    np.testing.assert_array_equal(text.test, [0, 1, 1, 0])


@pytest.mark.parametrize(
    "parts, num_words, words",
    [
        ({"valid": ""}, 0, ("must have words", "valid.txt")),
        ({"train": "\n \n"}, 0, ("must have words", "train.txt")),
        ({"test": "a\nb a"}, 0, ("end of a line", "test.txt", "breaks off after 'a'")),
        ({"test": "caf\xe9\n".encode("latin-1")}, 0, ("UTF-8", "test.txt")),
        ({"train": "a <eos> b\n"}, 0, ("<eos>", "train.txt")),
        ({"test": "a d\n"}, 0, ("'d' in test.txt", "<unk>")),
        ({}, 5, ("at most", "4. Received: 5")),
    ],
)
def test_a_text_that_cannot_be_used_is_refused(tmp_path, parts, num_words, words):
    with pytest.raises(InputError) as error:
        data.load_text(_write(tmp_path, **parts), num_words)
    assert all(word in str(error.value) for word in words)


def test_a_folder_lacks_a_file_and_a_name_is_unknown(tmp_path):
    spec = _write(tmp_path / "text")
    (tmp_path / "text" / "valid.txt").unlink()
    with pytest.raises(InputError, match=r"train.txt, valid.txt and test.txt.*valid.txt, which"):
        data.validate_text_spec(spec)
    with pytest.raises(InputError, match="did you mean 'grammar'"):
        data.validate_text_spec("gramar")
