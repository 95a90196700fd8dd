"""Mistakes in “A loss for choices”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_06_soft_and_hard_attention.mistakes.common import chosen, log_weights

MISTAKES = (
    WrongAnswer(
        id="sign_flipped",
        code=lambda s, a, r: (r.detach() * log_weights(s, a)).mean(),
        says="Your sign is flipped: an optimiser that lowers this loss lowers the reward.",
        why="Optimisers go downhill. The loss is minus what should grow.",
    ),
    WrongAnswer(
        id="no_log",
        code=lambda s, a, r: -(r.detach() * chosen(s.softmax(-1), a)).mean(),
        says="You use the weight of the chosen place, not its logarithm.",
        why="A place is drawn as often as its weight says, which already multiplies by w; w times ∂log w is ∂w. Without the log the weight counts twice.",
    ),
    WrongAnswer(
        id="raw_scores",
        code=lambda s, a, r: -(r.detach() * chosen(s, a)).mean(),
        says="You use the score of the chosen place, without the softmax.",
        why="Only scores that were chosen would move. Through the softmax the other places lose what the chosen one gains.",
    ),
    WrongAnswer(
        id="log_of_scores",
        code=lambda s, a, r: -(r.detach() * chosen(s.log(), a)).mean(),
        says="You take the logarithm of the scores, not of their softmax.",
        why="Scores may be negative and have no logarithm; the probability of the place is its softmax weight.",
    ),
    WrongAnswer(
        id="rewards_not_detached",
        code=lambda s, a, r: -(r * log_weights(s, a)).mean(),
        says="The value is right, but a gradient flows into the rewards: they are not detached.",
        why="A reward is a fact about the world here. If it comes out of a network, this loss would move that network, so that the draws look better than they are.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda s, a, r: -(r.detach() * log_weights(s, a)).sum(),
        says="You add up the batch where its mean is due.",
        why="The step would grow with the size of the batch; a mean estimates the same expectation at any size.",
    ),
    WrongAnswer(
        id="every_pair",
        code=lambda s, a, r: -(r.detach()[:, None] * s.log_softmax(-1)[:, a]).mean(),
        says="log_weights[:, places] takes every row's weight at every row's place.",
        why="It makes a B × B table, whose mean mixes each reward with choices of other rows. Row i needs its own place alone: gather, or index with torch.arange.",
    ),
    WrongAnswer(
        id="every_pair_across",
        code=lambda s, a, r: -(r.detach() * s.log_softmax(-1)[:, a]).mean(),
        says="log_weights[:, places] is a B × B table: every row's weight at every row's place.",
        why="Its mean gives row i the places and rewards of all other rows. Row i needs its own place alone: gather, or index with torch.arange.",
    ),
    WrongAnswer(
        id="all_places",
        code=lambda s, a, r: -(r.detach()[:, None] * s.log_softmax(-1)).mean(),
        says="You push every place up, not the chosen one.",
        why="The reward was brought by one place. The places that were not tried have earned nothing.",
    ),
    WrongAnswer(
        id="means_apart",
        code=lambda s, a, r: -r.detach().mean() * log_weights(s, a).mean(),
        says="You multiply the mean reward by the mean logarithm.",
        why="Good and bad choices then count alike. It also happens unseen: (B,) times (B, 1) makes a B × B table of every reward with every choice; squeeze what gather returns.",
    ),
    WrongAnswer(
        id="policy_detached",
        code=lambda s, a, r: -(r.detach() * log_weights(s, a).detach()).mean(),
        says="Your loss has the right value, but the scores get no gradient: you detached them too.",
        why="Rewards are given numbers; the scores are what learns.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda s, a, r: -(r.detach() * chosen(s.log_softmax(0), a)).mean(),
        says="Your softmax runs down the batch, not along the places.",
        why="Each row shares a total of 1 among its own places, the last axis.",
    ),
    WrongAnswer(
        id="reward_of_likely_place",
        code=lambda s, a, r: -(r.detach() * s.log_softmax(-1).amax(-1)).mean(),
        says="You use the largest weight of each row, whichever place was chosen.",
        why="The reward belongs to the place that was drawn, and that is not always the likeliest.",
    ),
)
