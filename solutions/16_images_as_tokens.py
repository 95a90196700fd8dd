# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 16 · Images as tokens
#
# 85 minutes in two sittings · needs 10 The transformer block · nine exercises, the first within three minutes.
#
# You will be able to
#
# - cut pictures into tokens in two ways, and prove them equal by moving weights from one to the other;
# - build a vision transformer that takes torchvision's and Hugging Face's weights and gives their logits, at other sizes too;
# - say what positions are worth to it, and what an image costs, to the last number.

# %% [markdown]
# ## 1 · A picture as a list of rows
#
# A transformer reads a list of tokens, each a row of numbers. What are the tokens of a picture? Its pixels would do, but a photograph of
# 224 × 224 has 50,176 of them, and attention compares each with each.
#
# Dosovitskiy et al. 2021 cut the picture into squares, **patches**, of 16 × 16 pixels. Each patch is a token: 14 · 14 = 196 of
# them. The rest of the model is lesson 10's encoder, unchanged.

# %% setup
import torch
import torch.nn.functional as F
from course_lib import Lesson
from course_lib.figures import bars, pictures, show
from torch import nn

lesson = Lesson("16")

# %% [markdown]
# By hand: a grey picture of 4 × 4 with the numbers 0 to 15, and patches of 2 × 2. The upper left patch holds 0, 1 and, a row below, 4,
# 5. To its right lie 2, 3, 6, 7; below it 8, 9, 12, 13. So the four tokens are
#
# (0, 1, 4, 5), (2, 3, 6, 7), (8, 9, 12, 13), (10, 11, 14, 15).
#
# In memory the picture is one list, 0 to 15. A plain reshape to four rows gives (0, 1, 2, 3): a strip, not a square. Axes must be
# **split**, then **moved**, then **joined**.

# %% [markdown]
# ### Exercise 16.1 · Patches by reshape
#
# Difficulty 2 of 3 · 9 minutes · the check proves that every pixel lands in the right token, at the right place in its row, whatever the
# shape of the picture.
#
# Patches are numbered by rows of the picture. In a token channel 0 stands first with all its pixels, by rows, then channel 1. Height and
# width are multiples of `patch_size`. Reshape and permute are all you need; `F.unfold`, `nn.Unfold`, `F.conv2d` and
# `nn.Conv2d` are out of bounds.


# %% exercise
def patchify(images, patch_size):
    """Cut (B, C, H, W) into squares and return them as rows: (B, N, C · patch_size²).

    >>> patchify(torch.arange(8.0).reshape(1, 1, 2, 4), 2)
    tensor([[[0., 1., 4., 5.],
             [2., 3., 6., 7.]]])
    """
    B, C, H, W = images.shape
    ### BEGIN SOLUTION
    p, rows, columns = patch_size, H // patch_size, W // patch_size
    x = images.reshape(B, C, rows, p, columns, p)
    x = x.permute(0, 2, 4, 1, 3, 5)  # (B, rows, columns, C, p, p)
    return x.reshape(B, rows * columns, C * p * p)
    ### END SOLUTION


# %% check
patchify = lesson.check(patchify)

# %% demo
from course_lib.data.images import digits, photograph

photos = {name: photograph(name, side=(64, 96)).float() / 255 for name in ("china", "flower")}
for name, photo in photos.items():
    tokens = patchify(photo[None], 16)
    print(f"{name}: {tuple(photo.shape)} becomes {tokens.shape[1]} tokens of {tokens.shape[2]}")

# %% [markdown]
# Below, your function cuts the picture. On the left is the picture with its grid, on the right your matrix, each row drawn as a patch at
# the place of its number. While the two look alike, your axes are in order; swap two of them and the right one breaks. Walk with
# the arrow keys: which number has the patch below token 0?

# %% demo
from course_lib.explore import patch_explorer

shown = {name: photograph(name, side=(32, 48)).float() / 255 for name in photos}
shown["a digit"] = digits("test").floats()[3]
patch_explorer(lesson.pair("patchify"), shown, patch_sizes=(8, 4, 2))

# %% [markdown]
# Whoever can cut can also put together: that is how a model draws pictures patch by patch, and how you look at what became of them.
#
# ### Exercise 16.2 · And back again
#
# Difficulty 2 of 3 · 7 minutes · the check proves that your function undoes patchify: every pixel is back where it was.
#
# The number of channels follows from the length of a row. Without `F.fold` and `nn.Fold`, as before.


# %% exercise
def unpatchify(patches, patch_size, height, width):
    """Put the rows of patchify together again: (B, N, C · patch_size²) to (B, C, height, width).

    >>> unpatchify(torch.tensor([[[0, 1, 4, 5], [2, 3, 6, 7]]]), 2, height=2, width=4)
    tensor([[[[0, 1, 2, 3],
              [4, 5, 6, 7]]]])
    """
    ### BEGIN SOLUTION
    p, rows, columns = patch_size, height // patch_size, width // patch_size
    x = patches.reshape(len(patches), rows, columns, -1, p, p)
    return x.permute(0, 3, 1, 4, 2, 5).reshape(len(patches), -1, height, width)
    ### END SOLUTION


# %% check
unpatchify = lesson.check(unpatchify)


# %% demo
def framed(photo, patch_size):
    """Return a photograph cut apart: a white frame around every patch."""
    cut = patchify(photo[None], patch_size).unflatten(2, (3, patch_size, patch_size))
    cut = F.pad(cut, (1, 1, 1, 1), value=1.0).flatten(2)
    height, width = (size // patch_size * (patch_size + 2) for size in photo.shape[1:])
    return unpatchify(cut, patch_size + 2, height, width)[0]


show(
    pictures(
        {f"{name}, 24 tokens": framed(photo, 16) for name, photo in photos.items()},
        "Photographs, cut apart",
    ),
    alt="Two photographs, a temple roof and a flower, cut into 4 rows of 6 square patches each, with white gaps between them.",
)

# %% [markdown]
# **Explain**: nothing was lost so far, and nothing learned. Which of the two functions needs the picture's width, and why do the
# patches alone not tell it?
#
# ## 2 · One layer for all patches
#
# Each token goes through one linear layer, the same for all: from C · p² numbers to `d_model`. Code that you will read seldom does it that way. It
# has a single line: a **convolution** with a kernel as large as a patch and a stride as large as the kernel. The window lies on each
# patch once, multiplies its pixels by its weights and adds them up.
#
# So the two must be the same layer. A proof: take the *numbers* of the one and put them into the other.

# %% [markdown]
# By hand: patches of 2 × 2, and one output with the weights (1, 0, 0, 0). The linear layer picks the first number of each token. As a kernel they
# are ((1, 0), (0, 0)), which picks the upper left pixel under the window: 0, 2, 8, 10 in the picture above. The same numbers. (PyTorch's convolution
# does not turn its kernel over, as the one in mathematics does.)
#
# ### Exercise 16.3 · Patches by convolution
#
# Difficulty 2 of 3 · 8 minutes · the check proves that one convolution with the linear layer's own numbers gives the linear layer's
# outputs and gradients.
#
# You get the linear layer's weight `(d_model, C · p²)` and bias. Make the kernel `(d_model, C, p, p)` of it, convolve (`F.conv2d` does), and
# return tokens. Without `F.unfold` and `F.linear`: the convolution does their work.


# %% exercise
def patches_by_convolution(images, weight, bias, patch_size):
    """Return linear(patchify(images)), by one convolution: (B, N, d_model).

    >>> image = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> patches_by_convolution(image, torch.tensor([[1.0, 0, 0, 0]]), torch.zeros(1), 2)
    tensor([[[ 0.],
             [ 2.],
             [ 8.],
             [10.]]])
    """
    ### BEGIN SOLUTION
    kernel = weight.reshape(len(weight), -1, patch_size, patch_size)
    out = F.conv2d(images, kernel, bias, stride=patch_size)  # (B, d_model, rows, columns)
    return out.flatten(2).mT
    ### END SOLUTION


# %% check
patches_by_convolution = lesson.check(patches_by_convolution)

# %% demo
torch.manual_seed(0)
layer = nn.Linear(3 * 16 * 16, 8).double()
batch = torch.stack([*photos.values()]).double()
gradients = []
for tokens in (
    layer(patchify(batch, 16)),
    patches_by_convolution(batch, layer.weight, layer.bias, 16),
):
    gradients.append(torch.autograd.grad(tokens.sin().sum(), [layer.weight, layer.bias]))
    print(f"{tuple(tokens.shape)}, first token starts {tokens[0, 0, 0]:.4f}")
apart = max((a - b).abs().max() for a, b in zip(*gradients, strict=True))
print("gradients of weight and bias agree:", bool(apart < 1e-9))

# %% [markdown]
# And backwards: given a kernel, what is the linear layer? There are two answers, since people list the numbers of a patch in two orders.
# Yours has the channels first. Others put the red, green and blue of one pixel side by side: **channels last**.
#
# By hand: one output, two channels, 2 × 2, with the weights 0, 1, 2, 3 for the first channel and 4, 5, 6, 7 for the second. Channels first the row is
# (0, 1, 2, 3, 4, 5, 6, 7). Channels last it is (0, 4, 1, 5, 2, 6, 3, 7).
#
# ### Exercise 16.4 · A kernel back to a linear layer
#
# Difficulty 1 of 3 · 5 minutes · the check proves that each weight multiplies the same pixel as before, for either order of the channels.


# %% exercise
def linear_from_kernel(kernel, channels_last=False):
    """Return the weight (d_model, C · p²) of the linear layer that is this convolution (d_model, C, p, p).

    >>> kernel = torch.arange(8).reshape(1, 2, 2, 2)
    >>> linear_from_kernel(kernel)
    tensor([[0, 1, 2, 3, 4, 5, 6, 7]])
    >>> linear_from_kernel(kernel, channels_last=True)
    tensor([[0, 4, 1, 5, 2, 6, 3, 7]])
    """
    ### BEGIN SOLUTION
    return (kernel.permute(0, 2, 3, 1) if channels_last else kernel).flatten(1)
    ### END SOLUTION


# %% check
linear_from_kernel = lesson.check(linear_from_kernel)

# %% demo
convolution = nn.Conv2d(3, 8, kernel_size=16, stride=16).double()
due = convolution(batch).flatten(2).mT
first = patchify(batch, 16)
last = first.unflatten(2, (3, 256)).mT.flatten(2)  # the same patches, channels last
for rows, rows_last in ((first, False), (last, True), (first, True)):
    weight = linear_from_kernel(convolution.weight, channels_last=rows_last)
    same = torch.allclose(F.linear(rows, weight, convolution.bias), due)
    order = "last" if rows is last else "first"
    print(f"patches channels {order:5}, weights channels last={rows_last!s:5}: same tokens {same}")

# %% [markdown]
# The last line is what a wrong order does: right shapes, no error, other numbers. A model that is *trained* so learns as well as any. One whose
# weights were *loaded* so sees noise.
#
# **In a word.** A convolution whose stride is its width is a linear layer on patches. Which order its rows have is a convention, and weights
# come with theirs.

# %% [markdown]
# ## 3 · A token that asks, and where tokens are
#
# *The second sitting begins here: about 50 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# Two things are missing. Which token gives the answer? ViT adds one that stands for no patch: the **class token**, a learned row, the same for
# every image. It asks in every layer, and the answer is read off what it has gathered.
#
# And attention does not know order (lesson 07), so a picture and a jigsaw of it would be the same. ViT adds learned **positions**: a table with
# a row for each token, the class token included:
#
# $$z_0 = [x_\text{class};\; x_1 E;\; \dots;\; x_N E] + E_\text{pos}$$
#
# with the rows of the patches $x_n$, the weight $E$ of the layer that reads them, and the table of positions $E_\text{pos}$.

# %% [markdown]
# By hand: two patches, 1 and 2, of one number each; the class token 7; the positions 100, 200, 300. The tokens are 7, 1, 2, and with positions 107,
# 201, 302.
#
# ### Exercise 16.5 · Class token and positions
#
# Difficulty 1 of 3 · 7 minutes · the check proves that every image gets the same class token in front, every token the position of its
# own, and gradients reach both tables.
#
# There is one class token, and there are B images: `expand` gives each a view of it, without a copy.


# %% exercise
def embed(patches, class_token, places):
    """Put the class token (d_model) before the patches (B, N, d_model), then add places (N + 1, d_model).

    >>> places = torch.tensor([[100.0], [200.0], [300.0]])
    >>> embed(torch.tensor([[[1.0], [2.0]]]), torch.tensor([7.0]), places)
    tensor([[[107.],
             [201.],
             [302.]]])
    """
    ### BEGIN SOLUTION
    first = class_token.expand(len(patches), 1, -1)
    return torch.cat([first, patches], dim=1) + places
    ### END SOLUTION


# %% check
embed = lesson.check(embed)

# %% demo
token = torch.zeros(4, requires_grad=True)
x = embed(torch.zeros(5, 6, 4), token, torch.zeros(7, 4))
x.sum().backward()
print("tokens:", tuple(x.shape), "· gradient of the class token:", token.grad.tolist())

# %% [markdown]
# Five images, one token: its gradient is the sum over all five.
#
# The table has a row for each patch of *one* size of picture. A model that learned with 224 pixels, 14 × 14 patches, can read 384 pixels,
# 24 × 24 patches, if its positions are stretched (§3.2 of the paper). They form a grid, so they can be resized like a picture with `d_model` channels.
# The class token's row has no place in the grid and stays as it is.
#
# But how do two grids lie on each other? Take one axis, 4 old places to 7 new ones. Torchvision's way, `align_corners=True`: the *centres* of
# the first and the last patch stay where they were. Hugging Face's way, False: the *edges* of the picture do, and the centres of smaller patches
# lie further out.

# %% demo
new = torch.arange(7)
print("where 7 new places lie among the old ones, 0 to 3")
print("align_corners=True :", *(f"{x:5.2f}" for x in new * 3 / 6))
print("align_corners=False:", *(f"{x:5.2f}" for x in (new + 0.5) * 4 / 7 - 0.5))
lesson.predict("corners")

# %% [markdown]
# ### Exercise 16.6 · Positions for another size
#
# Difficulty 3 of 3 · 9 minutes · the check proves that the grid of positions is stretched both ways, with corners or edges aligned as
# asked, and the class token's stays.
#
# The old grid is a square; the new one need not be. `F.interpolate(x, size, mode="bicubic", align_corners=…)` resizes pictures
# `(B, C, height, width)`: each new number is a weighted sum of the 4 × 4 old ones around it (Keys 1981), and beyond the edge the edge counts again.


# %% exercise
def resize_places(places, grid, align_corners=False):
    """Stretch places (1 + side², d_model) to grid = (rows, columns): (1 + rows · columns, d_model).

    >>> places = torch.arange(5.0)[:, None]
    >>> resize_places(places, (2, 3), align_corners=True).flatten()
    tensor([0.0000, 1.0000, 1.5000, 2.0000, 3.0000, 3.5000, 4.0000])
    """
    ### BEGIN SOLUTION
    side = round((len(places) - 1) ** 0.5)
    square = places[1:].T.reshape(1, -1, side, side)
    new = F.interpolate(square, grid, mode="bicubic", align_corners=align_corners)
    return torch.cat([places[:1], new[0].flatten(1).T])
    ### END SOLUTION


# %% check
resize_places = lesson.check(resize_places)

# %% demo
torch.manual_seed(0)
table = torch.randn(1 + 14 * 14, 64)
both = [resize_places(table, (24, 24), align_corners=corners) for corners in (True, False)]
apart = (both[0] - both[1]).abs().mean(1)[1:].view(24, 24)
for ring in (0, 3, 6, 9, 11):
    row = apart[ring, ring : 24 - ring]
    print(f"{ring:2} patches from the edge: differ by {row.mean():.2f} on average")
lesson.reveal("corners")

# %% [markdown]
# Neither is wrong. True keeps each corner's own vector, False keeps the scale: a patch at a quarter of the width stays at a quarter. A
# model that is trained on gets used to either. But who loads weights and wants the same logits must take the same way.
#
# ## 4 · The whole model
#
# After the last block the tokens are normed, and one row is left for the head. Which?
#
# By hand: class token 9, patches 1 and 3. The class token's way gives 9; the mean of the patches gives 2. A mean with the class token in it
# gives 4.3, which is neither.
#
# ### Exercise 16.7 · Which token answers
#
# Difficulty 1 of 3 · 4 minutes · the check proves that one row an image is left: the class token's, or the mean of the patches
# without it.


# %% exercise
def pool(x, how="class"):
    """Return (B, d_model) of x (B, 1 + N, d_model): the class token, or the "mean" of the patches.

    >>> x = torch.tensor([[[9.0], [1.0], [3.0]]])
    >>> pool(x), pool(x, how="mean")
    (tensor([[9.]]), tensor([[2.]]))
    """
    ### BEGIN SOLUTION
    return x[:, 0] if how == "class" else x[:, 1:].mean(1)
    ### END SOLUTION


# %% check
pool = lesson.check(pool)

# %% [markdown]
# Now the model. Its parts are made: `patches` is the convolution, `blocks` are lesson 10's, pre-norm with GELU. The names are those
# of `course_lib.models.vit`, so that the weights of the field can be loaded.

# %% given
from course_lib.models.blocks import BlockConfig, EncoderBlock

# %% [markdown]
# ### Exercise 16.8 · The vision transformer
#
# Difficulty 3 of 3 · 10 minutes · the check proves that logits and all gradients agree with the same weights in PyTorch's own layers.
#
# `self.patches(images)` returns `(B, d_model, rows, columns)`; `embed` wants rows.


# %% exercise
class ViT(nn.Module):
    """Tell what images (B, n_channels, H, W) show: logits (B, n_classes), read off the class token.

    Cut and project, put the class token in front and add places, go through all blocks, norm, pool, head.

    >>> vit = ViT(4, 2, n_channels=1, n_classes=3, d_model=8, n_heads=2, n_layers=1, d_ff=16)
    >>> vit(torch.zeros(5, 1, 4, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self, n_patches, patch_size, n_channels, n_classes, d_model, n_heads, n_layers, d_ff
    ):
        super().__init__()
        config = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, eps=1e-6)
        self.patches = nn.Conv2d(n_channels, d_model, patch_size, stride=patch_size)
        self.class_token = nn.Parameter(torch.zeros(d_model))
        self.places = nn.Parameter(0.02 * torch.randn(n_patches + 1, d_model))
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model, eps=1e-6)
        self.head = nn.Linear(d_model, n_classes)

    def forward(self, images):
        ### BEGIN SOLUTION
        x = embed(self.patches(images).flatten(2).mT, self.class_token, self.places)
        for block in self.blocks:
            x = block(x)
        return self.head(pool(self.norm(x)))
        ### END SOLUTION


# %% check
ViT = lesson.check(ViT)

# %% [markdown]
# Is it *the* ViT? Load the field's weights and compare logits, first torchvision's, then Hugging Face's. At this scale both are
# small; with `COURSE_SCALE=full` torchvision's is `vit_b_16` itself, 86,567,656 parameters.
#
# One trap first. A fresh `vit_b_16()` answers 0 to every picture, for its head is zero. Against zeros any model with a zero head is right. So
# **every parameter is filled with noise** before anything is compared.

# %% demo
import warnings

from course_lib.models.weights import noise_fill
from course_lib.models.weights_vit import from_hf_vit, from_torch_vit
from course_lib.training.scale import choose
from torchvision.models import VisionTransformer
from torchvision.models.vision_transformer import interpolate_embeddings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers import ViTConfig, ViTForImageClassification

small, base = (20, 4, 2, 3, 24, 96, 10), (224, 16, 12, 12, 768, 3072, 1000)  # base is vit_b_16
side, p, depth, heads, width, d_ff, classes = choose(tiny=small, small=small, full=base)
theirs = VisionTransformer(side, p, depth, heads, width, d_ff, num_classes=classes)
fresh = theirs.eval()(torch.rand(2, 3, side, side)).abs().max().item()
print(f"{sum(p.numel() for p in theirs.parameters()):,} parameters; fresh: largest logit {fresh}")
theirs = noise_fill(theirs, seed=0, scale=choose(tiny=0.2, small=0.2, full=0.03))

# %% [markdown]
# The table of names that `from_torch_vit` keeps is the whole translation: `conv_proj` is `patches`, `encoder.pos_embedding` is
# `places`, and so on; its projections for queries, keys and values lie stacked in one matrix.

# %% demo
yours = ViT((side // p) ** 2, p, 3, classes, width, heads, depth, d_ff).eval()
yours.load_state_dict(from_torch_vit(theirs.state_dict()))
images = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    due, got = theirs(images), yours(images)
print(f"logits spread over {due.std():.1f}; equal to 1e-4: {bool((due - got).abs().max() < 1e-4)}")

# %% [markdown]
# Hugging Face keeps queries, keys and values apart, as you do, and calls the same things by other names once more. `ViTForImageClassification` is
# its `ViTModel` with a head. Its norms add an eps of 1e-12 unless told otherwise; yours add torchvision's 1e-6, so it is told.

# %% demo
config = ViTConfig(
    image_size=20, patch_size=4, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
    intermediate_size=41, num_labels=10, layer_norm_eps=1e-6,
)  # fmt: skip
hugging = noise_fill(ViTForImageClassification(config).eval(), seed=2)
yours_hf = ViT(25, 4, 3, 10, 24, 3, 2, 41).eval()
yours_hf.load_state_dict(from_hf_vit(hugging.state_dict()))
images = torch.randn(3, 3, 20, 20, generator=torch.Generator().manual_seed(1))
with torch.no_grad():
    apart = (hugging(images).logits - yours_hf(images)).abs().max()
print("Hugging Face's logits equal to 1e-4:", bool(apart < 1e-4))

# %% [markdown]
# And larger pictures? Resize `places`, and nothing else needs to change: no other parameter knows how many patches there are. Here each
# library reads 28 × 28 with weights for 20 × 20, against yours with its own way of aligning and with the other's.

# %% demo
small_torch = noise_fill(VisionTransformer(20, 4, 2, 3, 24, 41, num_classes=10).eval(), seed=0)
larger = torch.randn(3, 3, 28, 28, generator=torch.Generator().manual_seed(1))
state = small_torch.state_dict()
torch_28 = VisionTransformer(28, 4, 2, 3, 24, 41, num_classes=10).eval()
torch_28.load_state_dict(interpolate_embeddings(28, 4, dict(state)))
with torch.no_grad():
    torch_logits = torch_28(larger)
    hugging_logits = hugging(larger, interpolate_pos_encoding=True).logits
cases = {
    "torchvision": (from_torch_vit(state), torch_logits),
    "Hugging Face": (from_hf_vit(hugging.state_dict()), hugging_logits),
}
for name, (weights, due) in cases.items():
    for corners in (True, False):
        model = ViT(49, 4, 3, 10, 24, 3, 2, 41).eval()
        places = resize_places(weights["places"], (7, 7), align_corners=corners)
        model.load_state_dict(weights | {"places": places})
        with torch.no_grad():
            same = bool((model(larger) - due).abs().max() < 1e-4)
        print(f"{name:12} with align_corners={corners!s:5}: its logits to 1e-4: {same}")

# %% [markdown]
# ## 5 · What are positions worth?
#
# Digits, 8 × 8 pixels, patches of 2 × 2: sixteen of them. Three models of one size, `d_model` 48 and three blocks. The first is yours as it
# stands. The second has positions of 0 that never change. The third has positions, and practises on **jigsaws**: in all
# digits the sixteen patches have changed places, always in the same way.

# %% demo
from course_lib.lessons.lesson_16_images_as_tokens.patches import (
    SIZES,
    accuracy,
    jigsaw,
    some_order,
    train_on_digits,
)

order = some_order(seed=3)
picture = digits("test").floats()[:3]
show(
    pictures(
        {f"picture {i}": one for i, one in enumerate(picture)}
        | {f"jigsaw {i}": one for i, one in enumerate(jigsaw(picture, order))},
        "Three digits, before and after",
    ),
    alt="Three handwritten digits of 8 × 8 pixels, and the same three with their sixteen patches in another order: no digit can be made out.",
)

# %% [markdown]
# You know all that is needed to tell what comes out. Two guesses, before anything is trained.

# %% demo
lesson.predict("bag")
lesson.predict("jigsaw")

# %% train tags=["nbval-ignore-output"]
torch.set_num_threads(1)  # So small a model gains nothing from a second thread.
torch.manual_seed(0)
model = ViT(**SIZES)
history = train_on_digits(model, seed=0, steps=choose(tiny=3, small=300, full=400))
print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {history.seconds:.0f} s")
print(f"pictures right: {accuracy(model):.1%}, as jigsaws: {accuracy(model, order):.1%}")

# %% demo
long_enough = choose(tiny=False, small=True, full=True)
print("pictures above 80 %:", accuracy(model) > 0.8 or not long_enough)
print("jigsaws below 40 %: ", accuracy(model, order) < 0.4)

# %% [markdown]
# Look into the model that you built and trained. Its parameters have the names of the library's ViT, so its weights fit there, and that one also tells what each
# head attends to. **Rollout**, which lesson 18 builds, follows attention through all layers. Click a patch or walk with the arrow keys; Home is the class token, which
# the answer is read from: from where does it gather?

# %% demo tags=["nbval-ignore-output"]
from course_lib.attention.rollout import rollout
from course_lib.explore import patch_clicker
from course_lib.models import vit as library

sizes = {name: size for name, size in SIZES.items() if name != "n_patches"}
twin = library.ViT(library.ViTConfig(image_size=8, **sizes))
twin.load_state_dict(model.state_dict())
print(f"the same pictures right: {accuracy(twin):.1%}")
tests = digits("test").floats()
patch_clicker(rollout, {f"test digit {i}": (twin, tests[i]) for i in (3, 4)})

# %% [markdown]
# That was the first of the three. All of them, with three seeds each, were recorded (`python bench/record_patches.py` makes the
# table again): 400 steps of 64 digits, 58,570 parameters, 360 test digits. Guessing gets about 10 %.

# %% demo
from course_lib.lessons.lesson_16_images_as_tokens.patches_log import patches_log

log = patches_log()
print("trained as            pictures, by seed       jigsaws, by seed")
for kind in log.kinds[:3]:
    told = [
        "  ".join(f"{100 * share:4.1f} %" for share in log.accuracies(kind, test))
        for test in ("pictures", "jigsaw")
    ]
    print(f"{kind:20}  {told[0]}   {told[1]}")
lesson.reveal("bag")
lesson.reveal("jigsaw")

# %% [markdown]
# Is the third model's table of positions the first one's, in another order? Compare the cosines between positions (less their mean, which says
# nothing about a place), as they stand and with the jigsaw laid back.

# %% demo
back = order.argsort()
others = ~torch.eye(16, dtype=torch.bool)
for seed in range(3):
    of_pictures = log.similarities("positions", seed)[others]
    table = log.similarities("positions, jigsaws", seed)
    found = [
        torch.corrcoef(torch.stack([of_pictures, one[others]]))[0, 1]
        for one in (table, table[back][:, back])
    ]
    print(f"seed {seed}: correlation as they stand {found[0]:.2f}, laid back {found[1]:.2f}")

# %% [markdown]
# Three things to take home. A ViT without positions is no fool: it tells about seven digits of ten from the bag of their patches. With positions it gets
# 95 % or more after 400 steps. And it does not care *which* order it is taught, for it was never told that token 1 lies beside token 0. It
# finds the order in the data, and finds it again in the jigsaws.
#
# What a convolution knows before the first picture, a ViT must find out. That is why it needs more data (§4.3 of the paper), and what lesson 17
# works against.

# %% [markdown]
# Can you see what it found out? In a fourth training every *pixel* was a patch: 64 positions, which began as noise (600 steps, 90 to 93 % right
# over three seeds). Below, for the first seed, the cosine of one position with all others, each at its place.

# %% demo
table = log.similarities("a pixel a patch").view(64, 8, 8)
points = {(1, 2): "row 1, column 2", (3, 5): "row 3, column 5", (6, 3): "row 6, column 3"}
maps = {name: table[8 * row + column] for (row, column), name in points.items()}
show(
    pictures(
        maps,
        "Cosine of all positions with the framed one",
        kind="cosines",
        frames=dict(zip(maps, points, strict=True)),
    ),
    alt="Three maps of 8 × 8 squares, red above 0 and blue below. In each the chosen position is framed, with cosine 1; "
    + "; ".join(
        f"around {name} its four neighbours have {', '.join(f'{x:.2f}' for x in (m[r - 1, c], m[r, c + 1], m[r + 1, c], m[r, c - 1]))}"
        for ((r, c), name), m in zip(points.items(), maps.values(), strict=True)
    )
    + ".",
)

# %% [markdown]
# Three maps may be chosen well. So take all pairs of positions, and ask how the cosine depends on how far apart they lie.

# %% demo
at = torch.stack(torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij"), -1)
apart = torch.cdist(at.view(64, 2), at.view(64, 2))
means = []
distances = (1.0, 2.0**0.5, 2.0, 3.0, 4.0)
for seed in log.seeds("a pixel a patch"):
    table = log.similarities("a pixel a patch", seed)
    means.append([table[(apart - d).abs() < 1e-3].mean().item() for d in distances])
means = torch.tensor(means)
coarse = torch.stack([log.similarities("positions", seed) for seed in range(3)]).mean(0)
grid_4 = at[:4, :4].reshape(16, 2)
neighbours = coarse[torch.cdist(grid_4, grid_4) == 1].mean()
corners = coarse[[0, 0, 0, 3, 3, 12], [3, 12, 15, 12, 15, 15]].mean()
print(f"patches of 2 × 2 pixels: neighbours {neighbours:.2f}, corners {corners:.2f}")
show(
    bars(
        means.mean(0),
        [f"{d:.1f}" for d in distances],
        "Positions that lie apart by …",
        ylabel="mean cosine",
    ),
    alt="Mean cosine of two learned positions by their distance in pixels, three seeds: "
    + ", ".join(f"{d:.1f}: {m:.2f}" for d, m in zip(distances, means.mean(0), strict=True))
    + ".",
)

# %% [markdown]
# Nobody said which pixels are neighbours, and neighbours came to look alike: they are read alike. The paper shows the same for photographs (its
# figure 7). With the sixteen larger patches it is *not* so (the printed line): there neighbours have cosines of about −0.1, and it is the corners, empty in
# most digits, that tend to look alike. Read such maps with care: they show what the data make interchangeable, and that need not be what lies near.

# %% [markdown]
# ## 6 · What an image costs
#
# You counted a block in lesson 10; a ViT adds the layer that reads patches, the class token, the positions, one more norm and the head. By
# hand: 4 patches of 2 × 2 grey pixels, three classes, `d_model` 2, one block with `d_ff` 3. Parameters: patch layer 4 · 2 + 2 = 10, class token 2,
# positions 5 · 2 = 10, block 49, norm 4, head 2 · 3 + 3 = 9: 84 together. FLOPs: patch layer 2 · 4 · 4 · 2 = 64, the block
# with its five tokens 480, head 2 · 2 · 3 = 12: 556.

# %% [markdown]
# ### Exercise 16.9 · What a ViT costs
#
# Difficulty 2 of 3 · 9 minutes · the check proves that your two formulas give the very numbers that PyTorch counts, for any sizes.
#
# FLOPs as in lesson 10: 2 m k n for each product of an (m, k) and a (k, n) matrix, on one image, forward only. Without
# `FlopCounterMode`: it has the last word below.


# %% exercise
def vit_cost(n_patches, patch_size, n_channels, n_classes, d_model, n_layers, d_ff):
    """Return (parameters, flops): what a ViT holds, and what one image costs forward.

    >>> vit_cost(4, patch_size=2, n_channels=1, n_classes=3, d_model=2, n_layers=1, d_ff=3)
    (84, 556)
    """
    ### BEGIN SOLUTION
    n_tokens, pixels = n_patches + 1, n_channels * patch_size**2
    weights = 4 * d_model**2 + 2 * d_model * d_ff
    block = weights + 9 * d_model + d_ff
    parameters = (pixels + 1) * d_model + (1 + n_tokens) * d_model + n_layers * block
    parameters += 2 * d_model + (d_model + 1) * n_classes
    flops = 2 * n_patches * pixels * d_model + 2 * d_model * n_classes
    flops += n_layers * (2 * n_tokens * weights + 4 * n_tokens**2 * d_model)
    return parameters, flops
    ### END SOLUTION


# %% check
vit_cost = lesson.check(vit_cost)

# %% [markdown]
# Your formulas, held against the real `vit_b_16`: built without memory (on the device “meta”), its parameters and products counted by PyTorch. Below it the same
# model with other patches. First a guess.

# %% demo
lesson.predict("half")

# %% demo
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import ViT_B_16_Weights, vit_b_16

facts = ViT_B_16_Weights.IMAGENET1K_V1.meta
costs = {p: vit_cost((224 // p) ** 2, p, 3, 1000, 768, 12, 3072) for p in (32, 16, 8)}
with torch.device("meta"), FlopCounterMode(display=False) as counter:
    full = vit_b_16().eval()
    full(torch.zeros(1, 3, 224, 224))
print("vit_b_16, counted:", (sum(p.numel() for p in full.parameters()), counter.get_total_flops()))
print("by your formulas: ", costs[16])
print(f"torchvision's table: {facts['num_params']:,} parameters, {facts['_ops']} “GFLOPS”")

for p, (parameters, flops) in costs.items():
    n = (224 // p) ** 2
    meetings = 12 * 4 * (n + 1) ** 2 * 768
    print(
        f"patches of {p:2}: {n:3} of them, {parameters / 1e6:.1f} M parameters, {flops / 1e9:5.1f} GFLOPs, "
        f"scores and mixing {meetings / flops:.0%}"
    )
lesson.reveal("half")

# %% [markdown]
# Half the patch size, and the parameters hardly move while the work grows four and a half times. “A ViT-B” says little about speed without its
# patch size. And mind the units: torchvision's table counts a multiplication with its addition as one, so its 17.564 are your 35.1.
#
# **In a word.** A ViT is an encoder with a cutter in front. All that is special to images is in the cut and in the table of positions.
#
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - cut pictures into tokens in two ways, and prove them equal by moving weights from one to the other;
# - build a vision transformer that takes torchvision's and Hugging Face's weights and gives their logits, at other sizes too;
# - say what positions are worth to it, and what an image costs, to the last number.
#
# To think about:
#
# 1. A picture of 30 × 30 and patches of 4: what would you do with the rest? Cropping, padding and resizing each change something.
# 2. Lesson 08's rotary positions know distances. How would you turn them for a grid with two axes?
# 3. The class token is the same for every image before the first block. When does it first depend on the picture?

# %% [markdown]
# ### References
#
# - Dosovitskiy et al. 2021, *An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale*: §3.1 (the model, equations 1 to 4), §3.2
#   (higher resolution), §4.3 (how much data), figure 7 (similarity of positions).
# - Keys 1981, *Cubic Convolution Interpolation for Digital Image Processing*.
