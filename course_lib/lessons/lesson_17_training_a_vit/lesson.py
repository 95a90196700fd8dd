"""Lesson 17: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_17_training_a_vit.exercises import (
    accuracy,
    crop_and_flip,
    mixup,
    rates,
    share_of_peak,
    soft_cross_entropy,
    split_for_decay,
    standardise,
    update_average,
)

PREDICTIONS = (
    Prediction(
        id="winner",
        question="1,437 digits to learn from, 8 × 8 pixels. Which of the four makes the fewest mistakes on 360 others?",
        options=(
            "logistic regression",
            "an RBF support-vector machine",
            "a ViT of 58,000 parameters",
            "a CNN of as many",
        ),
        answer="a CNN of as many",
        because="It is told what the ViT has to learn: that neighbours belong together and that a stroke is a stroke "
        "wherever it stands. The support-vector machine is close, at less than a tenth of the time.",
    ),
    Prediction(
        id="gain",
        question="A gain of 1 gets no gradient. What have 1,000 steps of AdamW at rate 0.001 and decay 0.1 made of it?",
        options=("1", "0.9", "0.37", "0"),
        answer="0.9",
        because="Each step multiplies it by 1 − 0.001 · 0.1, and 0.9999 to the power of 1,000 is 0.905.",
    ),
    Prediction(
        id="v2",
        question="A random crop of torchvision's v2 gets a batch of 64 images as one tensor. How many places does it draw?",
        options=("64, one for each image", "1, for all of them"),
        answer="1, for all of them",
        because="It takes leading axes for a video or a batch that belongs together, so that all frames move alike.",
    ),
    Prediction(
        id="batch",
        question="One image is judged in a batch of others, then in another batch. When does its answer change?",
        options=(
            "never",
            "in training mode",
            "in evaluation mode",
            "under torch.no_grad()",
        ),
        answer="in training mode",
        because="A batch norm in training mode uses the batch's own mean and spread, and dropout draws anew.",
    ),
)


QUIZ = (
    Question(
        text="Your test images are normalised with their own mean and spread. What is wrong?",
        options=(
            Option(
                text="Nothing: each set is centred by its own numbers.",
                why="The model learned what a pixel of 0.5 above the training mean means; test images must be on that scale.",
            ),
            Option(
                text="The same picture comes out otherwise than in training.",
                why="The statistics belong to the model, and were fixed by the training set.",
                right=True,
            ),
            Option(
                text="It is slower.",
                why="The cost is the same; the numbers are not.",
            ),
        ),
    ),
    Question(
        text="You double the batch and your loss is a sum over the images. What happens?",
        options=(
            Option(
                text="The gradient doubles; with plain gradient descent so does the step.",
                why="Twice as many losses are added up. The mean keeps the gradient's size, whatever the batch.",
                right=True,
            ),
            Option(text="Nothing, whatever the optimiser.", why="AdamW divides by the gradient's size and hides it; plain gradient descent steps twice as far, and the loss that you log doubles."),
            Option(text="The learning rate halves by itself.", why="No part of the optimiser looks at the batch's size."),
        ),
    ),
    Question(
        text="eval() was called. Are gradients still recorded?",
        options=(
            Option(
                text="No, eval() switches them off.",
                why="eval() sets a flag that layers such as dropout and batch norm look at. Recording does not.",
            ),
            Option(
                text="Yes, until no_grad() or inference_mode() says otherwise.",
                why="The two are independent: one changes answers, the other saves memory and time.",
                right=True,
            ),
            Option(text="Only for batch norm.", why="Recording does not depend on the kind of layer."),
        ),
    ),
    Question(
        text="A GPU reaches 20 % of its measured peak in your training. What do you look at first?",
        options=(
            Option(
                text="Whether it waits: for data, for the CPU to launch small operations, for a number that you print.",
                why="A small model's operations are over before the next one is launched, and each .item() empties the queue.",
                right=True,
            ),
            Option(text="Whether the learning rate is too low.", why="The rate changes what is learned, and not how fast a step is."),
            Option(text="Whether weights are float64.", why="That would be slow indeed, but nothing here makes them so; measure before you guess."),
        ),
    ),
)  # fmt: skip


LESSON = LessonSpec(
    number="17",
    slug="training_a_vit",
    title="Training a ViT",
    minutes=80,
    sittings=(35, 45),
    needs=("16",),
    exercises=(
        standardise.EXERCISE,
        crop_and_flip.EXERCISE,
        mixup.EXERCISE,
        soft_cross_entropy.EXERCISE,
        split_for_decay.EXERCISE,
        rates.EXERCISE,
        update_average.EXERCISE,
        accuracy.EXERCISE,
        share_of_peak.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
