"""The four ways to train of table 1, as switches of one trainer."""

from typing import NamedTuple


class Phase(NamedTuple):
    """What learns from what.

    Attributes:
        likelihood: the generator learns the next word of real text.
        policy: the generator learns from the discriminator, by REINFORCE.
        fakes: what the discriminator learns to tell from text: nothing, words drawn evenly
            (`random`), or what the generator makes (`samples`).
    """

    likelihood: bool
    policy: bool
    fakes: str = ""


class Method(NamedTuple):
    """A way to train.

    Attributes:
        first: the first epoch.
        later: all further ones.
        paper: perplexities on the test set untrained, after epoch 1 and after epoch 10.
    """

    first: Phase
    later: Phase
    paper: tuple[str, str, str]

    @property
    def has_discriminator(self) -> bool:
        """Whether there is one."""
        return bool(self.first.fakes)


_MLE = Phase(likelihood=True, policy=False)
_POLICY = Phase(likelihood=False, policy=True, fakes="samples")
_MIXED = Phase(likelihood=True, policy=True, fakes="samples")

METHODS = {
    "MLE": Method(_MLE, _MLE, ("10,000", "1200", "250")),
    "PolicyGan": Method(_POLICY, _POLICY, ("10,000", "9900", "8700")),
    # The paper's "random samples" are read as random words.
    "PretrainGan": Method(_MLE._replace(fakes="random"), _POLICY, ("10,000", "1200", "700")),
    "MixedGan": Method(_MIXED, _MIXED, ("10,000", "nan", "nan")),
}
