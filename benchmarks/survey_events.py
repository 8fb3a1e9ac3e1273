"""Times what is computed from a million events of a study, and its memory.

    python benchmarks/survey_events.py --database=sqlite:////tmp/events.sqlite3

The goals are an export, as interactions or as raw events, in under 20 s and 300 MB, and the
owner's pages in under 2 s. The database must be new, or one that this script made.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from pirgan_tf import survey
from pirgan_tf.survey import app, web

IMAGES = 1000
PER_RATER = 100


def main() -> None:
    """Prints seconds and peak memory of each export, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True, help="a new sqlite:///PATH, or postgresql://")
    parser.add_argument("--events", type=int, default=1_000_000, help="how many")
    options = parser.parse_args()
    started = time.perf_counter()
    key = make_study(options.database, options.events)
    print(f"{options.events} events made in {time.perf_counter() - started:.0f} s")
    print("format       by the clock  of CPUs  peak memory so far")
    for written in ("interactions", "csv", "jsonl"):
        with tempfile.TemporaryDirectory() as folder:
            figures = export(options.database, key, written, Path(folder) / "out")
        print("{:12} {:7.1f} s {:7.1f} s {:7.0f} MB".format(written, *figures))
    for path in ("", "images"):
        seconds = [owner_page(options.database, key, path) for _ in range(3)]
        print(f"owner's page {path or 'itself':7}", *(f"{each:7.2f} s" for each in seconds))


def make_study(url: str, events: int) -> str:
    """Fills a study with ratings by raters who each see 100 of 1000 images; returns its key."""
    generator = np.random.default_rng(0)
    database = survey.open_database(url)
    study, new = survey.create_study(
        database,
        generator.integers(0, 256, (IMAGES, 64, 64, 3), np.uint8),
        [f"img{number:06d}" for number in range(IMAGES)],
        name="benchmark",
        mode="rating",
        raters_per_image=events,
        images_per_rater=PER_RATER,
        assignment_seconds=600,
        settings={},
    )
    if new is None:
        return study.key
    taste = generator.uniform(1, 5, IMAGES)
    with database.read() as session:
        images = session.scalars(select(survey.Image.id)).all()
    for number in range(events // PER_RATER):
        chosen = generator.choice(IMAGES, PER_RATER, replace=False)
        times = 1e9 + 1000 * number + np.cumsum(generator.exponential(3, PER_RATER))
        stars = np.clip(np.round(taste[chosen] + generator.normal(0, 1, PER_RATER)), 1, 5)
        with database.write() as session:
            rater = survey.begin_rater(session, study, str(number), "Mozilla/5.0")
            common = {"study_id": study.id, "rater": rater.id, "propensity": 1 / IMAGES}
            given = [
                common
                | {"image": images[index], "created_at": time, "expires_at": time + 600}
                | {"state": "answered", "position": position}
                for position, (index, time) in enumerate(
                    zip(chosen, times.tolist(), strict=True), 1
                )
            ]
            ids = session.scalars(
                insert(survey.Assignment).returning(
                    survey.Assignment.id, sort_by_parameter_order=True
                ),
                given,
            ).all()
            rated = [
                common
                | {"image": images[index], "assignment": assignment, "kind": "rating"}
                | {"value": star, "shown_at": time - 1.5, "answered_at": time}
                for index, assignment, star, time in zip(
                    chosen, ids, stars.tolist(), times.tolist(), strict=True
                )
            ]
            session.execute(insert(survey.Event), rated)
    database.close()
    return study.key


def export(url: str, key: str, written: str, output: Path) -> tuple[float, float, float]:
    """Runs the command; returns its seconds, those of its CPU, and its peak memory in MB."""
    command = [sys.executable, str(Path(__file__).parents[1] / "bin" / "export_interactions")]
    flags = [f"--database={url}", f"--study={key}", f"--format={written}", f"--output={output}"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*command, *flags], check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computed = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, computed, after.ru_maxrss / 1e3


def owner_page(url: str, key: str, path: str) -> float:
    """Returns how many seconds a page takes, from the request to the answer."""
    database = survey.open_database(url)
    with database.read() as session:
        study = survey.find_study(session, key)
    token = survey.renew_token(database, study)
    served = app.create_app(database, web.WebConfig())
    client = TestClient(served)
    client.post(f"/owner/{key}/login", data={"token": token}, follow_redirects=False)
    started = time.perf_counter()
    answer = client.get(f"/owner/{key}/{path}")
    seconds = time.perf_counter() - started
    database.close()
    if "estimate" not in answer.text:
        raise RuntimeError(f"no owner's page: {answer.status_code}")
    return seconds


if __name__ == "__main__":
    main()
