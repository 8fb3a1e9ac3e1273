"""Whether a run may go on that was begun with other options, or by an earlier version."""

from pirgan_tf.stages.pretrain import PretrainOptions


def options(**given):
    return PretrainOptions(output="gan", **given)


def test_an_option_that_there_was_not_yet_counts_as_its_default():
    earlier = options().to_json()
    del earlier["deterministic"], earlier["classes"]
    assert options().differences(earlier) == []
    assert options(deterministic=True).differences(earlier) == [
        "deterministic was False and is True"
    ]


def test_precision_auto_of_earlier_versions_was_either():
    earlier = options().to_json() | {"precision": "auto"}
    assert options().differences(earlier) == []
    assert options(precision="bfloat16").differences(earlier) == []
    earlier["precision"] = "bfloat16"
    assert options().differences(earlier) == ["precision was 'bfloat16' and is 'float32'"]
