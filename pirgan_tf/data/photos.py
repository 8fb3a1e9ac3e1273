"""Import photographs: from a folder of anything to a clean dataset folder."""

import csv
import hashlib
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from pirgan_tf.data.image_dataset import shorten
from pirgan_tf.data.pixels import read_photo, square_thumbnail
from pirgan_tf.errors import InputError

# Few, because each may hold a decoded photograph of up to 178 million pixels.
_THREADS = 4


@dataclass(frozen=True)
class ManifestRow:
    """What became of one file.

    Attributes:
        file: Its path relative to the source, with `/`.
        class_name: Its class; the column `class` of `manifest.csv`.
        sha256: Of the RGB bytes of the small image, if there is one.
        width: Of the photograph, upright, in pixels; 0 if it could not be read.
        height: Likewise.
        accepted: Whether the image is in the dataset.
        reason: Why not; empty for an accepted one.
    """

    file: str
    class_name: str
    sha256: str = ""
    width: int = 0
    height: int = 0
    accepted: bool = False
    reason: str = ""


def import_photos(
    source: str | os.PathLike[str],
    destination: str | os.PathLike[str],
    *,
    image_size: int = 64,
) -> list[ManifestRow]:
    """Makes a dataset folder of a folder of photographs.

    Each is turned upright, converted to 8-bit sRGB, cropped to the central square and
    averaged down. A file which is damaged, not an image, smaller than `image_size`, huge,
    or gives the same pixels as an earlier one is left out, and `manifest.csv` says why.

    Args:
        source: A directory with one subfolder per class, searched to any depth. Names that
            begin with a dot are skipped, links to directories are not followed below the
            class folders, and files beside the class folders are listed as rejected.
        destination: An existing empty directory outside of `source`. It receives
            `<class>/<name>.png` and `manifest.csv`, with the columns file, class, sha256,
            width, height, accepted (1 or 0) and reason.
        image_size: Width and height of the result in pixels.

    Returns:
        The rows of the manifest, sorted by class and path.

    Raises:
        InputError: If the source cannot be read, has no class folders, or a class has no
            usable photograph.
    """
    source, destination = Path(source), Path(destination)
    rows = _find_files(source, destination)
    first_with: dict[str, str] = {}
    names = _UniqueNames()
    done = []
    for row, image in _examine_all(source, rows, image_size):
        if image is not None:
            if first := first_with.get(row.sha256):
                row = replace(row, accepted=False, reason=f"the same image as {first}")
            else:
                first_with[row.sha256] = row.file
                path = destination / row.class_name / names.new(row)
                path.parent.mkdir(exist_ok=True)
                image.save(path)
        done.append(row)
    _require_every_class(source, done)
    _write_manifest(destination / "manifest.csv", done)
    return done


def _find_files(source: Path, destination: Path) -> list[ManifestRow]:
    """Rows, not yet examined, for all files; at least one class."""
    try:
        entries = sorted(e for e in source.iterdir() if not e.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"The folder of photographs cannot be read: {error.strerror}. Received: {str(source)!r}"
        ) from error
    if destination.resolve().is_relative_to(source.resolve()):
        raise InputError(
            "The output must lie outside of the folder of photographs. "
            f"Received: {str(destination)!r}"
        )
    # A link back to the source would make a class of all the others.
    folders = [
        e for e in entries if e.is_dir() and not source.resolve().is_relative_to(e.resolve())
    ]
    if not folders:
        raise InputError(
            "The folder of photographs must have one subfolder per class. "
            f"Received: {str(source)!r}, with {len(entries)} files and no subfolders"
        )
    rows = [
        ManifestRow(path.relative_to(source).as_posix(), folder.name)
        for folder in folders
        for path in _walk(folder)
    ]
    for folder in folders:
        if not any(row.class_name == folder.name for row in rows):
            raise InputError(f"A class folder is empty. Received: {str(folder)!r}")
    strays = [
        ManifestRow(entry.name, "", reason="not in a class folder")
        for entry in entries
        if not entry.is_dir()
    ]
    return strays + rows


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise InputError(
            f"A folder of photographs cannot be read: {error.strerror}. "
            f"Received: {str(error.filename)!r}"
        ) from error

    for root, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))


def _examine_all(
    source: Path, rows: list[ManifestRow], image_size: int
) -> Iterator[tuple[ManifestRow, Image.Image | None]]:
    def examine(row: ManifestRow) -> tuple[ManifestRow, Image.Image | None]:
        return (row, None) if row.reason else _examine(source / row.file, row, image_size)

    # Pillow's warnings concern files that are then rejected, or harmless oddities; by the
    # thousand they would hide the progress bar.
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as pool:
        warnings.simplefilter("ignore")
        # disable=None: a bar on a terminal, nothing in a log.
        yield from tqdm(
            pool.map(examine, rows), "photographs", total=len(rows), unit="", disable=None
        )


def _examine(
    path: Path, row: ManifestRow, image_size: int
) -> tuple[ManifestRow, Image.Image | None]:
    try:
        photo = read_photo(path, min_size=image_size)
    except InputError as error:
        return replace(row, reason=str(error)), None
    image = square_thumbnail(photo, image_size)
    digest = hashlib.sha256(image.tobytes()).hexdigest()
    row = replace(row, sha256=digest, width=photo.width, height=photo.height, accepted=True)
    return row, image


class _UniqueNames:
    """File names from those of the photographs, distinct even where case does not count."""

    def __init__(self) -> None:
        self._used: set[tuple[str, str]] = set()

    def new(self, row: ManifestRow) -> str:
        # File systems allow 255 bytes, and bytes that are no text.
        stem = Path(row.file).stem.encode(errors="ignore")[:200].decode(errors="ignore") or "photo"
        name, number = stem, 1
        while (row.class_name, name.casefold()) in self._used:
            number += 1
            name = f"{stem}-{number}"
        self._used.add((row.class_name, name.casefold()))
        return f"{name}.png"


def _require_every_class(source: Path, rows: list[ManifestRow]) -> None:
    rejected = {row.class_name: row for row in reversed(rows) if row.class_name}
    for name in {row.class_name for row in rows if row.accepted}:
        del rejected[name]
    if rejected:
        row = next(iter(rejected.values()))
        raise InputError(
            f"No photograph of a class can be used; its first, {row.file}: {row.reason}. "
            f"Received: {shorten([str(source / name) for name in sorted(rejected)])}"
        )


def _write_manifest(path: Path, rows: list[ManifestRow]) -> None:
    # Names of files need not be valid text.
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "class", "sha256", "width", "height", "accepted", "reason"])
        for row in rows:
            size = (row.width or "", row.height or "")
            accepted = (int(row.accepted), row.reason)
            writer.writerow((row.file, row.class_name, row.sha256, *size, *accepted))
