"""bin/serve as a command: what it prints, refuses, and goes on with."""

import csv
import dataclasses
import io
import json
import re
import shutil
import signal

import httpx
import numpy as np
import pytest
from PIL import Image

from pirgan_tf.data.gallery import read_gallery


def test_it_prints_the_link_and_the_token_once_and_goes_on(serve, gallery, tmp_path):
    flags = (f"--gallery={gallery}", f"--output={tmp_path / 'survey'}", "--port=0")
    study = tmp_path / "study.json"
    study.write_text(json.dumps({"language": "de", "question": "Wie steil?", "labels": ["a", "b"]}))
    first = serve(*flags, f"--study={study}", "--images_per_rater=3", "--question=Wie hoch?")
    link = first.lines["raters"]
    with httpx.Client(base_url=link, headers={"user-agent": "Firefox"}) as client:
        assert "<title>mountains</title>" in client.get("").text
        client.post("start")
        given = client.post("api/next", json={"count": 1}).json()
        assert given["total"] == 3
        body = {"assignment": given["assignments"][0]["id"], "value": 5}
        assert client.post("api/rate", json=body).status_code == 200
        cookie = client.cookies["rater"]
    options = json.loads((tmp_path / "survey" / "options.json").read_text())
    assert options["stage"] == "serve"
    assert first.token not in json.dumps(options)
    assert first.stop() == 128 + signal.SIGTERM
    # The vote is in the database itself, not only in the log beside it.
    kept = sorted(path.name for path in (tmp_path / "survey").iterdir())
    assert kept == ["options.json", "survey.db"]

    second = serve(*flags, "--images_per_rater=4")
    assert "token" not in second.lines
    key = re.search(r"/s/([^/]+)/", link)[1]
    assert second.lines["raters"] == f"{second.base}s/{key}/"
    with httpx.Client(base_url=second.lines["raters"]) as client:
        client.cookies.set("rater", cookie)
        answer = client.post("api/next", json={"count": 1}).json()
        assert (answer["done"], answer["total"]) == (1, 4)
        # The texts are the study's own, and not of what a server is told.
        page = client.get("rate").text
        assert "Wie hoch?" in page and "<span>b</span>" in page and '<html lang="de">' in page
    with httpx.Client(base_url=second.lines["owner"]) as client:
        assert client.post("login", data={"token": first.token}).status_code == 303
    assert second.stop(signal.SIGINT) == 130


def test_a_lost_token_is_renewed(serve, gallery, tmp_path):
    flags = (f"--gallery={gallery}", f"--output={tmp_path / 'survey'}", "--port=0")
    lost = serve(*flags, "--invitations=2")
    lost.stop()
    renewed = serve(*flags, "--renew_token", "--invitations=2")
    with httpx.Client(base_url=renewed.lines["owner"]) as client:
        assert client.post("login", data={"token": lost.token}).status_code == 403
        assert client.post("login", data={"token": renewed.token}).status_code == 303

    # The links are those of before, to the server of now.
    with (tmp_path / "survey" / "invitations.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 and httpx.get(rows[1]["link"]).status_code == 200
    assert httpx.get(renewed.lines["raters"]).status_code == 403


def test_rounds_share_a_database_and_their_servers_serve_both(serve, gallery, tmp_path):
    other = shutil.copytree(gallery, tmp_path / "other")
    database = f"--database=sqlite:///{tmp_path}/all.db"
    flags = (database, "--port=0")
    first = serve(*flags, f"--gallery={gallery}", f"--output={tmp_path / '1'}")
    second = serve(*flags, f"--gallery={other}", f"--output={tmp_path / '2'}", "--mode=page")
    assert "token" in second.lines
    path = first.lines["raters"].removeprefix(first.base)
    assert httpx.get(second.base + path).status_code == 200
    assert re.search(r"<script src=\"http://\S+/embed.js\" async></script>", second.lines["pages"])


def test_galleries_are_mixed_and_raters_cannot_tell_which_is_which(serve, gallery, tmp_path):
    other = tmp_path / "tuned"
    other.mkdir()
    first = read_gallery(gallery)
    dataclasses.replace(first, images=255 - first.images).save(other)
    server = serve(f"--gallery={gallery},{other}", f"--output={tmp_path / 'survey'}", "--port=0")
    with httpx.Client(base_url=server.lines["raters"]) as client:
        assert "<title>images</title>" in client.get("").text
        client.post("start")
        given = client.post("api/next", json={"count": 6}).json()
        assert given["total"] == 60
        for word in ("mountains", "tuned"):
            assert word not in json.dumps(given)
        seen = [
            np.asarray(Image.open(io.BytesIO(client.get(each["image"]).content)))
            for each in given["assignments"]
        ]
    of_first = [any(np.array_equal(image, one) for one in first.images) for image in seen]
    assert sum(of_first) == 3


@pytest.mark.parametrize(
    "changed, words",
    [
        ({}, "must have folders of different names"),
        ({"name": "same"}, "must have different images"),
        ({"name": "small", "size": 32}, "must be of images of one size. Received: [64, 32]"),
    ],
)
def test_galleries_that_do_not_fit_together_are_refused(
    commands, gallery, tmp_path, nowhere, changed, words
):
    other = tmp_path / changed.get("name", gallery.name)
    other.mkdir()
    size = changed.get("size", 64)
    found = read_gallery(gallery)
    dataclasses.replace(found, images=found.images[:, :size, :size]).save(other)
    line = commands.call("serve", f"--gallery={gallery},{other}", output=nowhere).refusal()
    assert words in line


def test_only_told_proxies_are_believed(serve, gallery, tmp_path):
    flags = (f"--gallery={gallery}", "--port=0", f"--database=sqlite:///{tmp_path}/all.db")
    told = serve(*flags, f"--output={tmp_path / '1'}", "--trust_proxy=127.0.0.1")
    untold = serve(*flags, f"--output={tmp_path / '2'}")
    forwarded = {"x-forwarded-proto": "https"}
    for server, secure in ((told, True), (untold, False)):
        answer = httpx.post(f"{server.lines['raters']}start", headers=forwarded)
        assert ("Secure" in answer.headers["set-cookie"]) == secure


def test_two_at_once_in_one_output_are_refused(commands, serve, gallery, tmp_path):
    flags = (f"--gallery={gallery}", "--port=0")
    serve(*flags, f"--output={tmp_path / 'survey'}")
    line = commands.call("serve", *flags, output=tmp_path / "survey").refusal()
    assert "another process is writing this output" in line


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--gallery=no/such",), ("gallery.npz", "no/such")),
        (("--mode=star",), ("mode must be one of rating, page", "'star'")),
        (("--raters_per_image=0",), ("raters_per_image", "at least 1")),
        (("--images_per_rater=0",), ("images_per_rater", "at least 1")),
        (("--assignment_minutes=0",), ("assignment_minutes", "above 0")),
        (("--port=65536",), ("port", "below 65536")),
        (("--overwrite",), ("never deletes", "--overwrite")),
        (("--allowed_origins=example.org",), ("https://example.org", "'example.org'")),
        (("--allowed_origins=https://example.org/page",), ("without a path",)),
        (("--allowed_origins=*",), ("allowed_origins", "'*'")),
        (("--study=no/such.json",), ("study must be a JSON file", "no/such.json")),
        (("--question=",), ("question must not be empty",)),
        (("--host=no.such.host.invalid",), ("host and port must", "no.such.host.invalid")),
        (("--host=" + "x" * 300,), ("host and port must",)),
        (("--trust_proxy=not an address",), ("trust_proxy must be", "'not an address'")),
        (("--trust_proxy=10.0.0.1,10.0.0.0/99",), ("trust_proxy must be", "'10.0.0.0/99'")),
        (("--trust_proxy=*",), ("trust_proxy must be", "'*'")),
        (("--trust_proxy=0.0.0.0/0",), ("trust_proxy must be", "'0.0.0.0/0'")),
        (("--trust_proxy=::/0",), ("trust_proxy must be", "'::/0'")),
        (("--validity=burst.per_minute",), ("burst.per_minute=60", "'burst.per_minute'")),
        (("--validity=burst.per_minute=many",), ("burst.per_minute=60", "many")),
        (("--validity=burst.share=2",), ("parameters of burst are per_minute", "'share'")),
        (("--validity=burst.per_minute=2,burst.per_minute=3",), ("each once", "per_minute=3")),
        (("--practice_images=100",), ("practice_images must be below", "100 of 100")),
        (("--mode=page", "--repeated_images=3"), ("repeated_images must be 0 in mode page", "3")),
        (("--mode=page", "--invitations=3"), ("invitations must be 0 in mode page", "3")),
        (("--raters_per_image=1000000000000",), ("raters_per_image", "below")),
        (("--database=mysql://x/y",), ("sqlite:///PATH", "mysql://x/y")),
    ],
)
def test_a_mistake_is_one_line(commands, gallery, nowhere, flags, words):
    flags = (f"--gallery={gallery}", "--port=0", *flags)
    line = commands.call("serve", *flags, output=nowhere).refusal()
    for word in words:
        assert word in line
