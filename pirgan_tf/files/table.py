"""The gate for tables: text with a separator, the names of the columns first."""

import csv
import dataclasses
import io
from pathlib import Path

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import explain, read_text, refusal

_MOST_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes:
        path: the file.
        names: names of the columns, all different.
        lines: number of each further line that is not empty (the first has number 1), and
            its fields, which may be fewer or more than the names.
    """

    path: Path
    names: list[str]
    lines: list[tuple[int, list[str]]]

    def rows(self) -> list[tuple[str, dict[str, str]]]:
        """Returns where each row stands, such as "line 3 of FILE", and its fields by name.

        Raises:
            InputError: a line has more or fewer fields than the first.
        """
        for number, fields in self.lines:
            if len(fields) != len(self.names):
                raise InputError(
                    f"every line must have as many fields as the first, {len(self.names)}. "
                    f"Received: {len(fields)} on line {number} of {self.path}"
                )
        return [
            (f"line {number} of {self.path}", dict(zip(self.names, fields, strict=True)))
            for number, fields in self.lines
        ]

    def require(self, names: list[str]) -> None:
        """Checks that there are certain columns.

        Raises:
            InputError: some are missing.
        """
        missing = [name for name in names if name not in self.names]
        if missing:
            raise InputError(
                f"table must have the columns {_some(missing)}. "
                f"Received: {_some(self.names)} in {self.path}"
            )


def read_table(path: str | Path, delimiter: str = ",") -> Table:
    """Reads a table.

    Args:
        path: a text file in UTF-8, with or without a byte order mark.
        delimiter: what stands between two fields.

    Raises:
        InputError: the file cannot be read, is empty, or repeats a column.
    """
    separated = "comma" if delimiter == "," else "tab"
    wanted = f"table must be {separated}-separated text in UTF-8, its columns' names first"
    text = read_text(path, wanted)
    if "\0" in text:
        raise refusal(wanted, path, "holds NUL characters")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines, number = [], 1
    try:
        for fields in reader:
            # Toloka leaves lines empty between two pages of tasks.
            if any(fields):
                lines.append((number, fields))
            # A field in quotes may go over several lines.
            number = reader.line_num + 1
    except csv.Error as error:
        raise refusal(wanted, path, f"is not ({explain(error)}, line {number})") from None
    if not lines:
        raise refusal(wanted, path, "is empty")
    names = [name.strip() for name in lines[0][1]]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise refusal(
            "columns must have different names", path, f"repeats {', '.join(map(repr, repeated))}"
        )
    return Table(Path(path), names, lines[1:])


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
