"""Raters who are in a hurry, each in a thread; run as a process of their own by the tests.

python scripted_raters.py URL IMAGES TARGET FIRST LAST
"""

import contextlib
import random
import sys
import threading

import numpy as np

from pirgan_tf import survey


def open_study(url: str, images: int, target: int) -> tuple[survey.Database, survey.Study]:
    """Opens the database and the study, which others may do at this moment too."""
    database = survey.open_database(url)
    pixels = np.zeros((images, 4, 4, 3), np.uint8)
    study, _ = survey.create_study(
        database,
        pixels,
        [str(index) for index in range(images)],
        name="busy",
        mode="rating",
        raters_per_image=target,
        images_per_rater=images,
        assignment_seconds=600,
        settings={},
    )
    return database, study


def rate_all(database: survey.Database, key: str, name: str) -> None:
    """Rates until there is nothing left, with some undoing."""
    chance = random.Random(name)
    with database.write() as session:
        survey.begin_rater(session, survey.find_study(session, key), name, "")

    def transaction(function, *arguments):
        # On a busy machine a turn may come late: then nothing was stored, and pages ask again.
        with contextlib.suppress(survey.DatabaseUnavailable), database.write() as session:
            rater = survey.find_rater(session, survey.find_study(session, key), name)
            return function(session, rater, *arguments)
        return transaction(function, *arguments)

    while given := transaction(survey.assign, chance.randint(1, 3)):
        for assignment in given:
            transaction(survey.rate, assignment.id, chance.randint(1, 5), 500)
        if chance.random() < 0.2:
            again = transaction(survey.undo, given[-1].id)
            transaction(survey.rate, again.id, 3, 500)


def rate_in_threads(url: str, images: int, target: int, names: range) -> None:
    """Lets raters with these names loose on a study."""
    database, study = open_study(url, images, target)
    failures = []

    def work(name: str) -> None:
        try:
            rate_all(database, study.key, name)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"rater {name}",)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    if failures:
        raise failures[0]


if __name__ == "__main__":
    url, *numbers = sys.argv[1:]
    images, target, first, last = map(int, numbers)
    rate_in_threads(url, images, target, range(first, last))
