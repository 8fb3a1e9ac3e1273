"""Training on several replicas through the real command."""

import json
import math


def test_sigint_leaves_a_checkpoint_and_exits_with_130(mirroring):
    interrupted, _, _ = mirroring.result()
    assert interrupted.status == 130
    [line] = interrupted.complaints
    assert "by SIGINT; checkpoint written" in line


def test_mirrored_training_goes_on_and_finishes_with_finite_losses(mirroring):
    _, resumed, output = mirroring.result()
    assert (resumed.status, resumed.complaints) == (0, []), resumed
    assert "2 CPUs, mirrored" in resumed.stdout
    rows = [json.loads(line) for line in (output / "stats.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(1, 13))
    assert all(math.isfinite(value) for row in rows for value in row.values())
    options = json.loads((output / "options.json").read_text())["options"]
    assert (options["strategy"], options["replicas"]) == ("mirrored", 2)
