import csv
import hashlib
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pirgan_tf.data import import_photos
from pirgan_tf.errors import InputError

COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (220, 220, 40))


def quarters(size=128):
    """Red, green / blue, yellow: no two of its turns and mirror images are the same."""
    pixels = np.array(COLOURS, np.uint8).reshape(2, 2, 3)
    return Image.fromarray(pixels.repeat(size // 2, axis=0).repeat(size // 2, axis=1))


def save(image, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


@pytest.fixture
def folders(tmp_path):
    """A source whose class `a` has one good photograph, and a destination."""
    source, destination = tmp_path / "photos", tmp_path / "dataset"
    save(quarters(), source / "a" / "good.png")
    destination.mkdir()
    return source, destination


def run(folders, **options):
    rows = import_photos(*folders, **options)
    return {row.file: row for row in rows}


def imported(folders, name):
    return np.asarray(Image.open(folders[1] / "a" / name))


def corners(pixels):
    return [tuple(int(v) for v in pixels[r, c]) for r, c in ((0, 0), (0, -1), (-1, 0), (-1, -1))]


def noise(seed, height=96, width=96):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_centre_crop_and_area_average_by_hand(folders):
    # 4 high, 8 wide: columns 2 to 5 remain, and each pixel averages a 2x2 block.
    grey = np.zeros((4, 8), np.uint8)
    grey[:, 2:6] = [[0, 40, 4, 8], [80, 120, 12, 16], [1, 3, 100, 100], [3, 5, 100, 200]]
    grey[:, :2] = grey[:, 6:] = 255
    save(Image.fromarray(grey), folders[0] / "a" / "small.png")

    run(folders, image_size=2)

    result = imported(folders, "small.png")
    np.testing.assert_array_equal(result[..., 0], [[60, 10], [3, 125]])
    np.testing.assert_array_equal(result, result[..., :1].repeat(3, axis=2))


def test_odd_margins_keep_the_floor_on_the_left(folders):
    pixels = np.zeros((2, 5, 3), np.uint8)
    pixels[:, 1:3] = (10, 20, 30)
    save(Image.fromarray(pixels), folders[0] / "a" / "odd.png")
    run(folders, image_size=2)
    np.testing.assert_array_equal(imported(folders, "odd.png"), pixels[:, 1:3])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(folders, orientation):
    # How each camera position stores the upright picture (EXIF 2.3, tag 0x0112).
    store = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: np.rot90(p, 1),
        7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
        8: lambda p: np.rot90(p, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(store(np.asarray(quarters().resize((128, 64))))))
    path = folders[0] / "a" / "turned.jpg"
    save(stored, path, exif=exif, quality=95, subsampling=0)
    rows = run(folders)
    np.testing.assert_allclose(corners(imported(folders, "turned.png")), COLOURS, atol=4)
    assert (rows["a/turned.jpg"].width, rows["a/turned.jpg"].height) == (128, 64)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_16_bit_greys_are_scaled_not_clipped(folders, suffix):
    values = np.array([[0, 257 * 100], [257 * 200 + 128, 65535]], np.uint16)
    image = Image.fromarray(values.repeat(64, axis=0).repeat(64, axis=1))
    save(image, folders[0] / "a" / f"deep.{suffix}")
    run(folders)
    assert corners(imported(folders, "deep.png")) == [(v, v, v) for v in (0, 100, 200, 255)]


def png(width, height, depth, data):
    """An RGB PNG, of which Pillow cannot write 16 bits, nor a header that lies."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">2I5B", width, height, depth, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_16_bit_colours_are_scaled(folders):
    row = b"\0" + struct.pack(">3H", 257 * 10, 257 * 100, 65535) * 64
    (folders[0] / "a" / "deep.png").write_bytes(png(64, 64, 16, row * 64))
    run(folders)
    assert set(corners(imported(folders, "deep.png"))) == {(10, 100, 255)}


def test_cmyk_jpeg(folders):
    save(Image.new("CMYK", (64, 64), (0, 255, 255, 0)), folders[0] / "a" / "print.jpg")
    run(folders)
    np.testing.assert_allclose(imported(folders, "print.png")[0, 0], (255, 0, 0), atol=3)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(folders, mode):
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[32:, :, 3] = 255
    pixels[:32, 32:, 3] = 0 if mode == "P" else 128
    save(Image.fromarray(pixels).convert(mode), folders[0] / "a" / "glass.png")
    run(folders)
    half = 255 if mode == "P" else 127
    assert corners(imported(folders, "glass.png")) == [
        (255,) * 3,
        (half,) * 3,
        (0,) * 3,
        (0,) * 3,
    ]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_few_colours_become_rgb(folders, mode):
    save(Image.new("RGB", (64, 64), "white").convert(mode), folders[0] / "a" / "plain.png")
    run(folders)
    result = imported(folders, "plain.png")
    assert result.shape == (64, 64, 3)
    assert (result == 255).all()


def test_first_frame_of_an_animation(folders):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    save(frames[0], folders[0] / "a" / "moving.gif", save_all=True, append_images=frames[1:])
    run(folders)
    assert set(corners(imported(folders, "moving.png"))) == {(255, 0, 0)}


def linear_profile():
    """An ICC profile with the primaries of sRGB and pixel values proportional to light."""
    primaries = {
        b"rXYZ": (0.4360, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971),
        b"bXYZ": (0.1431, 0.0606, 0.7141),
        b"wtpt": (0.9642, 1.0, 0.8249),
    }
    fixed = {k: [round(v * 65536) for v in xyz] for k, xyz in primaries.items()}
    tags = {k: b"XYZ " + struct.pack(">4i", 0, *xyz) for k, xyz in fixed.items()}
    tags |= {k: b"curv" + struct.pack(">2I", 0, 0) for k in (b"rTRC", b"gTRC", b"bTRC")}
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        offset = 128 + 4 + 12 * len(tags) + len(data)
        table += name + struct.pack(">2I", offset, len(content))
        data += content
    header = struct.pack(">I4xI", 128 + len(table + data), 0x02400000) + b"mntrRGB XYZ "
    header = header.ljust(36, b"\0") + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + table + data


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_colour_profile_is_converted_to_srgb(folders, mode, suffix):
    # sRGB shows 55/255 = 21.6 % of the light as 128, and 128/255 = 50 % as 188.
    image = Image.new("RGB", (64, 64), (55, 128, 255)).convert(mode, palette=Image.Palette.ADAPTIVE)
    path = folders[0] / "a" / f"linear.{suffix}"
    save(image, path, icc_profile=linear_profile(), lossless=True)
    run(folders)
    np.testing.assert_allclose(imported(folders, "linear.png")[0, 0], (128, 188, 255), atol=1)


def test_damaged_colour_profile_is_ignored(folders):
    save(quarters(), folders[0] / "a" / "odd.png", icc_profile=b"no profile")
    rows = run(folders)
    assert rows["a/odd.png"].reason == "the same image as a/good.png"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png(60_000, 60_000, 8, b""), "larger than 178000000 pixels"),
        # Here Pillow would only warn.
        (png(17_850_000, 10, 8, b""), "larger than 178000000 pixels (17850000x10)"),
        (b"", "not an image of a known format"),
        (b"Thumbs", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n%%EOF\n", "not a photograph but EPS"),
    ],
)
def test_bad_content_is_rejected_with_its_reason(folders, content, reason):
    (folders[0] / "a" / "bad.jpg").write_bytes(content)
    row = run(folders)["a/bad.jpg"]
    assert (row.accepted, row.reason) == (False, reason)
    assert [p.name for p in (folders[1] / "a").iterdir()] == ["good.png"]


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tiff"])
def test_truncated_file_is_rejected(folders, suffix):
    path = folders[0] / "a" / f"cut.{suffix}"
    save(Image.fromarray(noise(0)), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    row = run(folders)[f"a/cut.{suffix}"]
    assert not row.accepted
    assert row.reason.startswith("truncated or corrupt (") or row.reason.startswith("not an image")
    assert "\n" not in row.reason


def test_too_small_in_either_direction(folders):
    save(Image.fromarray(noise(0, 63, 200)), folders[0] / "a" / "flat.png")
    save(Image.fromarray(noise(1, 200, 63)), folders[0] / "a" / "thin.png")
    save(Image.fromarray(noise(2, 64, 64)), folders[0] / "a" / "enough.png")
    rows = run(folders)
    assert rows["a/flat.png"].reason == "smaller than 64x64 (200x63)"
    assert rows["a/thin.png"].reason == "smaller than 64x64 (63x200)"
    assert rows["a/enough.png"].accepted


def test_floating_point_pixels_are_rejected(folders):
    save(Image.new("F", (64, 64), 0.5), folders[0] / "a" / "float.tiff")
    assert run(folders)["a/float.tiff"].reason == "pixel values of unknown range (mode F)"


def test_first_of_several_equal_images_is_kept_across_classes(folders):
    save(quarters(), folders[0] / "a" / "later.bmp")
    save(quarters(256), folders[0] / "b" / "larger.png")
    save(Image.fromarray(noise(0)), folders[0] / "b" / "other.png")
    rows = run(folders)
    assert rows["a/good.png"].accepted
    for name in ("a/later.bmp", "b/larger.png"):
        assert (rows[name].accepted, rows[name].reason) == (False, "the same image as a/good.png")
    assert sorted(p.name for p in (folders[1] / "b").iterdir()) == ["other.png"]


def test_names(folders):
    a = folders[0] / "a"
    for seed, name in enumerate(
        ["One.png", "x/one.jpg", "one.png", "Küste im März.png", ".hid.png"]
    ):
        save(Image.fromarray(noise(seed)), a / name)
    save(Image.fromarray(noise(9)), a / "x" / ("é" * 125 + ".png"))
    with open(os.fsencode(a) + b"/\xff.png", "wb") as file:  # noqa: PTH123
        Image.fromarray(noise(10)).save(file, "png")
    rows = run(folders)
    assert all(row.accepted for row in rows.values())
    names = {path.name for path in (folders[1] / "a").iterdir()}
    expected = {"good.png", "One.png", "one-2.png", "one-3.png", "Küste im März.png", "photo.png"}
    assert names == expected | {"é" * 100 + ".png"}


def test_manifest_lists_every_file(folders):
    source, destination = folders
    (source / "README.txt").write_text("mine")
    (source / "a" / "notes.txt").write_text("no image")
    save(Image.fromarray(noise(0, 80, 90)), source / "b, c" / "x.png")
    run(folders)
    with (destination / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == [
        "README.txt",
        "a/good.png",
        "a/notes.txt",
        "b, c/x.png",
    ]
    assert [row["class"] for row in rows] == ["", "a", "a", "b, c"]
    assert [row["accepted"] for row in rows] == ["0", "1", "0", "1"]
    assert rows[0]["reason"] == "not in a class folder"
    assert (rows[3]["width"], rows[3]["height"], rows[3]["reason"]) == ("90", "80", "")
    pixels = Image.open(destination / "b, c" / "x.png").tobytes()
    assert rows[3]["sha256"] == hashlib.sha256(pixels).hexdigest()


def test_two_imports_are_equal(folders, tmp_path):
    for seed in range(20):
        save(Image.fromarray(noise(seed)), folders[0] / "a" / f"{seed}.png")
    again = tmp_path / "again"
    again.mkdir()
    assert run(folders) == run((folders[0], again))
    for path in sorted(folders[1].rglob("*.*")):
        assert path.read_bytes() == (again / path.relative_to(folders[1])).read_bytes()


def test_links(folders, tmp_path):
    source, _ = folders
    save(Image.fromarray(noise(0)), tmp_path / "elsewhere" / "x.png")
    (source / "linked").symlink_to(tmp_path / "elsewhere")
    (source / "all").symlink_to(source)
    (source / "a" / "up").symlink_to(source)
    (source / "a" / "gone.png").symlink_to(tmp_path / "gone.png")
    os.mkfifo(source / "a" / "pipe.png")
    rows = run(folders)
    assert {name for name, row in rows.items() if row.accepted} == {"a/good.png", "linked/x.png"}
    assert rows["a/gone.png"].reason == rows["a/pipe.png"].reason == "not a regular file"


def test_class_without_a_usable_photograph(folders):
    (folders[0] / "b").mkdir()
    (folders[0] / "b" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"b/notes.txt: not an image .* Received: .*/photos/b$"):
        run(folders)


def test_empty_class_folder(folders):
    (folders[0] / "b").mkdir()
    with pytest.raises(InputError, match=r"class folder is empty. Received: '.*/photos/b'$"):
        run(folders)


def test_photographs_without_class_folders(tmp_path):
    save(quarters(), tmp_path / "photos" / "x.png")
    with pytest.raises(InputError, match=r"one subfolder per class.*photos', with 1 files"):
        import_photos(tmp_path / "photos", tmp_path)


@pytest.mark.parametrize("name", ["missing", "file"])
def test_source_that_is_no_folder(tmp_path, name):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=rf"cannot be read: N.*Received: '.*/{name}'$"):
        import_photos(tmp_path / name, tmp_path)


def test_output_inside_the_source(folders):
    inside = folders[0] / "dataset"
    inside.mkdir()
    with pytest.raises(InputError, match=r"must lie outside.*photos/dataset'$"):
        import_photos(folders[0], inside)


def test_no_progress_bar_in_a_log(folders, capsys):
    run(folders)
    assert capsys.readouterr() == ("", "")
