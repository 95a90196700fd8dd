"""Lesson 13: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_13_generating.exercises import (
    agreeing_positions,
    cached_attention,
    draw,
    embed_next,
    generate,
    greedy,
    keep_top_k,
    keep_top_p,
    render_chat,
    with_temperature,
)

PREDICTIONS = (
    Prediction(
        id="cold",
        question="Greedy takes the largest probability. The temperature is set from 1 to 0.1. What does greedy write now?",
        options=("the same text", "a safer text", "the same token again and again"),
        answer="the same text",
        because="Dividing all logits by one positive number changes no order: the largest stays the largest. Temperature "
        "matters only to those who draw.",
    ),
    Prediction(
        id="heads_and_tails",
        question="A sure prediction (one token at 0.95) and an unsure one (forty tokens at 0.025 each). Which of the two "
        "settings keeps one token in the first case and about forty in the second?",
        options=("top-k with k = 20", "top-p with p = 0.9", "both"),
        answer="top-p with p = 0.9",
        because="Top-p counts probability: 0.95 reaches 0.9 at once, while 0.025 has to be added up 36 times. Top-k keeps "
        "20 in both cases.",
    ),
    Prediction(
        id="tensors",
        question="A token is appended to a text of five. Which keys of the first layer change for the five old tokens?",
        options=("all five", "the last one", "none"),
        answer="none",
        because="A key is made from its own token and position, and from what came before: nothing of that has changed. So "
        "it can be kept.",
    ),
    Prediction(
        id="work",
        question="A prompt of 20 tokens, 100 more are written. Without a cache the model reads all of the text for each. How "
        "many positions does it compute, compared with 119 with a cache?",
        options=("about 10 times as many", "about 60 times as many", "about 1,000 times as many"),
        answer="about 60 times as many",
        because="20 + 21 + … + 119 = 6,950 positions; with a cache the prompt's 20 and then 99 single ones, 119. The ratio is 58.",
    ),
    Prediction(
        id="faulty",
        question="Someone's cache forgets the causal mask when several tokens are appended behind others. They test it: prompt "
        "in one go, then single tokens; everything agrees. Is it right?",
        options=("yes, they compared every logit", "no, they never appended several behind others"),
        answer="no, they never appended several behind others",
        because="In that test nothing needed a mask beyond the usual one: the prompt found an empty cache, and a single "
        "token may see everything.",
    ),
)


QUIZ = (
    Question(
        text="Where does the temperature act?",
        options=(
            Option(
                text="On the probabilities, after the softmax.",
                why="Divided there, they no longer sum to 1, and their proportions stay the same.",
            ),
            Option(
                text="On the logits, before the softmax.",
                why="Inside the exponent it changes proportions: at ½ each ratio is squared.",
                right=True,
            ),
            Option(
                text="On the random numbers.",
                why="They are spread evenly at every temperature; it is the pieces of the stick that change length.",
            ),
        ),
    ),
    Question(
        text="Probabilities 0.5, 0.3, 0.2 and p = 0.6. Which tokens does top-p keep?",
        options=(
            Option(text="The first.", why="It holds 0.5, which is less than 0.6."),
            Option(
                text="The first and the second.",
                why="Together they hold 0.8: the second token crosses 0.6, and the one that crosses stays.",
                right=True,
            ),
            Option(text="All three.", why="Two hold 0.8 already; the third is not needed."),
        ),
    ),
    Question(
        text="Three tokens are appended behind a cache of five. How does the second new token's row of the mask begin?",
        options=(
            Option(
                text="Two times True, then False.",
                why="That is a mask aligned top left: it hides nearly the whole cache.",
            ),
            Option(
                text="Seven times True, then False.",
                why="Five kept keys, the first new one and itself.",
                right=True,
            ),
            Option(
                text="Eight times True.",
                why="The eighth key is the third new token, which comes after it.",
            ),
        ),
    ),
    Question(
        text="Why must names of control tokens in a user's text stay text?",
        options=(
            Option(
                text="Because they would make the prompt longer.",
                why="As text they are longer, in fact.",
            ),
            Option(
                text="Because a user could close their turn and speak as the assistant.",
                why="To the model a conversation is one row of ids; who speaks is known from control tokens alone.",
                right=True,
            ),
            Option(
                text="Because the model cannot read them.",
                why="It reads them very well: that is the danger.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="13",
    slug="generating",
    title="Generating",
    minutes=90,
    sittings=(35, 55),
    needs=("12",),
    exercises=(
        greedy.EXERCISE,
        with_temperature.EXERCISE,
        keep_top_k.EXERCISE,
        keep_top_p.EXERCISE,
        draw.EXERCISE,
        embed_next.EXERCISE,
        cached_attention.EXERCISE,
        agreeing_positions.EXERCISE,
        generate.EXERCISE,
        render_chat.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
