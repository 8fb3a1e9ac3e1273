"""What an output tells of its making."""

import importlib.metadata
import platform
import shutil
import subprocess
from pathlib import Path

import pirgan_tf
from pirgan_tf.cli.options import Options

_LIBRARIES = ("tensorflow", "keras", "tensorflow-probability", "numpy")


def describe(stage: str, options: Options) -> dict:
    """Returns what options.json holds: stage, options, versions and git revision."""
    return {
        "stage": stage,
        "options": options.to_json(),
        "versions": {
            "pirgan-tf": pirgan_tf.__version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in _LIBRARIES},
        },
        "git_revision": _git_revision(),
    }


def _version(library: str) -> str:
    """Returns the version of a library, whatever the distribution that brought it is called."""
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        # Such as tensorflow-cpu. It reads the files of all distributions, hence not at once.
        names = importlib.metadata.packages_distributions().get(library.replace("-", "_"), [])
        return importlib.metadata.version(names[0]) if names else "unknown"


def _git_revision() -> str | None:
    checkout = Path(pirgan_tf.__file__).parents[1]
    # An installed copy may lie in somebody else's checkout.
    if not (checkout / ".git").exists() or not shutil.which("git"):
        return None
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None
