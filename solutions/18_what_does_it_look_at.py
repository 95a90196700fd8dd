# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 18 · What does it look at?
#
# 75 minutes in two sittings · needs 16 Images as tokens · nine exercises, the first within three minutes.
#
# You will be able to
#
# - draw where a vision transformer and a CNN look, in five ways, each built by hand;
# - judge such a map against planted truth, beside a random map and a centre map;
# - say what a map does not tell, and catch a model that cheats.

# %% [markdown]
# ## 1 · Scans whose truth is known
#
# A map of attention looks convincing. Is it right? On photographs nobody knows where a model *should* look. So the scans of
# this lesson are made: grey noise like tissue, a bright spot that means nothing, and in half of them a dark **lesion** whose box we
# planted ourselves. Nothing comes from a patient, and nothing here is for diagnosis.
#
# Three small models were trained on them beforehand (`python bench/record_scans.py`); part 6 says what the third is for. In part 7 you train
# a fourth, which is yours.

# %% setup
import math

import torch
from course_lib import Lesson
from course_lib.figures import bars, lines, show
from course_lib.figures.overlays import overlays

lesson = Lesson("18")

# %% demo
from course_lib.data.scans import MARKER_BOX, Scans, box_masks, scans, scans_log
from course_lib.lessons.lesson_18_what_does_it_look_at.evidence import (
    GRID,
    PATCH,
    chance_of_lesion,
    recorded_model,
)

torch.set_num_threads(1)  # small models are fastest on one core
vit, cnn, log = recorded_model("vit"), recorded_model("cnn"), scans_log()
made = scans(400, seed=2)
sick = Scans(*(part[made.labels == 1] for part in made))
chances = chance_of_lesion(vit, sick.images)
print(f"{len(sick.labels)} scans with a lesion; the ViT finds {(chances > 0.5).sum()} of them")

# %% [markdown]
# The ViT cuts a scan of 28 × 28 pixels into 7 × 7 patches and puts a class token before them: 50 tokens of width 32, three
# blocks, two heads. Its answer is read from the class token. So one question is natural: *from which patches did the class token
# gather?*
#
# First by hand: two tokens, two heads of width 1. With `x = [[1, 0], [0, 2]]`, queries `x` and keys with columns exchanged, head 0 has
# queries (1, 0) and keys (0, 2). Query 0 scores 1·0 = 0 and 1·2 = 2, so its weights are e⁰ : e² = 0.12 : 0.88. Query 1 is 0 and
# shares its attention out evenly.

# %% [markdown]
# ### Exercise 18.1 · One map for each head
#
# Difficulty 1 of 3 · 6 minutes · the check proves that every head compares its own slice of queries and keys, at its own scale.
#
# `x` has shape `(…, T, d_model)`; `w_q` and `w_k` are matrices as `nn.Linear` keeps them, so a projection is `x @ w_q.T`. Head `h` owns
# the columns `h·d_head` to `(h + 1)·d_head − 1`. Return `(…, H, T, T)`.


# %% exercise
def attention_per_head(x, w_q, w_k, n_heads):
    """Return softmax(q_h k_hᵀ / √d_head) of every head h, shape (…, H, T, T).

    Every score is 0 here, so each head shares out alike.

    >>> x, w_q, w_k = torch.ones(2, 4), torch.zeros(4, 4), torch.ones(4, 4)
    >>> attention_per_head(x, w_q, w_k, n_heads=2).tolist()
    [[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.5, 0.5]]]
    """
    ### BEGIN SOLUTION
    q, k = ((x @ w.T).unflatten(-1, (n_heads, -1)).transpose(-3, -2) for w in (w_q, w_k))
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.softmax(dim=-1)
    ### END SOLUTION


# %% check
attention_per_head = lesson.check(attention_per_head)

# %% [markdown]
# Now on the trained model. The library's ViT adds a bias to queries and keys, so its own method is asked for the weights; the
# formula is yours. Each panel below is one head's row of the class token, laid out as the patches lie. The frame is the truth.

# %% demo
image, box = sick.images[4], sick.boxes[4]
with torch.no_grad():
    weights = vit.attention_weights(image[None])  # (L, B, H, T, T)
heads = {
    f"layer {layer}, head {head}": weights[layer, 0, head, 0, 1:].view(GRID, GRID)
    for layer in range(3)
    for head in range(2)
}
show(
    overlays(image, heads, box, "Six heads, one scale"),
    alt="A scan with its lesion framed, and six maps, two heads in each of three layers. The largest weight of each: "
    + ", ".join(f"{name} {one.max():.2f}" for name, one in heads.items())
    + ". The heads differ, and not all are bright inside the frame.",
)

# %% [markdown]
# Six maps, and six opinions. Which one is *the* attention of the model? There is no such thing: each head of each layer moves
# information, and only all of them together reach the answer. The next part puts them together.

# %% [markdown]
# ## 2 · Through all layers: rollout
#
# After block 1 a token no longer stands for its own patch: it holds a mixture. When block 2 attends to it, it attends to a mixture.
# To know which *patches* the class token holds in the end, follow every path.
#
# Each block also adds its input to what it gathered, the **residual path**. Abnar and Zuidema (2020, §3) give both one half:
#
# $$\hat A_\ell = \tfrac12 \operatorname{mean}_h A_{\ell h} + \tfrac12 I, \qquad R = \hat A_L \cdots \hat A_2 \hat A_1$$
#
# where rows of each $\hat A_\ell$ are scaled to sum to 1.

# %% [markdown]
# By hand, with two tokens and one head: layer 1 is `[[0, 1], [1, 0]]`, so
# Â₁ = `[[½, ½], [½, ½]]`. Layer 2 is `[[1, 0], [½, ½]]`, so Â₂ = `[[1, 0], [¼, ¾]]`. The product Â₂ Â₁ is `[[½, ½], [½, ½]]`: although token 0
# looks only at itself in layer 2, half of what it holds came from token 1.

# %% [markdown]
# ### Exercise 18.2 · Attention rollout
#
# Difficulty 2 of 3 · 10 minutes · the check proves that every path through the layers is followed, the residual path included, and rows
# stay shares.
#
# `weights` has shape `(L, B, H, T, T)`, the first layer first; the batch axis may be missing. Average the heads, mix with the identity, scale
# the rows, multiply. Some weights may have been set to 0, so scale the rows even where that seems needless.


# %% exercise
def rollout(weights):
    """Return the product of all layers' matrices, the last layer leftmost, shape (B, T, T).

    weights have shape (layers, B, H, T, T).

    >>> rollout(torch.tensor([[1.0, 0.0], [1.0, 0.0]]).reshape(1, 1, 1, 2, 2))
    tensor([[[1.0000, 0.0000],
             [0.5000, 0.5000]]])
    """
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    ### BEGIN SOLUTION
    out = eye
    for layer in weights:
        mixed = 0.5 * layer.mean(dim=-3) + 0.5 * eye
        out = mixed / mixed.sum(dim=-1, keepdim=True) @ out
    return out
    ### END SOLUTION


# %% check
rollout = lesson.check(rollout)

# %% [markdown]
# The result is a matrix of 50 × 50. Row `t` says what token `t` is made of; column `s` says who holds something of token `s`. The
# answer is read from token 0.
#
# ### Exercise 18.3 · What the class token gathered
#
# Difficulty 1 of 3 · 4 minutes · the check proves that the class token's row, not its column, lies as the patches do.
#
# `matrix` has shape `(…, T, T)` with T = rows · columns + 1. Token 0 is no patch; the patches follow row by row.


# %% exercise
def class_map(matrix, rows, columns):
    """Return the class token's row without its own entry, shape (…, rows, columns).

    >>> class_map(torch.tensor([0.5, 0.2, 0.3]).expand(3, 3), rows=1, columns=2)
    tensor([[0.2000, 0.3000]])
    """
    ### BEGIN SOLUTION
    return matrix[..., 0, 1:].unflatten(-1, (rows, columns))
    ### END SOLUTION


# %% check
class_map = lesson.check(class_map)

# %% [markdown]
# ### Exercise 18.4 · From patches to pixels
#
# Difficulty 1 of 3 · 3 minutes · the check proves that every pixel carries the number of the patch it lies in.
#
# Truth is a box of pixels, so maps are brought to pixels too. Nothing is smoothed: a smooth picture would look finer than what
# the model said.


# %% exercise
def upsample(maps, patch):
    """Return (…, rows · patch, columns · patch): each number fills a square of pixels.

    >>> upsample(torch.tensor([[1, 2]]), 2)
    tensor([[1, 1, 2, 2],
            [1, 1, 2, 2]])
    """
    ### BEGIN SOLUTION
    return maps.repeat_interleave(patch, dim=-2).repeat_interleave(patch, dim=-1)
    ### END SOLUTION


# %% check
upsample = lesson.check(upsample)

# %% [markdown]
# Now two hundred scans at once, with your functions: the heads of the first layer averaged, those of the last, and rollout. Below they are for the scan
# that you saw before.

# %% demo
with torch.no_grad():
    weights = vit.attention_weights(sick.images)
attention = {
    "first layer": class_map(weights[0].mean(1), GRID, GRID),
    "last layer": class_map(weights[-1].mean(1), GRID, GRID),
    "rollout": class_map(rollout(weights), GRID, GRID),
}
show(
    overlays(
        image,
        {name: upsample(one[4], PATCH) for name, one in attention.items()},
        box,
        "Three ways to average",
    ),
    alt="The same scan and three maps, the heads averaged. Largest entries: "
    + ", ".join(f"{name} {one[4].max():.2f}" for name, one in attention.items())
    + ".",
)

# %% [markdown]
# ## 3 · Is it right? Judged by planted truth
#
# One scan proves nothing. Two hundred do, with a rule fixed beforehand. The **pointing game** (Zhang et al. 2016) asks where a map is
# largest: inside the box is a hit. All 16 pixels of a patch are equally large here, and a patch may lie half inside the box, so
# we share ties: a map scores the share of its largest pixels that lie inside.
#
# By hand: the map (0.4, 0.2, 0.4) has two largest pixels. With only the first one inside, it scores ½.

# %% [markdown]
# ### Exercise 18.5 · Where a map points
#
# Difficulty 2 of 3 · 6 minutes · the check proves that a map scores the share of its largest pixels that lie inside, so ties win nothing.
#
# `maps` has shape `(B, H, W)`; `inside` is boolean of the same shape, True in the box. Return one number for each image, in the dtype of `maps`.


# %% exercise
def point_hits(maps, inside):
    """Return the share of each map's largest pixels that lie inside, shape (B,).

    A map that is the same everywhere scores the box's share of the image.

    >>> inside = torch.tensor([[[True, False], [False, False]]])
    >>> point_hits(torch.ones(1, 2, 2), inside)
    tensor([0.2500])
    """
    ### BEGIN SOLUTION
    best = maps == maps.amax(dim=(-2, -1), keepdim=True)
    found = (best & inside).sum(dim=(-2, -1))
    return found.to(maps.dtype) / best.sum(dim=(-2, -1))
    ### END SOLUTION


# %% check
point_hits = lesson.check(point_hits)

# %% [markdown]
# A hit rate means nothing without its **base rate**: what would a map hit that knows nothing?
#
# ### Exercise 18.6 · What chance would hit
#
# Difficulty 1 of 3 · 3 minutes · the check proves that your number is the chance that a pixel drawn at random lies in its image's box.
#
# A box is `(top, left, bottom, right)` with the last two exclusive, as in a slice. Boxes of 1 × 2 and 2 × 4 on 4 × 5 pixels: the chances are 0.1 and 0.4,
# so the base rate is 0.25. Return a number, not a tensor.


# %% exercise
def base_rate(boxes, height, width):
    """Return how often a random pixel lies in its image's box, a float.

    >>> base_rate(torch.tensor([[0, 0, 2, 5]]), height=4, width=5)
    0.5
    """
    ### BEGIN SOLUTION
    top, left, bottom, right = boxes.T
    areas = (bottom - top) * (right - left)
    return areas.double().mean().item() / (height * width)
    ### END SOLUTION


# %% check
base_rate = lesson.check(base_rate)

# %% [markdown]
# Guess before you measure:

# %% demo
lesson.predict("winner")

# %% [markdown]
# Five numbers stand beside them that need no model: pure chance, a random map, one that always points to the centre, one that points to
# the darkest patch, and the best any patch could score (not every box holds a whole patch of the grid).

# %% demo
inside = box_masks(sick.boxes)
print(f"base rate on these scans: {base_rate(sick.boxes, 28, 28):.2f}")
for name, one in attention.items():
    print(f"{name}: {point_hits(upsample(one, PATCH), inside).mean():.2f}")
baselines = {key: each for key, each in log["baselines"].items() if key != "untrained"}
print(baselines)

# %% [markdown]
# The maps point far better than chance. And yet the darkest patch, a rule that needs no model at all, hits 0.78: a map
# that only shows *where something is odd* would do as well. (Your numbers are of 200 scans, the recorded ones of 500; on those
# 500 this model's rollout hits 0.78 as well.) Before the verdict you need two more maps.

# %% [markdown]
# ## 4 · Ask the gradient
#
# *The second sitting begins here: about 35 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Rollout has a blind spot. It never asks **for which answer**: the map for *lesion* and the map for *healthy* are the same. The gradient does ask. Take the
# logit of *lesion*, and how it moves with each attention weight: ∇A. The product ∇A ⊙ A says how much each weight in use adds, to first
# order. Chefer, Gur and Wolf (2021, *Generic Attention-model Explainability*) keep what speaks for the answer, average the heads, and carry it through the layers:
#
# $$\bar A_\ell = \operatorname{mean}_h\,(\nabla A_{\ell h} \odot A_{\ell h})^+, \qquad R \leftarrow R + \bar A_\ell R, \quad R_0 = I$$

# %% [markdown]
# By hand, one layer, one head: A = `[[½, ½], [1, 0]]` and ∇A = `[[2, 4], [−3, 1]]`. The products are `[[1, 2], [−3, 0]]`, their positive parts `[[1, 2], [0, 0]]`, and
# R = I + Ā = `[[2, 2], [0, 1]]`.
#
# ### Exercise 18.7 · Gradient × attention
#
# Difficulty 2 of 3 · 8 minutes · the check proves that only attention that speaks for the answer counts, head by head, through all layers.
#
# Both inputs have shape `(L, B, H, T, T)`, the first layer first; the batch axis may be missing.


# %% exercise
def relevance(weights, gradients):
    """Return R after R ← R + Ā R for every layer, from R = I, shape (B, T, T).

    >>> weights = torch.tensor([[0.5, 0.5], [1.0, 0.0]]).reshape(1, 1, 1, 2, 2)
    >>> gradients = torch.tensor([[1.0, 2.0], [-3.0, 0.0]]).reshape(1, 1, 1, 2, 2)
    >>> relevance(weights, gradients)
    tensor([[[1.5000, 1.0000],
             [0.0000, 1.0000]]])
    """
    eye = torch.eye(weights.shape[-1], dtype=weights.dtype, device=weights.device)
    ### BEGIN SOLUTION
    out = eye
    for layer, gradient in zip(weights, gradients, strict=True):
        out = out + (gradient * layer).clamp(min=0).mean(dim=-3) @ out
    return out
    ### END SOLUTION


# %% check
relevance = lesson.check(relevance)

# %% [markdown]
# A CNN has no attention, but it has a last feature map, 7 × 7 places here as well. Grad-CAM (Selvaraju et al. 2017, §3) weighs each channel by
# the mean of its gradient over the places:
#
# $$\alpha_c = \frac1Z \sum_{i,j} \frac{\partial y}{\partial F_{cij}}, \qquad M = \operatorname{ReLU}\Big(\sum_c \alpha_c F_c\Big)$$
#
# $F$ are the features, $y$ the logit, $Z$ the number of places.

# %% [markdown]
# ### Exercise 18.8 · Grad-CAM
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each channel counts by the mean of its gradient, and what speaks against the answer is cut
# off.
#
# Both inputs have shape `(…, C, h, w)`. By hand: channels (1, 2) and (3, 0) with gradients (1, 3) and (−2, 0) have α = 2 and −1; the sums are −1 and 4, so
# the map is (0, 4).


# %% exercise
def grad_cam(features, gradients):
    """Return ReLU(sum over channels of alpha · features), shape (…, h, w).

    alpha is the mean of a channel's gradients over its places.

    >>> features, gradients = torch.tensor([[[1.0, -2.0]]]), torch.tensor([[[2.0, 4.0]]])
    >>> grad_cam(features, gradients)
    tensor([[3., 0.]])
    """
    ### BEGIN SOLUTION
    alpha = gradients.mean(dim=(-2, -1), keepdim=True)
    return (alpha * features).sum(dim=-3).relu()
    ### END SOLUTION


# %% check
grad_cam = lesson.check(grad_cam)

# %% [markdown]
# All five maps on the same scans. The gradients are those of the logit for *lesion*; the library's two functions fetch them with autograd.

# %% demo
from course_lib.lessons.lesson_18_what_does_it_look_at.evidence import (
    attention_gradients,
    feature_gradients,
)

every = {
    **attention,
    "grad × att.": class_map(relevance(*attention_gradients(vit, sick.images)), GRID, GRID),
    "Grad-CAM": grad_cam(*feature_gradients(cnn, sick.images)),
}
hits = {name: point_hits(upsample(one, PATCH), inside) for name, one in every.items()}
show(
    bars(
        [one.mean().item() for one in hits.values()],
        list(hits),
        "Hit rates on these scans",
        ylabel="hit rate",
    ),
    alt="Hit rates on scans with a lesion: "
    + ", ".join(f"{name} {one.mean():.2f}" for name, one in hits.items())
    + ".",
)

# %% [markdown]
# One training is an anecdote. Here are three seeds of each model, judged on 500 scans with a lesion each that none of them has seen; the CNN is
# the same size within a tenth. `occlusion` hides one patch after another and notes how far the logit falls.


# %% demo
def spread(kind, part, name):
    found = [run[part][name] for run in log["results"][kind]]
    return f"{sum(found) / len(found):.2f} ({min(found):.2f} to {max(found):.2f})"


for kind in ("vit", "cnn"):
    print(
        kind, log["parameters"][kind], "parameters, accuracy", spread(kind, "accuracy", "no marker")
    )
    for name in log["results"][kind][0]["hits"]:
        print(f"  {name:22}", spread(kind, "hits", name))
lesson.reveal("winner")

# %% [markdown]
# Rollout and the last layer lead together, and gradient × attention is behind them and the least steady. That is this model on
# this task: three layers, one small object, a class token that must fetch it. In the paper, on deep models and photographs, gradients
# win. A ranking of methods does not travel; the habit of measuring does.
#
# Now look where one of the two leaders fails.

# %% demo
misses = (hits["last layer"] < 0.5).nonzero().flatten()
at = int(misses[hits["last layer"][misses].argmin()])
print(f"last layer: in {len(misses)} of {len(inside)} maps the largest patch lies outside the box")
print(f"of these the model names rightly: {(chances[misses] > 0.5).sum()}")
show(
    overlays(
        sick.images[at],
        {name: one[at] for name, one in every.items()},
        sick.boxes[at],
        "Where the last layer fails",
        common=False,
    ),
    alt="A scan where the last layer's largest weight lies outside the frame, and five maps of it. Hits: "
    + ", ".join(f"{name} {one[at]:.2f}" for name, one in hits.items())
    + ".",
)

# %% [markdown]
# Most of these scans are named rightly. A wrong map does not mean a wrong answer, nor a right map a right one.

# %% [markdown]
# ## 5 · Take it away and see
#
# The pointing game needs a box. Without one, ask the model: if the map is right, the score must fall when what it marks is taken away. That is the
# **deletion curve** (Petsiuk et al. 2018): replace patches, the most important first, and draw the score against the share replaced. The
# smaller the area below it, the better the map. Begin with an empty image and put patches in, and you have **insertion**.
#
# By hand: the score is the sum of the pixels, the image (1, 3), the fill (½, ½), the map (0.2, 0.8). The second patch goes first: the scores are 4, 1½, 1.
# The area of two trapezia of width ½ is ½ · (4 + 1½)/2 + ½ · (1½ + 1)/2 = 2.

# %% [markdown]
# ### Exercise 18.9 · Deletion, and the area under it
#
# Difficulty 3 of 3 · 12 minutes · the check proves that patches go in order of importance, the fill replaces them, and the area is that of trapezia.
#
# `score` takes images `(M, H, W)` and returns `(M,)`. `patch_map` has a number for each patch; patches are squares. Of equal numbers the first goes first
# (`argsort(…, stable=True)`). Return the N + 1 scores and the area with the steps on an axis from 0 to 1. Your `upsample` may help.


# %% exercise
def deletion_curve(score, image, fill, patch_map):
    """Return (curve, area): scores with 0 … N patches of `image` replaced by those of `fill`.

    curve has shape (N + 1,); area is a tensor with one number.

    >>> image, fill = torch.ones(2, 2), torch.zeros(2, 2)
    >>> score = lambda images: images.mean((-2, -1))
    >>> deletion_curve(score, image, fill, torch.tensor([[4.0, 3.0], [2.0, 1.0]]))
    (tensor([1.0000, 0.7500, 0.5000, 0.2500, 0.0000]), tensor(0.5000))
    """
    side = image.shape[0] // patch_map.shape[0]
    ### BEGIN SOLUTION
    turn = patch_map.flatten().argsort(descending=True, stable=True).argsort()
    turn = upsample(turn.view(patch_map.shape), side)
    n = patch_map.numel()
    gone = turn < torch.arange(n + 1)[:, None, None]
    curve = score(torch.where(gone, fill, image))
    return curve, torch.trapezoid(curve) / n
    ### END SOLUTION


# %% check
deletion_curve = lesson.check(deletion_curve)

# %% [markdown]
# What stands in for a patch that is gone? You decide, and the decision matters. Many programs take zeros.

# %% demo
lesson.predict("black")

# %% [markdown]
# Two fills, one map: that of the last layer. Insertion is your own function again, with image and fill exchanged.


# %% demo
def score(images):
    return chance_of_lesion(vit, images)


mean_tissue, black = torch.full_like(image, 0.55), torch.zeros_like(image)
chosen = every["last layer"][4]
curves = {
    "to mean tissue": deletion_curve(score, image, mean_tissue, chosen)[0],
    "to black": deletion_curve(score, image, black, chosen)[0],
    "insertion": deletion_curve(score, mean_tissue, image, chosen)[0],
}
show(
    lines(
        torch.linspace(0, 1, 50),
        curves,
        "Chance of a lesion",
        xlabel="share of patches replaced",
        ylabel="chance",
    ),
    alt="Chance of a lesion against the share of patches replaced, by the last layer's map. After five patches, and at the end: "
    + "; ".join(f"{name} {one[5]:.2f}, {one[-1]:.2f}" for name, one in curves.items())
    + ".",
)
lesson.reveal("black")

# %% [markdown]
# On these scans **zero is data**: dark is what lesions are. A black patch is the clearest lesion the model has ever been shown. Every deletion plants one, and the curve says
# nothing about the map. Ask of every fill: what does it mean to *this* model? Mean tissue is no perfect answer either, since its edges are new to the model.

# %% demo
print("areas, three seeds: deletion to tissue (lower is better), to black, insertion")
for kind in ("vit", "cnn"):
    for name in log["results"][kind][0]["areas"]:
        runs = [run["areas"][name] for run in log["results"][kind]]
        means = [sum(run[what] for run in runs) / 3 for what in ("tissue", "black", "insertion")]
        print(f"{kind} {name:22}", *(f"{one:6.2f}" for one in means))

# %% [markdown]
# With tissue as fill rollout and the last layer come first, as with the boxes. About the rest the two judges differ: of the ViT's maps
# occlusion is third by boxes and last by area. With black as fill all maps get the same number, near 1, and nobody could tell them apart.
# Rows of the ViT and of the CNN are not comparable: each curve asks its own model.
#
# ## 6 · A model that cheats
#
# Zech et al. (2018) found networks that told hospitals apart, helped by the metal markers that technicians place beside a patient. Our third model was trained on scans where each
# lesion comes with a bright marker in the corner, and no healthy scan has one.

# %% demo
lesson.predict("marker")

# %% demo
cheat = recorded_model("vit_marked")
marked = scans(400, seed=3, marker=1.0)
both = Scans(*(part[marked.labels == 1] for part in marked))
for name in log["results"]["vit_marked"][0]["accuracy"]:
    print(f"{name:15} accuracy {spread('vit_marked', 'accuracy', name)}")
lesson.reveal("marker")

# %% [markdown]
# A test set from the same clinic has the same markers, and the accuracy is perfect. Would a map have warned you? Each of these scans has a lesion *and* a marker, and we know that
# the model uses the marker.

# %% demo
with torch.no_grad():
    weights = cheat.attention_weights(both.images)
cheating = {
    "first layer": class_map(weights[0].mean(1), GRID, GRID),
    "last layer": class_map(weights[-1].mean(1), GRID, GRID),
    "rollout": class_map(rollout(weights), GRID, GRID),
    "grad × att.": class_map(relevance(*attention_gradients(cheat, both.images)), GRID, GRID),
}
corner = box_masks(torch.tensor([MARKER_BOX])).expand(len(both.labels), -1, -1)
for name, one in cheating.items():
    pixels = upsample(one, PATCH)
    found = [point_hits(pixels, truth).mean().item() for truth in (box_masks(both.boxes), corner)]
    print(f"{name:12} lesion {found[0]:.2f}, marker {found[1]:.2f}")
show(
    overlays(
        both.images[0],
        {name: one[0] for name, one in cheating.items()},
        both.boxes[0],
        "Maps of a model that cheats",
        common=False,
    ),
    alt="A scan with a framed lesion and a white marker in its upper right corner, and four maps of the model that cheats. The "
    "last layer and rollout are bright in the corner, not in the frame.",
)

# %% [markdown]
# On this training the last layer, rollout and gradient × attention give the cheat away, while the first layer still points into the
# *lesion* on many scans. But this is one training. Here are three, each as reliably wrong when the markers are turned around.

# %% demo
print(" " * 22, "lesion, marker in training 1 | 2 | 3")
for name in log["results"]["vit_marked"][0]["hits"]:
    pairs = [(run["hits"][name], run["marker_hits"][name]) for run in log["results"]["vit_marked"]]
    print(f"{name:22}", " | ".join(f"{lesion:.2f}, {marker:.2f}" for lesion, marker in pairs))

# %% [markdown]
# Read the second training. With markers turned around it is right on 7 % of the scans: it follows the marker. Yet rollout points into the lesion on 77 % and at the marker on 1 %; gradient × attention on
# 62 % and 3 %. Whoever saw these maps would swear that the model reads lesions. In the third training the last layer does the same. Only occlusion, which changes the image and watches the
# answer, names the marker every time.

# %% [markdown]
# **Where maps mislead**, measured here:
#
# - They show where the model gathers, not what the answer uses (second training).
# - Attention alone draws the same map for *healthy* and for *lesion*.
# - A rule that knows no model, the darkest patch, scores 0.78, more than any map of the ViT on average over three trainings.
# - A map always has a largest place, on healthy scans too.
# - The judge can be at fault: with a fill that is data, every map looks alike.

# %% demo
untrained = log["baselines"]["untrained"]
print("hit rates of a model that has learnt nothing:")
for name, rate in untrained.items():
    print(f"  {name:22} {rate:.2f}")

# %% [markdown]
# The last table is a sanity check in the spirit of Adebayo et al. (2018). The last layer of one draw of *random* weights points into the lesion on 40 % of the scans, seven times chance: a dark patch
# stands out before anything is learnt. What stays good when nothing was learnt shows the image, not the model.
#
# ## 7 · A model of your own
#
# Until here you judged models that we had trained. Train your own: the same ViT, the same 8,000 scans, in 400 steps of 64 where the recorded ones took 700. Choose
# another seed if you like: it draws the first weights and the order of the scans.

# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_18_what_does_it_look_at.evidence import (
    ScanViT,
    accuracy,
    train_on_scans,
)
from course_lib.training.scale import choose

seed = 7  # yours to choose
torch.manual_seed(seed)
mine = ScanViT()
history = train_on_scans(mine, seed=seed, steps=choose(tiny=3, small=400, full=400))
mine.cpu()  # a GPU is used where there is one; what follows needs none
print(
    f"{history.stopped_at} steps; of {len(made.labels)} new scans it names {accuracy(mine, made):.1%} rightly"
)

# %% [markdown]
# Does the verdict of part 4 hold for it? Judge it with your own functions, on the scans from before, and set it beside the range of the three recorded trainings.

# %% demo tags=["nbval-ignore-output"]
weights, gradients = attention_gradients(mine, sick.images)
matrices = {
    "first layer": weights[0].mean(1),
    "last layer": weights[-1].mean(1),
    "rollout": rollout(weights),
    "gradient × attention": relevance(weights, gradients),
}
print(" " * 22, "yours, three recorded")
for name, matrix in matrices.items():
    found = point_hits(upsample(class_map(matrix, GRID, GRID), PATCH), inside).mean()
    print(f"{name:22} {found:.2f},  {spread('vit', 'hits', name)}")

# %% [markdown]
# A number of yours may well lie outside the range: three trainings do not show all that can happen, and yours was shorter. If you have minutes, take two more seeds before you trust an order.
#
# Now look into it. The explorer holds your rollout beside each layer and head, of your model on a lesion and of the cheat on a lesion with a marker. Choose a token by
# clicking or with the arrow keys, and see from where it gathers; the planted box is framed. Try a patch in the lesion: does it look at itself? And a patch far from it?

# %% demo tags=["nbval-ignore-output"]
from course_lib.explore import patch_clicker

pictures = {
    "a lesion, your model": (mine, image, box),
    "a lesion and a marker, the cheat": (cheat, both.images[0], both.boxes[0]),
}
patch_clicker(lesson.pair("rollout"), pictures)

# %% [markdown]
# **Explain.** Of the cheat, choose rollout and the class token, then the patch in the corner. The class token holds 0.10 of the corner, the corner 0.02 of the class
# token. Why do the two differ? (Row and column of a matrix answer different questions.)
#
# **Stretch.** Any model goes in that has `attention_weights(images)`: the ViT of lesson 17, or one that you write. Put your model on `both.images[0]`: what does a model that never saw a marker make of it?
#
# With a network, `course_lib.data.pneumonia.pneumonia_mnist()` loads 4,708 small chest X-rays of children to train on, with `"test"` 624
# others (MedMNIST v2, Yang et al. 2023). They have labels but no boxes: all you can measure there is deletion and insertion. Not for
# diagnosis.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - draw where a vision transformer and a CNN look, in five ways, each built by hand;
# - judge such a map against planted truth, beside a random map and a centre map;
# - say what a map does not tell, and catch a model that cheats.
#
# **References.** Abnar and Zuidema 2020, §3 (rollout). Chefer, Gur and Wolf 2021, *Generic Attention-model Explainability* (gradient × attention). Selvaraju et al. 2017, §3 (Grad-CAM). Zhang et al. 2016
# (the pointing game). Zech et al. 2018 (markers). Petsiuk et al. 2018 (deletion and insertion). Adebayo et al. 2018 (sanity checks). Jain and Wallace 2019, *Attention is not Explanation*; Wiegreffe and Pinter 2019,
# *Attention is not not Explanation*.
