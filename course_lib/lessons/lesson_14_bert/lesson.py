"""Lesson 14: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_14_bert.exercises import (
    bert,
    class_scores,
    embed,
    freeze,
    mask_tokens,
    masked_loss,
    mean_pool,
    nearest,
    pack_pair,
)

PREDICTIONS = (
    Prediction(
        id="unmasked",
        question="A BERT is trained with its loss on all positions, chosen or not. At 85 % of them it reads the token it is asked "
        "for. What does its loss look like?",
        options=(
            "lower, and it has learned more",
            "lower, and it has learned mostly to copy",
            "the same",
        ),
        answer="lower, and it has learned mostly to copy",
        because="Copying is easy and rewarded 85 times in a hundred. A loss over other questions is another number: it cannot "
        "be compared.",
    ),
    Prediction(
        id="dynamic",
        question="A tiny BERT reads the same windows thirty times. In one training every window has one mask for good, in another "
        "a new one at each reading. Which has the lower loss on text kept from both?",
        options=("the fixed masks", "the new masks", "no difference"),
        answer="the new masks",
        because="One mask for good is 15 % of the tokens as questions, asked thirty times: answers are learned by heart. New masks "
        "ask about all of them in time.",
    ),
    Prediction(
        id="pooling",
        question="A sentence is encoded alone, and once more in a batch with a much longer one. You average over all positions, "
        "padding included. How alike are its two vectors?",
        options=("equal: cosine 1", "nearly: cosine 0.99", "hardly: cosine about 0.5"),
        answer="hardly: cosine about 0.5",
        because="Hidden states at padding are not zero: a place and a segment were embedded there, and six blocks worked on "
        "them. Nine real tokens stand against 83 of padding here.",
    ),
    Prediction(
        id="sentiment",
        question="600 sentences, pleased or displeased; most have a mirror image with the other feeling. A bag of words scores "
        "about 0.65 in macro F1, a coin 0.5. And the fine-tuned encoder?",
        options=("about 0.65", "about 0.8", "about 0.99"),
        answer="about 0.8",
        because="It has read a great deal before, and it reads “not a bad film” as a whole. 360 sentences are few, and many do "
        "not name their feeling.",
    ),
)


QUIZ = (
    Question(
        text="A chosen token is kept, not hidden. Does the loss ask about it?",
        options=(
            Option(
                text="No, the model can see it.",
                why="It can, but it cannot know that nobody replaced it.",
            ),
            Option(
                text="Yes.",
                why="That is what the 10 % are for: the model has to form an opinion about every word that it reads.",
                right=True,
            ),
            Option(text="Only if it is special.", why="Special tokens are never chosen."),
        ),
    ),
    Question(
        text="Why can GPT write a text token by token, and BERT not?",
        options=(
            Option(
                text="BERT has no decoder weights.",
                why="Its blocks are those of the first GPT, post-norm and with GELU. The mask makes the difference.",
            ),
            Option(
                text="BERT's tokens also read what follows them.",
                why="It was trained to fill gaps between words on both sides. At the end of a text one side is missing.",
                right=True,
            ),
            Option(
                text="BERT's vocabulary is too small.",
                why="It has 30,522 tokens; lesson 13's model writes with 512.",
            ),
        ),
    ),
    Question(
        text="You freeze the embeddings and the lowest four of six blocks. What can be computed once for all epochs?",
        options=(
            Option(
                text="The hidden states behind block 4 (the fourth).",
                why="Nothing below them changes, and there is no dropout: every epoch would compute the same numbers.",
                right=True,
            ),
            Option(
                text="The hidden states behind block 6.",
                why="Blocks 5 and 6 learn, so these change with every step.",
            ),
            Option(
                text="Nothing.", why="What is frozen gives the same outputs for the same inputs."
            ),
        ),
    ),
    Question(
        text="A detector says “displeased” for every text. 90 % of the texts are. Which number shows that it is useless?",
        options=(
            Option(
                text="Its accuracy, 0.90.", why="It looks excellent: the rare class hardly counts."
            ),
            Option(
                text="Its recall for “displeased”, 1.",
                why="All of them are found, by saying so always.",
            ),
            Option(
                text="Its macro F1, 0.47.",
                why="The F1s are 0.95 and 0; their mean counts both classes alike.",
                right=True,
            ),
        ),
    ),
    Question(
        text="What does XLNet predict that BERT does not?",
        options=(
            Option(
                text="A token from others in a random order, so that hidden tokens also help each other.",
                why="BERT guesses its 15 % independently. A permutation lets a later guess see the earlier ones.",
                right=True,
            ),
            Option(text="The next sentence.", why="That is a task of BERT's own."),
            Option(
                text="Which tokens a small generator has replaced.",
                why="That is ELECTRA (Clark et al. 2020).",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="14",
    slug="bert",
    title="BERT",
    minutes=80,
    sittings=(45, 35),
    needs=("10", "12"),
    exercises=(
        mask_tokens.EXERCISE,
        masked_loss.EXERCISE,
        pack_pair.EXERCISE,
        embed.EXERCISE,
        bert.EXERCISE,
        mean_pool.EXERCISE,
        nearest.EXERCISE,
        freeze.EXERCISE,
        class_scores.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
