"""Lesson 10: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_10_transformer_block.exercises import (
    block_cost,
    decoder_block,
    dropout,
    encoder_block,
    feed_forward,
    gradient_norms,
    layer_norm,
    rms_norm,
    stack,
    swiglu,
)

PREDICTIONS = (
    Prediction(
        id="scale",
        question="You multiply every number of a row by 10, then apply layer norm with gain 1 and bias 0. What comes out?",
        options=("ten times as much", "the same, but for eps", "a tenth"),
        answer="the same, but for eps",
        because="Mean and spread grow tenfold as well, and cancel. Only eps stays behind, and hardly counts.",
    ),
    Prediction(
        id="residual",
        question="Six blocks, equal parameters, equal budget: what do you lose if each sub-layer replaces the stream, norm(f(x)), "
        "in place of adding to it?",
        options=(
            "nothing: training makes up for it",
            "a few points of accuracy",
            "nearly everything: it stays near guessing",
        ),
        answer="nearly everything: it stays near guessing",
        because="Each of twelve sub-layers must hand on all that later ones need. At the start none of them does, and what "
        "tells the tokens apart is lost on the way.",
    ),
    Prediction(
        id="share",
        question="With d_ff = 4 · d_model, where do a block's parameters lie?",
        options=(
            "two thirds in the feed-forward",
            "two thirds in attention",
            "half in each",
            "mostly in the norms",
        ),
        answer="two thirds in the feed-forward",
        because="Attention has 4 · d² weights, the feed-forward 2 · d · 4d = 8 · d².",
    ),
    Prediction(
        id="length",
        question="d_model = 768, d_ff = 3072. From how many tokens on do scores and mixing cost more FLOPs than all six matrices?",
        options=("about 200", "768", "about 4,600", "never"),
        answer="about 4,600",
        because="The matrices cost 24 · T · d², scores and mixing 4 · T² · d: equal at T = 6 · d = 4,608.",
    ),
    Prediction(
        id="backward",
        question="PyTorch's fused attention, forward and backward together: how many times the FLOPs of its forward pass?",
        options=("2 times", "3 times", "3.5 times"),
        answer="3.5 times",
        because="Two products forward, four for the gradients, and one again: the weights were not kept, so the backward "
        "pass makes the scores once more. That is 2 + 5 against 2.",
    ),
    Prediction(
        id="depth",
        question="24 blocks, before the first step. In which stack do the gradients of first and last block differ more?",
        options=(
            "post-norm: the first block gets next to nothing",
            "post-norm: the first block gets far more",
            "pre-norm: the first block gets nearly twice as much",
            "post-norm: the last block gets nearly twice as much",
        ),
        answer="pre-norm: the first block gets nearly twice as much",
        because="Pre-norm, a gradient arrives whole on the straight path, and every block on its way down adds a share: the first "
        "block receives most. In the post-norm stack it is the last block that gets more, by about a third.",
    ),
    Prediction(
        id="stall",
        question="Twelve post-norm blocks, Adam at a rate of 0.003, no warm-up, 300 steps, three seeds. What happens?",
        options=(
            "all learn, as pre-norm does",
            "all learn, only more slowly",
            "some stall near guessing",
            "all stall near guessing",
        ),
        answer="some stall near guessing",
        because="Two of the three recorded seeds stayed below 10 % right, the third did not. (How far it gets hangs on the processor too.) With 100 steps of warm-up, or with a "
        "third of the rate, all three learn.",
    ),
)


QUIZ = (
    Question(
        text="A layer norm is written with torch.std(x, -1) and otherwise right. Its results are a little too small. Why?",
        options=(
            Option(
                text="eps is missing", why="Without eps the results would be larger, by a hair."
            ),
            Option(
                text="torch.std divides by d − 1",
                why="A larger divisor, by √(d / (d − 1)). At d = 512 that is a tenth of a per cent, easy to miss.",
                right=True,
            ),
            Option(
                text="std runs over the wrong axis",
                why="Axis −1 is a row's own, as it should be. The correction is what differs.",
            ),
        ),
    ),
    Question(
        text="Which of these lets a gradient pass from the loss to block 0 without meeting a norm of another block?",
        options=(
            Option(
                text="x + f(norm(x))",
                why="The sum's first term is x itself, so the stream passes all blocks as it is.",
                right=True,
            ),
            Option(
                text="norm(x + f(x))",
                why="Every block's norm stands on the stream, so a gradient passes two norms a block.",
            ),
            Option(
                text="norm(x) + f(norm(x))",
                why="It looks like pre-norm, but the stream itself is normalised in every block.",
            ),
        ),
    ),
    Question(
        text="You forget model.eval() before you measure accuracy. The model has dropout 0.1. What happens?",
        options=(
            Option(
                text="The accuracy is measured on thinned-out activations",
                why="Dropout stays active in training mode, so the figure is noisy, and mostly too low.",
                right=True,
            ),
            Option(
                text="All activations are a tenth too large",
                why="Those that stay are enlarged, but others are 0: the mean is right. It is the noise that hurts.",
            ),
            Option(
                text="Nothing: dropout needs a backward pass",
                why="Dropout acts in the forward pass, whenever the module is in training mode.",
            ),
        ),
    ),
    Question(
        text="nn.ModuleList([block] * 6) has the right length. How do you notice what is wrong?",
        options=(
            Option(
                text="It has the parameters of one block",
                why="All six places hold the same object, so parameters() gives each tensor once.",
                right=True,
            ),
            Option(
                text="It raises when it is called",
                why="It runs, and even trains: one block, used six times.",
            ),
            Option(
                text="Its output has another shape",
                why="Every block returns the shape that it was given; sharing changes no shape.",
            ),
        ),
    ),
    Question(
        text="You double d_model and d_ff and halve the number of tokens. What happens to the FLOPs of a block's matrices?",
        options=(
            Option(text="They stay", why="Weights grow fourfold, tokens are halved: 4 · ½ = 2."),
            Option(
                text="They double",
                why="2 · T · weights, with four times the weights and half the tokens.",
                right=True,
            ),
            Option(
                text="They grow fourfold",
                why="That would be so for the same number of tokens.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="10",
    slug="transformer_block",
    title="The transformer block",
    minutes=90,
    sittings=(35, 55),
    way="short",
    needs=("09",),
    exercises=(
        layer_norm.EXERCISE,
        rms_norm.EXERCISE,
        feed_forward.EXERCISE,
        swiglu.EXERCISE,
        dropout.EXERCISE,
        encoder_block.EXERCISE,
        decoder_block.EXERCISE,
        stack.EXERCISE,
        block_cost.EXERCISE,
        gradient_norms.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
