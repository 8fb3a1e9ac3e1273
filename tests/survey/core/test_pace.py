"""How fast a study goes on, and how many raters give up."""

from pirgan_tf import survey
from pirgan_tf.survey.pace import measure_pace


def test_pace_is_of_the_last_day_and_of_who_finished(new_survey, clock):
    made = new_survey(4, raters_per_image=9, images_per_rater=2)

    def pace():
        with made.database.read() as session:
            return measure_pace(session, made.study)

    assert (pace().minutes, pace().left, pace().per_hour) == (None, 0, 0)
    quick, slow, idle = (made.rater(name) for name in ("quick", "slow", "idle"))
    for rater, minutes in ((quick, 1), (slow, 9)):
        made.answer(rater, 4)
        clock.move(minutes * 60)
        made.answer(rater, 4)
        made.write(survey.assign, rater, 1)
    # The second one began before the first one answered.
    assert pace().minutes == (1 + 10) / 2
    assert pace().left == 1
    made.write(survey.assign, idle, 1)
    assert pace().left == 0
    clock.move(20 * 60)
    assert (pace().left, pace().per_hour) == (1, 4 / 0.5)
    made.write(survey.withdraw, idle)
    assert pace().left == 0
    clock.move(3 * 24 * 3600)
    assert pace().per_hour == 0
