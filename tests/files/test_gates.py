"""What the gates refuse, whatever the library behind them would say."""

import io
import os
import zipfile

import numpy as np
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.files import path as path_module
from pirgan_tf.files.arrays import read_arrays
from pirgan_tf.files.idx import read_idx
from pirgan_tf.files.json import parse_json, read_json, read_json_lines
from pirgan_tf.files.path import check_file, check_memory
from pirgan_tf.files.picture import read_picture
from pirgan_tf.files.table import read_table

GATES = {
    "path": lambda path: check_file(path, "file must be one"),
    "arrays": lambda path: read_arrays(path, ["ids"], "gallery must be one"),
    "idx": lambda path: read_idx(path, 1),
    "json": read_json,
    "picture": read_picture,
    "table": read_table,
}


def refusal(read, *arguments):
    with pytest.raises(InputError) as raised:
        read(*arguments)
    message = str(raised.value)
    assert " must " in message and ". Received: " in message and "\n" not in message
    return message


def _make(kind, path):
    if kind == "a folder":
        path.mkdir()
    elif kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a dangling link":
        path.symlink_to("nowhere")
    elif kind == "a link to itself":
        path.symlink_to(path)
    elif kind == "too large":
        with path.open("wb") as file:
            file.truncate(2**42)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize(
    "kind, words",
    [
        ("missing", "does not exist"),
        ("a folder", "is a folder"),
        ("a pipe", "is not a regular file"),
        ("a device", "is not a regular file"),
        ("a dangling link", "does not exist"),
        ("a link to itself", "cannot be opened"),
        ("too large", "bytes, more than"),
    ],
)
def test_what_is_no_file_that_could_be_read(tmp_path, gate, kind, words):
    path = tmp_path / "given"
    _make(kind, path)
    message = refusal(GATES[gate], path)
    assert words in message and str(path) in message


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("name", ["x" * 5000, "nul\0", "no/such/folder/file"])
def test_names_that_no_file_has(gate, name):
    refusal(GATES[gate], name)


@pytest.mark.parametrize("gate", sorted(set(GATES) - {"path"}))
@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff\xfe\xfd", os.urandom(5000)])
def test_other_content(tmp_path, gate, content):
    (tmp_path / "given").write_bytes(content)
    assert str(tmp_path / "given") in refusal(GATES[gate], tmp_path / "given")


@pytest.mark.parametrize(
    "text",
    ["{", "NaN", '{"a": Infinity}', '{"a": 1e999}', "9" * 25, "9" * 6000, "[" * 100_000, "[1,]"],
)
def test_json_is_finite_and_not_deep(text):
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize(
    "text, words",
    [
        ("[1]", "holds no object"),
        ("{}", "lacks the field 'a'"),
        ('{"a": "1"}', "'a' that is not a whole number"),
        ('{"a": 1.5}', "'a' that is not a whole number"),
        ('{"a": true}', "'a' that is not a whole number"),
        ('{"a": null}', "'a' that is not a whole number"),
    ],
)
def test_fields_have_their_types(tmp_path, text, words):
    (tmp_path / "given.json").write_text(text)
    assert words in refusal(read_json, tmp_path / "given.json", {"a": int})


def test_a_number_may_be_whole(tmp_path):
    (tmp_path / "given.json").write_text('{"a": 1, "b": 2.5}')
    assert read_json(tmp_path / "given.json", {"a": float, "b": float}) == {"a": 1, "b": 2.5}


def test_only_the_last_line_may_be_cut(tmp_path):
    path = tmp_path / "stats.jsonl"
    assert read_json_lines(path) == []
    path.write_text('{"step": 1}\n{"step": 2}\n{"ste')
    assert read_json_lines(path) == [{"step": 1}, {"step": 2}]
    path.write_text('{"step": 1}\n{"ste\n{"step": 2}\n')
    assert "line 2" in refusal(read_json_lines, path)
    path.write_text('{"step": 1}\n[2]\n')
    assert "no object" in refusal(read_json_lines, path)


@pytest.mark.parametrize(
    "text, words",
    [
        ("a,b\n1,\0\n", "NUL"),
        ("a,b,a\n", "repeats 'a'"),
        ('a,b\n"1,2\n', "line 2"),
        ("a\n" + "x" * 200_000, "larger than field limit"),
        ("\n\n", "is empty"),
    ],
)
def test_tables(tmp_path, text, words):
    (tmp_path / "given.csv").write_text(text)
    assert words in refusal(read_table, tmp_path / "given.csv")


def _archive(path, ids, *, method=zipfile.ZIP_STORED):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, ids)
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("ids.npy", stream.getvalue())


def _header(shape):
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue()


def _set_flag(path, at, value):
    """Sets a field in both places where a ZIP archive has it."""
    content = bytearray(path.read_bytes())
    content[at] = value
    content[content.index(b"PK\x01\x02") + at + 2] = value
    path.write_bytes(content)


@pytest.mark.parametrize("flag, value", [(6, 1), (8, 99)], ids=["encrypted", "unknown method"])
def test_archives_that_cannot_be_unpacked(tmp_path, flag, value):
    path = tmp_path / "given.npz"
    _archive(path, np.arange(3))
    assert GATES["arrays"](path)["ids"].tolist() == [0, 1, 2]
    _set_flag(path, flag, value)
    assert "cannot be read" in refusal(GATES["arrays"], path)


@pytest.mark.parametrize("shape", [(10**12,), (10**30,), (-5, 3), (10**6, 10**6)])
def test_arrays_that_say_they_are_larger_than_they_are(tmp_path, shape):
    with zipfile.ZipFile(tmp_path / "given.npz", "w") as archive:
        archive.writestr("ids.npy", _header(shape))
    assert "cannot be read" in refusal(GATES["arrays"], tmp_path / "given.npz")


def test_an_archive_that_would_not_fit_in_memory(tmp_path, monkeypatch):
    path = tmp_path / "given.npz"
    _archive(path, np.zeros(10**6, np.uint8), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 10_000
    monkeypatch.setattr(path_module, "memory_bytes", lambda: 100_000)
    assert "must fit" in refusal(GATES["arrays"], path)
    assert "must fit" in refusal(check_memory, 100_001, "images")
    check_memory(100_000, "images")


@pytest.mark.parametrize("ids", [np.array([1.0, np.nan]), np.array(["a", None], object)])
def test_arrays_that_are_not_finite_or_pickled(tmp_path, ids):
    np.savez(tmp_path / "given.npz", ids=ids)
    refusal(GATES["arrays"], tmp_path / "given.npz")
