"""The ways in which the study trains, by name."""

from typing import NamedTuple


class Condition(NamedTuple):
    """One way to train.

    Attributes:
        pretraining: what the discriminator learns before the generator begins to: nothing, the
            data's density, or to tell data from the samples of the untrained generator.
        minibatch_features: how many the discriminator has.
        paper: what the paper says of the samples.
    """

    pretraining: str = ""
    minibatch_features: int = 0
    paper: str = ""


CONDITIONS = {
    "plain": Condition(paper="one large spike at the mode (figure 2)"),
    # The paper does not say what D learns alone. The tutorial that it matches fits D to the
    # density; pre-training against the untrained generator is the other reading.
    "D fitted to the density": Condition(pretraining="density"),
    "D trained against the untrained G": Condition(pretraining="untrained"),
    "minibatch discrimination": Condition(minibatch_features=3, paper="named, not tried"),
}
