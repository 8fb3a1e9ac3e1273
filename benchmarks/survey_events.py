"""Times what is computed from a million events of a study, and its memory.

    python benchmarks/survey_events.py --database=sqlite:////tmp/events.sqlite3

The goals are an export, as interactions or as raw events, in under 20 s and 300 MB, and the
owner's pages in under 2 s of a CPU. The database must be new, or one that this script made.
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
from sqlalchemy import insert, select, update

from pirgan_tf import survey
from pirgan_tf.survey import app, web

IMAGES = 1000


def main() -> None:
    """Prints seconds and peak memory of each export, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", required=True, help="a new sqlite:///PATH, or postgresql://")
    parser.add_argument("--events", type=int, default=1_000_000, help="how many")
    parser.add_argument("--per_rater", type=int, default=500, help="of 1000 images")
    options = parser.parse_args()
    started = time.perf_counter()
    key = make_study(options.database, options.events, options.per_rater)
    print(f"{options.events} events made in {time.perf_counter() - started:.0f} s")
    print("format       by the clock  of CPUs  peak memory so far")
    for written in ("interactions", "csv", "jsonl"):
        with tempfile.TemporaryDirectory() as folder:
            figures = export(options.database, key, written, Path(folder) / "out")
        print("{:12} {:7.1f} s {:7.1f} s {:7.0f} MB".format(written, *figures))
    for path in ("", "images"):
        for _ in range(3):
            figures = owner_page(options.database, key, path)
            print("owner's page {:7} {:7.2f} s {:7.2f} s".format(path or "itself", *figures))


def make_study(url: str, events: int, per_rater: int) -> str:
    """Fills a study with ratings by raters who each see some of 1000 images; returns its key."""
    generator = np.random.default_rng(0)
    database = survey.open_database(url)
    study, new = survey.create_study(
        database,
        generator.integers(0, 256, (IMAGES, 64, 64, 3), np.uint8),
        [f"img{number:06d}" for number in range(IMAGES)],
        name="benchmark",
        mode="rating",
        raters_per_image=events,
        images_per_rater=per_rater,
        assignment_seconds=600,
        settings={},
    )
    if new is None:
        return study.key
    taste = generator.uniform(1, 5, IMAGES)
    with database.read() as session:
        images = session.scalars(select(survey.Image.id)).all()
    shown = np.zeros(IMAGES, int)
    with database.write() as session:
        for first in range(0, events, per_rater):
            chosen = generator.choice(IMAGES, per_rater, replace=False)
            times = 1e9 + first + np.cumsum(generator.exponential(3, per_rater))
            stars = np.clip(np.round(taste[chosen] + generator.normal(0, 1, per_rater)), 1, 5)
            rater = survey.begin_rater(session, study, str(first), "Mozilla/5.0")
            common = {"study_id": study.id, "rater": rater.id, "propensity": 1 / IMAGES}
            given, rated = [], []
            for number, (index, star, at) in enumerate(
                zip(chosen, stars.tolist(), times.tolist(), strict=True), 1
            ):
                own = common | {"id": first + number, "image": images[index]}
                given.append(
                    own
                    | {"created_at": at, "expires_at": at + 600}
                    | {"state": "answered", "position": number}
                )
                rated.append(
                    own
                    | {"assignment": first + number, "kind": "rating", "value": star}
                    | {"shown_at": at - 1.5, "answered_at": at}
                )
            session.execute(insert(survey.Assignment.__table__), given)
            session.execute(insert(survey.Event.__table__), rated)
            shown[chosen] += 1
        answered = [
            {"id": image, "answered": n} for image, n in zip(images, shown.tolist(), strict=True)
        ]
        session.execute(update(survey.Image), answered)
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


def owner_page(url: str, key: str, path: str) -> tuple[float, float]:
    """Returns how many seconds a page takes, from the request to the answer, and of CPUs."""
    database = survey.open_database(url)
    with database.read() as session:
        study = survey.find_study(session, key)
    token = survey.renew_token(database, study)
    served = app.create_app(database, web.WebConfig())
    client = TestClient(served)
    client.post(f"/owner/{key}/login", data={"token": token}, follow_redirects=False)
    started = time.perf_counter(), time.process_time()
    answer = client.get(f"/owner/{key}/{path}")
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    database.close()
    if "estimate" not in answer.text:
        raise RuntimeError(f"no owner's page: {answer.status_code}")
    return seconds


if __name__ == "__main__":
    main()
