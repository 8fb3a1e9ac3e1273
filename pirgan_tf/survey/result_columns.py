"""Where the result files of crowd platforms have what is needed."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class ResultColumns:
    """Where a file of results has what is needed.

    Attributes:
        image: column of the image: its id in the gallery, or a path or URL of a file that
            is named after it, such as https://example.org/img000012.png.
        rating: column of the stars, 1 to 5.
        rater: column of who gave them; the file may lack it.
        status: column of the platform's verdict, such as Rejected; the file may lack it.
        delimiter: what stands between two fields.
    """

    image: str
    rating: str
    rater: str
    status: str
    delimiter: str = ","


SOURCES = {
    "mturk": ResultColumns("Input.image_id", "Answer.rating", "WorkerId", "AssignmentStatus"),
    "toloka": ResultColumns(
        "INPUT:image_id", "OUTPUT:rating", "ASSIGNMENT:worker_id", "ASSIGNMENT:status", "\t"
    ),
    "csv": ResultColumns("image_id", "rating", "rater", "status"),
}
