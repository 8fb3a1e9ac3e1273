"""How a command ends: one line, its status, and at once when it is asked twice."""

import dataclasses
import errno
import importlib.metadata
import os
import signal
import subprocess
import sys
import time

import pytest

from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.description import describe
from pirgan_tf.cli.options import Options, option
from pirgan_tf.cli.outputs import output_folder
from pirgan_tf.errors import InputError


@dataclasses.dataclass(frozen=True, kw_only=True)
class WordOptions(Options):
    word: str = option("Any word.", "word")


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Runs a stage as a command; returns its status and its lines of error."""

    def call(run, *flags):
        monkeypatch.setattr(sys, "argv", ["stage", f"--output={tmp_path / 'out'}", *flags])
        with pytest.raises(SystemExit) as end:
            run_command("stage", WordOptions, run, uses_tensorflow=False)
        return end.value.code, capsys.readouterr().err.splitlines()

    return call


def refuse(options):
    raise InputError(f"word must be short. Received: {options.word}")


def test_a_newline_and_a_control_character_make_no_second_line(call):
    status, lines = call(refuse, "--word=a\nTraceback\x1b[31m\u2028b")
    assert status == 2
    assert lines == [r"stage: word must be short. Received: a\nTraceback\x1b[31m\u2028b"]


def test_a_message_of_a_megabyte_is_cut_in_its_middle(call):
    _, [line] = call(refuse, f"--word={'x' * 1_000_000}end")
    assert len(line) < 1100
    assert line.startswith("stage: word must be short. Received: xxx")
    assert line.endswith("xxxend")


def test_a_word_of_another_language_is_printed_as_it_is(call):
    assert call(refuse, "--word=Bäume木")[1] == ["stage: word must be short. Received: Bäume木"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG])
def test_a_full_disk_is_one_line_and_leaves_nothing(call, tmp_path, number):
    def fill(options):
        with output_folder("stage", options) as folder:
            (folder / "half").touch()
            raise OSError(number, os.strerror(number), str(folder / "half"))

    status, [line] = call(fill)
    assert status == 1
    assert line == f"stage: {os.strerror(number)}: {tmp_path}/out.partial/half"
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_at_the_beginning_leaves_nothing(call, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(options):
        monkeypatch.setattr("pathlib.Path.write_text", full)
        with output_folder("stage", options, resumable=True):
            raise AssertionError

    assert call(write)[0] == 1
    assert not list(tmp_path.iterdir())


def test_a_defect_keeps_its_traceback(call):
    def fail(options):
        raise FileNotFoundError("of ours")

    with pytest.raises(FileNotFoundError):
        call(fail)


def test_text_that_is_no_utf8_is_refused(call):
    status, [line] = call(refuse, "--word=\udcff")
    assert status == 2
    assert line == r"stage: word must be text in UTF-8 without NUL. Received: '\udcff'"
    status, [line] = call(refuse, "--output=\udcff/x")
    assert (status, line[:40]) == (2, "stage: output must be text in UTF-8 with")


@pytest.mark.parametrize("depth", [1, 2, 5000])
def test_flagfiles_that_include_each_other_are_refused(call, tmp_path, depth):
    for number in range(depth):
        following = tmp_path / f"{(number + 1) % depth}.flags"
        (tmp_path / f"{number}.flags").write_text(f"--flagfile={following}\n")
    status, [line] = call(refuse, f"--flagfile={tmp_path / '0.flags'}")
    assert status == 2
    assert "must not include" in line


@pytest.mark.parametrize("name", ["tensorflow-cpu", None])
def test_versions_are_told_of_any_distribution(tmp_path, monkeypatch, name):
    known = importlib.metadata.version

    def version(distribution):
        if distribution == "tensorflow":
            raise importlib.metadata.PackageNotFoundError
        return "2.20.0" if distribution == "tensorflow-cpu" else known(distribution)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = {"tensorflow": [name]} if name else {}
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: found)
    versions = describe("stage", Options(output="out"))["versions"]
    assert versions["tensorflow"] == ("2.20.0" if name else "unknown")
    assert versions["numpy"] == known("numpy")


CODE = """
import dataclasses, os, signal, sys, time
from pirgan_tf.cli.command import run_command
from pirgan_tf.cli.options import Options
from pirgan_tf.cli.outputs import output_folder

def run(options):
    with output_folder("stage", options) as folder:
        try:
            print("running", flush=True)
            time.sleep(60)
        finally:
            print("cleaning", flush=True)
            time.sleep({cleaning})

run_command("stage", Options, run, uses_tensorflow={imports})
"""
# Its import takes a minute, and makes of any exception an error of its own.
TENSORFLOW = """
import time
print("importing", flush=True)
try:
    time.sleep(60)
except BaseException as error:
    raise ImportError("numpy.core.multiarray failed to import") from error
"""


def start(tmp_path, helpers, cleaning=0, imports=False):
    (tmp_path / "libraries" / "tensorflow").mkdir(parents=True)
    (tmp_path / "libraries" / "tensorflow" / "__init__.py").write_text(TENSORFLOW)
    environment = helpers.environment()
    environment["PYTHONPATH"] = f"{tmp_path / 'libraries'}:{environment['PYTHONPATH']}"
    return subprocess.Popen(
        [sys.executable, "-c", CODE.format(cleaning=cleaning, imports=imports), "--output=out"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_one_line_and_nothing_left(tmp_path, helpers, number):
    process = start(tmp_path, helpers)
    assert process.stdout.readline() == "running\n"
    assert (tmp_path / "out.partial").exists()
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 128 + number
    assert errors == f"stage: stopped by {number.name}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["libraries"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once(tmp_path, helpers, number):
    process = start(tmp_path, helpers, cleaning=60)
    assert process.stdout.readline() == "running\n"
    process.send_signal(number)
    assert process.stdout.readline() == "cleaning\n"
    started = time.monotonic()
    process.send_signal(number)
    process.communicate()
    assert time.monotonic() - started < 2
    assert process.returncode == -number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_tensorflow_is_imported_is_one_line(tmp_path, helpers, number):
    process = start(tmp_path, helpers, imports=True)
    assert process.stdout.readline() == "importing\n"
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == 128 + number
    assert errors == f"stage: stopped by {number.name}\n"


def test_a_reader_that_leaves_is_no_error(helpers):
    command = [sys.executable, str(helpers.repository / "bin" / "list_objectives"), "--help"]
    process = subprocess.Popen(
        command,
        env=helpers.environment(poisoned=True),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # As `| head -0` does.
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait() == 128 + signal.SIGPIPE
