"""Serving is exact when many raters, threads and processes are at it at once."""

import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import scripted_raters

from pirgan_tf import survey

IMAGES, TARGET, RATERS = 12, 4, 9


def check_exactness(url):
    """Every image has its target of answers by different raters, and the counts agree."""
    database = survey.open_database(url, read_only=False)
    with database.read() as session:
        [study] = session.query(survey.Study).all()
        images = session.query(survey.Image).all()
        events = list(survey.stream_events(session, study))
        assignments = session.query(survey.Assignment).all()
        table = survey.interactions(session, study, excluded=())
    database.close()
    assert [(image.answered, image.open) for image in images] == [(TARGET, 0)] * IMAGES
    assert Counter(each.image for each in assignments) == {image.id: TARGET for image in images}
    assert len({(each.rater, each.image) for each in assignments}) == IMAGES * TARGET
    undone = {event["value"] for event in events if event["kind"] == "undo"}
    rated = [event for event in events if event["kind"] == "rating" and event["id"] not in undone]
    assert Counter(event["image_id"] for event in rated) == {
        str(index): TARGET for index in range(IMAGES)
    }
    assert table["impressions"].tolist() == [TARGET] * IMAGES


def test_threads_on_one_database(url):
    scripted_raters.rate_in_threads(url, IMAGES, TARGET, range(RATERS))
    check_exactness(url)


def test_processes_that_begin_at_once_on_one_database(url, helpers):
    processes = [
        subprocess.Popen(
            [sys.executable, Path(scripted_raters.__file__), url]
            + [str(number) for number in (IMAGES, TARGET, first, first + RATERS // 3)],
            env=helpers.environment(),
            stderr=subprocess.PIPE,
            text=True,
        )
        for first in range(0, RATERS, RATERS // 3)
    ]
    for process in processes:
        _, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints
    check_exactness(url)


def test_one_assignment_is_answered_once_however_often_it_is_sent(new_survey):
    made = new_survey(1)
    rater = made.rater("a")
    [assignment] = made.write(survey.assign, rater, 1)
    outcomes = []

    def send() -> None:
        try:
            outcomes.append(made.write(survey.rate, rater, assignment.id, 5).value)
        except survey.AlreadyAnswered:
            outcomes.append("refused")

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {5: 1, "refused": 5}
    assert len(made.rows(survey.Event)) == 1
