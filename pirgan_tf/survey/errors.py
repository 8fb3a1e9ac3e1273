"""What a study cannot do for somebody: the message is one sentence for whoever asked."""

from pirgan_tf.errors import TrainingError


class SurveyError(Exception):
    """A request that is refused; nothing of it has been stored."""


class UnknownStudy(SurveyError):
    """No study has this key."""


class UnknownRater(SurveyError):
    """The study has no rater with this cookie."""


class NotInvited(SurveyError):
    """The study wants an invitation, and the link has none that it knows."""


class UnknownAssignment(SurveyError):
    """The rater was never given this assignment; it may be another's."""


class AlreadyAnswered(SurveyError):
    """The assignment has its answer already."""


class NothingToUndo(SurveyError):
    """The rater has answered nothing, or has undone it all."""


class ValueOutOfRange(SurveyError):
    """A value, or the kind of an event, is none that the study takes."""


class DatabaseUnavailable(TrainingError):
    """The database is locked, full or out of reach; nothing has been stored."""
