"""Lesson 16: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_16_images_as_tokens.exercises import (
    embed,
    linear_from_kernel,
    patches_by_convolution,
    patchify,
    pool,
    resize_places,
    unpatchify,
    vit,
    vit_cost,
)

PREDICTIONS = (
    Prediction(
        id="half",
        question="vit_b_16 cuts 224 × 224 pixels into patches of 16. With patches of 8 instead, how many times as many FLOPs does an image "
        "cost?",
        options=("2", "4", "between 4 and 5", "16"),
        answer="between 4 and 5",
        because="Four times as many patches: the matrices cost about 4 times as much, scores and mixing about 16 times. Together it is 4.45 times.",
    ),
    Prediction(
        id="bag",
        question="A ViT learns the digits; another of the same size learns them without positions. Now you shuffle the 16 patches of every "
        "test digit. Whose answers change?",
        options=(
            "both models'",
            "only those of the one with positions",
            "only those of the one without",
        ),
        answer="only those of the one with positions",
        because="Without positions a picture and its jigsaw are the same set of tokens, so no logit moves, but for rounding. What that model knows, it knows "
        "from the patches alone.",
    ),
    Prediction(
        id="jigsaw",
        question="A third model, with positions, practises on jigsaws only: all digits shuffled in one and the same way. How many test "
        "jigsaws, shuffled so, does it get right?",
        options=(
            "about as many as the first gets of pictures",
            "about 70 %, like the one without positions",
            "about one in ten",
        ),
        answer="about as many as the first gets of pictures",
        because="Positions begin as noise: the model is not told which patches are neighbours. One fixed order is as good as another, as long as it "
        "stays the same.",
    ),
    Prediction(
        id="corners",
        question="A table of 14 × 14 positions is stretched to 24 × 24, once with align_corners=True and once with False. Where do the two "
        "results differ most?",
        options=("in the middle", "towards the edges", "equally everywhere"),
        answer="towards the edges",
        because="Both share the centre. True pins the outer patches to each other; False lets the new outer ones lie further out than any old "
        "one. At the very edge they differ a little less again: beyond it there is nothing to mix in but the edge.",
    ),
)


QUIZ = (
    Question(
        text="images is (8, 3, 32, 48). How many tokens of how many numbers does patchify give with patches of 8?",
        options=(
            Option(
                text="24 tokens of 192",
                why="4 rows of 6 patches, and 3 · 8 · 8 numbers each.",
                right=True,
            ),
            Option(text="24 tokens of 64", why="That is one channel; a patch has all three."),
            Option(text="72 tokens of 64", why="That would make each channel a token of its own."),
            Option(
                text="16 tokens of 192",
                why="The picture is not square: 32 / 8 = 4 rows, 48 / 8 = 6 columns.",
            ),
        ),
    ),
    Question(
        text="Why does a convolution with stride = kernel size equal a linear layer on patches?",
        options=(
            Option(
                text="Its window sees each patch once, and multiplies its pixels by one set of weights.",
                why="A linear layer on rows of patches does the same products and sums.",
                right=True,
            ),
            Option(
                text="Every convolution is linear, so any stride will do.",
                why="It is linear at any stride, but with a smaller one the windows overlap: more tokens, and other ones.",
            ),
            Option(
                text="Because both have a bias.",
                why="Without biases they would be equal as well.",
            ),
        ),
    ),
    Question(
        text="The class token is a parameter of d_model numbers. What is its gradient in a batch of 64 images?",
        options=(
            Option(
                text="the sum of what flows back from 64 copies",
                why="expand makes 64 views of one parameter, and gradients of views add up.",
                right=True,
            ),
            Option(
                text="what flows back from the first image",
                why="All images have the token, so all of them teach it.",
            ),
            Option(
                text="64 gradients, one for each copy",
                why="There is one parameter, and it has one gradient.",
            ),
        ),
    ),
    Question(
        text="You load torchvision's weights for 224 pixels and want 384. Which align_corners do you take?",
        options=(
            Option(
                text="True, since torchvision resizes so",
                why="Then you get the logits that torchvision gives. Fine-tuning would forgive the other, comparing would not.",
                right=True,
            ),
            Option(
                text="False, PyTorch's default",
                why="That is what Hugging Face does. The numbers differ, most towards the edges.",
            ),
            Option(
                text="It makes no difference.",
                why="It does: you have measured it in this lesson.",
            ),
        ),
    ),
    Question(
        text="A fresh vit_b_16() answers exactly 0 to every image. What follows for a test of your loader?",
        options=(
            Option(
                text="Fill every parameter with noise before you compare.",
                why="With a zero head any model agrees with any other.",
                right=True,
            ),
            Option(
                text="Compare more images.",
                why="All of them get 0: agreement would still prove nothing.",
            ),
            Option(
                text="Compare with a smaller tolerance.",
                why="0 agrees with 0 to any tolerance.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="16",
    slug="images_as_tokens",
    title="Images as tokens",
    minutes=85,
    sittings=(35, 50),
    needs=("10",),
    exercises=(
        patchify.EXERCISE,
        unpatchify.EXERCISE,
        patches_by_convolution.EXERCISE,
        linear_from_kernel.EXERCISE,
        embed.EXERCISE,
        resize_places.EXERCISE,
        pool.EXERCISE,
        vit.EXERCISE,
        vit_cost.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
