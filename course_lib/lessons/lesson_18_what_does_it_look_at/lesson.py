"""Lesson 18: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_18_what_does_it_look_at.exercises import (
    attention_per_head,
    base_rate,
    class_map,
    deletion_curve,
    grad_cam,
    occlusion,
    point_hits,
    relevance,
    rollout,
    upsample,
)

PREDICTIONS = (
    Prediction(
        id="winner",
        question="Over three trainings, which of the ViT's maps points into the lesion most often?",
        options=(
            "the last layer's attention and rollout, about equally",
            "rollout, by far",
            "gradient × attention",
        ),
        answer="the last layer's attention and rollout, about equally",
        because="Rollout hits 0.76 on average (0.73 to 0.78), the last layer 0.74 (0.66 to 0.79), gradient × attention "
        "0.58 (0.42 to 0.67). The darkest patch, which needs no model, hits 0.78.",
    ),
    Prediction(
        id="black",
        question="A scan shows a lesion. Patch after patch becomes black, the most important first. What happens to "
        "the chance of a lesion?",
        options=("it falls at once", "it falls slowly", "it stays near 1"),
        answer="it stays near 1",
        because="Lesions are dark here, so a black patch is one more lesion. Over three trainings the area under such "
        "curves is 0.99 or more for every map, and 0.08 for rollout when mean tissue takes the place of patches.",
    ),
    Prediction(
        id="marker",
        question="The third model was trained on scans where each lesion comes with a marker. A healthy scan with a "
        "marker: what does the model say?",
        options=("healthy, nearly always", "a coin toss", "lesion, nearly always"),
        answer="lesion, nearly always",
        because="With the markers turned around, the accuracy is 0.02 on average: the answer follows the marker. "
        "Nothing in training told the model which of the two it should learn, and the marker is easier.",
    ),
)


QUIZ = (
    Question(
        text="Rollout draws the same map whichever answer you ask about. Why?",
        options=(
            Option(
                text="It multiplies attention weights, and these do not depend on the answer asked about.",
                why="Neither the head nor a gradient enters, so it cannot tell evidence for from evidence "
                "against.",
                right=True,
            ),
            Option(
                text="With two answers the maps must be equal.",
                why="Gradient × attention and Grad-CAM give two different maps for the two answers.",
            ),
            Option(
                text="The class token gathers from all patches alike.",
                why="Its weights differ a lot from patch to patch.",
            ),
        ),
    ),
    Question(
        text="A map hits the lesion in 30 of 100 scans. Is that good?",
        options=(
            Option(
                text="No: most are missed.",
                why="It depends on what a map that knows nothing would hit.",
            ),
            Option(
                text="It depends on what a random map and a centre map hit.",
                why="Where lesions fill 5 % of a scan it is six times chance; where a centre map hits 40 % it is "
                "worse than not looking.",
                right=True,
            ),
            Option(text="Yes: 30 is far above 0.", why="Zero is not what chance gives."),
        ),
    ),
    Question(
        text="A deletion curve falls fast. What have you learnt?",
        options=(
            Option(
                text="The model's score depends on those patches, with this fill in their place.",
                why="It is a statement about the model and the fill, not about the disease.",
                right=True,
            ),
            Option(
                text="Those patches show the lesion.",
                why="The model that cheats has a fast curve too, when the marker goes.",
            ),
            Option(
                text="Attention is an explanation.",
                why="The curve judges one order of patches. It says nothing about how the order was found.",
            ),
        ),
    ),
    Question(
        text="Of a model that follows a marker, rollout points into the lesion on 77 % of the scans. How can that be?",
        options=(
            Option(
                text="It shows where the class token gathered, not what the answer was made from.",
                why="Tokens of the lesion may be gathered and then ignored by what follows. Changing the image and watching "
                "the answer tells the two apart.",
                right=True,
            ),
            Option(
                text="The residual path was forgotten.",
                why="It was not: your rollout agrees with the formula. The formula is what misleads.",
            ),
            Option(
                text="The model uses the lesion after all.",
                why="Turned-around markers turn 93 % of its answers around.",
            ),
        ),
    ),
    Question(
        text="Why does black make a bad fill here?",
        options=(
            Option(
                text="The model reads zeros as missing.",
                why="It has no notion of missing: zeros are numbers like others.",
            ),
            Option(
                text="Black patches look like lesions to the model.",
                why="Lesions are dark on these scans, so each deletion plants one.",
                right=True,
            ),
            Option(text="Gradients vanish at zero.", why="No gradient enters a deletion curve."),
        ),
    ),
)


LESSON = LessonSpec(
    number="18",
    slug="what_does_it_look_at",
    title="What does it look at?",
    minutes=85,
    sittings=(40, 45),
    needs=("16",),
    exercises=(
        attention_per_head.EXERCISE,
        rollout.EXERCISE,
        class_map.EXERCISE,
        upsample.EXERCISE,
        point_hits.EXERCISE,
        base_rate.EXERCISE,
        relevance.EXERCISE,
        grad_cam.EXERCISE,
        deletion_curve.EXERCISE,
        occlusion.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
