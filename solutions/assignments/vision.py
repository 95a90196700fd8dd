# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # A3 · Vision
#
# A graded assignment · needs lessons 08, 10, 16 and 18.
#
# Every task asks for something that no library does in one call. The checks in this notebook teach: they try your answer
# on a few cases and explain what differs. The marks are given on other cases, of other sizes and other numbers, that
# nobody has seen. An answer that fits only the cases shown here earns nothing. In the last task you hand in a model.
#
# The rules: define each function or class under the name that is given, leave its first line as it is, and keep the
# check line below it. Cells of your own are welcome.

# %% setup
import torch
from course_lib import Assignment
from course_lib.data.shapes import SHAPES, draw_shapes
from torch import nn

assignment = Assignment("vision")

# %% [markdown]
# ## 1 · Four patches into one
#
# ### Exercise A3.1 · Patch merging
#
# Difficulty 2 of 3 · 12 minutes · the check proves that the right four neighbours meet, in the right order, on odd grids
# too.
#
# A hierarchy of scales: after some layers, each 2 × 2 block of patches becomes one token with more features. The four
# vectors are laid side by side in reading order (upper left, upper right, lower left, lower right) and multiplied by a
# matrix.

# %% [markdown]
# `x` is `(B, height · width, d)`, row by row; `weight` is `(d_out, 4 · d)`, as `nn.Linear` keeps it, without a bias. On an
# odd grid a row of zeros is added below, a column of zeros on the right, or both. Return `(B, N, d_out)`, row by row.


# %% exercise
def merge_patches(x, height, width, weight):
    """Return one token for every 2 × 2 block of patches."""
    ### BEGIN SOLUTION
    grid = x.unflatten(1, (height, width))
    grid = nn.functional.pad(grid, (0, 0, 0, width % 2, 0, height % 2))
    four = [grid[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return torch.cat(four, dim=-1).flatten(1, 2) @ weight.T
    ### END SOLUTION


# %% check
merge_patches = assignment.check(merge_patches)

# %% [markdown]
# ## 2 · Windows that shift
#
# ### Exercise A3.2 · Shifted window masks
#
# Difficulty 3 of 3 · 25 minutes · the check proves that tokens which only the roll made neighbours do not meet.
#
# Attention within small windows is cheap, but then nothing crosses their borders. So every second layer shifts them: the
# grid is rolled up and to the left by `shift`, what falls out comes in again on the other side, and the same windows are
# laid over it. Now a window at the lower or right edge holds tokens from opposite sides of the picture. They must not
# attend to each other.

# %% [markdown]
# The grid has `height × width` tokens, both multiples of `window`; `0 ≤ shift < window`. Number the windows row by row, and
# the tokens within a window row by row. Return a boolean `(n_windows, window², window²)`: True where two tokens of a
# window may attend to each other, that is where neither axis brought one of them round the edge without the other.


# %% exercise
def shifted_window_mask(height, width, window, shift):
    """Return a boolean (n_windows, window², window²): True where two tokens may meet."""
    ### BEGIN SOLUTION
    below = torch.arange(height) >= height - shift
    right = torch.arange(width) >= width - shift
    region = 2 * below[:, None].long() + right.long()
    windows = region.unflatten(1, (-1, window)).unflatten(0, (-1, window)).transpose(1, 2)
    windows = windows.flatten(2).flatten(0, 1)
    return windows[:, :, None] == windows[:, None, :]
    ### END SOLUTION


# %% check
shifted_window_mask = assignment.check(shifted_window_mask)

# %% [markdown]
# ## 3 · Rows and columns
#
# ### Exercise A3.3 · Rotation in two directions
#
# Difficulty 2 of 3 · 15 minutes · the check proves that each half of the features turns with its own coordinate, and that
# tokens without a place stay as they are.
#
# A text has one position, a picture two. Cut the features of every token into two halves of width `d/2`. The first turns
# with the token's row, the second with its column. Within a half, features `2i` and `2i + 1` are a pair, which turns by
# the angle
#
# $$\text{position} \cdot \text{base}^{-2i / (d/2)}$$
#
# from the first axis towards the second: $(a, b)$ becomes $(a\cos\varphi - b\sin\varphi,\; a\sin\varphi + b\cos\varphi)$.

# %% [markdown]
# `x` is `(B, H, N, d)` with `d` a multiple of 4; `rows` and `columns` are `(N,)`. Class tokens and registers stand nowhere:
# their row and column are −1, and they are not turned at all.


# %% exercise
def rotate_2d(x, rows, columns, base):
    """Return x with the first half of its features turned by row, the second by column."""
    ### BEGIN SOLUTION
    half = x.shape[-1] // 2
    rates = base ** (-torch.arange(0, half, 2, device=x.device, dtype=x.dtype) / half)
    turned = []
    for part, places in zip(x.split(half, dim=-1), (rows, columns), strict=True):
        angles = places.clamp(min=0)[:, None] * rates
        a, b = part[..., 0::2], part[..., 1::2]
        cos, sin = angles.cos(), angles.sin()
        turned.append(torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(-2))
    return torch.cat(turned, dim=-1)
    ### END SOLUTION


# %% check
rotate_2d = assignment.check(rotate_2d)

# %% [markdown]
# ## 4 · What reached the class token
#
# ### Exercise A3.4 · Rollout
#
# Difficulty 2 of 3 · 12 minutes · the check proves that all layers are followed back, in their order, and what is not a
# patch is left out.
#
# The weights of the last layer say which tokens the class token read, but by then each token is a mixture of others.
# Rollout follows it back (Abnar and Zuidema 2020, §3). In every layer, take the mean of the heads; a residual connection
# carries half of each token past the attention, so take the mean of that matrix and the identity. The product of all
# layers' matrices, the last on the left, says how much of each input token is in each output token.

# %% [markdown]
# `weights` is `(L, B, H, N, N)`, the first layer first. Token 0 is the class token; the first `n_extra` tokens, it
# included, are no patches. Return `(B, N − n_extra)`: the share of every patch in the class token, so that each row sums
# to 1.


# %% exercise
def rollout(weights, n_extra):
    """Return the share of every patch in the class token, each row with sum 1."""
    ### BEGIN SOLUTION
    steps = (weights.mean(dim=2) + torch.eye(weights.shape[-1]).to(weights)) / 2
    product = steps[0]
    for step in steps[1:]:
        product = step @ product
    shares = product[:, 0, n_extra:]
    return shares / shares.sum(-1, keepdim=True)
    ### END SOLUTION


# %% check
rollout = assignment.check(rollout)

# %% [markdown]
# ## 5 · Room to think
#
# Large trained vision transformers tend to misuse a few patches of empty background as scratch paper, which spoils their
# attention maps. Registers are tokens of their own for that: learned, read and written by all, thrown away at the end
# (Darcet et al. 2023). The block is given.


# %% given
class Block(nn.Module):
    """A pre-norm encoder block."""

    def __init__(self, d_model, n_heads, d_ff):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.up, self.down = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def forward(self, x):
        qkv = self.qkv(self.norm1(x)).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        out = nn.functional.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(out.transpose(1, 2).flatten(-2))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


# %% [markdown]
# ### Exercise A3.5 · A vision transformer with registers
#
# Difficulty 3 of 3 · 30 minutes · the check proves that pictures become logits as the text says, parameter by parameter.
#
# - A picture `(C, image_size, image_size)` is cut into square patches, row by row. A patch is flattened channel by channel,
#   each channel row by row, and `embed`, an `nn.Linear` to `d_model`, makes it a token.
# - `positions`, a parameter of shape `(N, d_model)`, is added to the `N` patch tokens, and to them alone.
# - `extra`, a parameter of shape `(1 + n_registers, d_model)`, holds the class token and the registers. They stand in front
#   of the patches.

# %% [markdown]
# - All tokens pass `blocks`, an `nn.ModuleList` of `n_layers` times `Block(d_model, n_heads, d_ff)`, then `norm`, an
#   `nn.LayerNorm`.
# - `head`, an `nn.Linear` to `n_classes`, reads the class token. Return the logits, `(B, n_classes)`.


# %% exercise
class RegisterViT(nn.Module):
    """A vision transformer with a class token and registers."""

    def __init__(
        self,
        image_size,
        patch_size,
        n_channels,
        d_model,
        n_heads,
        n_layers,
        d_ff,
        n_registers,
        n_classes,
    ):
        super().__init__()
        ### BEGIN SOLUTION
        self.patch_size, n_patches = patch_size, (image_size // patch_size) ** 2
        self.embed = nn.Linear(n_channels * patch_size**2, d_model)
        self.positions = nn.Parameter(0.02 * torch.randn(n_patches, d_model))
        self.extra = nn.Parameter(0.02 * torch.randn(1 + n_registers, d_model))
        self.blocks = nn.ModuleList(Block(d_model, n_heads, d_ff) for _ in range(n_layers))
        self.norm, self.head = nn.LayerNorm(d_model), nn.Linear(d_model, n_classes)
        ### END SOLUTION

    def forward(self, images):
        ### BEGIN SOLUTION
        size = self.patch_size
        cut = images.unfold(2, size, size).unfold(3, size, size)  # (B, C, rows, columns, p, p)
        patches = self.embed(cut.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2))
        x = torch.cat([self.extra.expand(len(images), -1, -1), patches + self.positions], dim=1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))
        ### END SOLUTION


# %% check
RegisterViT = assignment.check(RegisterViT)

# %% [markdown]
# ## 6 · Hand in a model
#
# ### Task A3.6 · Shapes
#
# Difficulty 2 of 3 · 25 minutes · marked on pictures that nobody has seen.
#
# `draw_shapes(n, seed)` draws as many pictures as you ask for: one of five shapes, 16 × 16, somewhere, of some size, in
# noise. Train your `RegisterViT` on them, of exactly these sizes, and save its state dict as `shapes.safetensors` beside
# this notebook.
#
# Your model is marked on fresh pictures, with the course's own class, so no code of yours runs: 60 % right earn 1 point,
# 80 % 2, 90 % 3, and 95 % all 4.

# %% given
SIZES = {"image_size": 16, "patch_size": 4, "n_channels": 1, "n_classes": 5, "n_registers": 2}
SIZES |= {"d_model": 32, "n_heads": 4, "n_layers": 2, "d_ff": 64}

# %% [markdown]
# How you train is up to you: the steps, the rate, the optimizer. Measure on a seed that you have not trained on. The cell
# below runs once your class passes; as it stands it saves a model that has learned nothing.

# %% train
if assignment.passed("RegisterViT"):
    from safetensors.torch import save_file

    model = RegisterViT(**SIZES)
    # Train it here: as it stands, this cell saves an untrained model over a trained one.
    images, labels = draw_shapes(1000, seed=1_000_000)
    share = (model(images).argmax(-1) == labels).float().mean()
    print(f"{share:.0%} of 1000 pictures are told right; the shapes are {', '.join(SHAPES)}")
    save_file(model.state_dict(), "shapes.safetensors")
    assignment.check_file("shapes.safetensors")

# %% [markdown]
# ## Hand in
#
# Save the notebook and hand it in under the name that it has, with `shapes.safetensors` beside it. Before you do, restart the kernel, run everything
# once, **save**, and run the cell below: it reads the saved file and runs it as it will be run when it is marked, on the visible
# cases. It says which cell will not run there, and why. (In a terminal: `course check A3_vision.ipynb`.)

# %% demo tags=["nbval-ignore-output"]
assignment.try_out()
