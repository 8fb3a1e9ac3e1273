"""The gate for NumPy's archives of arrays, .npz."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, check_memory, explain, refusal


def read_arrays(path: str | Path, names: Iterable[str], wanted: str) -> dict[str, np.ndarray]:
    """Reads arrays from an archive.

    Args:
        path: the .npz file.
        names: of the arrays.
        wanted: what must hold, the beginning of the message.

    Raises:
        InputError: the file is no such archive, lacks an array, or has arrays that are
            pickled, encrypted, damaged, not finite or larger than the memory.
    """
    check_file(path, wanted)
    members = [f"{name}.npy" for name in names]
    try:
        with zipfile.ZipFile(path) as archive:
            missing = set(members) - set(archive.namelist())
            if missing:
                raise refusal(wanted, path, f"lacks {', '.join(sorted(missing))}")
            sizes = (archive.getinfo(member).file_size for member in members)
            check_memory(sum(sizes), f"arrays of {path}")
            arrays = {}
            for member in members:
                with archive.open(member) as stream:
                    array = np.lib.format.read_array(stream, allow_pickle=False)
                arrays[member.removesuffix(".npy")] = array
    except InputError:
        raise
    # Which byte is wrong decides which of a dozen kinds of error this is.
    except Exception as error:
        raise refusal(wanted, path, f"cannot be read ({explain(error)})") from error
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise refusal(wanted, path, f"holds {name} that are not finite")
    return arrays
