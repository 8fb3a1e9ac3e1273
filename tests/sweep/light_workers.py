"""Worker processes whose objectives fail at once, without TensorFlow, or wait to be killed."""

import os
import time

from pirgan_tf.sweep import executors
from pirgan_tf.sweep.objective_run import objective_folder, record_failure


def serve(*arguments):
    """Does what a worker does, with other work."""
    executors._work = _work
    executors._serve(*arguments)


def _work(text, options, folder, directory):
    (objective_folder(text, options, folder) / "pid").write_text(str(os.getpid()))
    while (folder / "hold").exists():
        time.sleep(0.01)
    return record_failure(text, options, folder, "work", "light")
