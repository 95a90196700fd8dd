"""Mistakes in “The vision transformer”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.lessons.lesson_16_images_as_tokens import reference as right
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake
from course_lib.lessons.lesson_16_images_as_tokens.mistakes.embed import MISTAKES as EMBED


def _vit(forward: Callable[[Any, Tensor], Tensor]) -> type[nn.Module]:
    """Return the right class with another forward."""

    def of_images(self: Any, images: Tensor) -> Tensor:
        return forward(self, images)

    return type("ViT", (right.ViT,), {"forward": of_images})


def _read(self: Any, images: Tensor, embed: Callable[..., Tensor] = right.embed) -> Tensor:
    x = embed(self.patches(images).flatten(2).mT, self.class_token, self.places)
    for block in self.blocks:
        x = block(x)
    return x


def _through(self: Any, x: Tensor, blocks: Any) -> Tensor:
    for block in blocks:
        x = block(x)
    return self.head(self.norm(x)[:, 0])


def _embedded(self: Any, images: Tensor) -> Tensor:
    return right.embed(self.patches(images).flatten(2).mT, self.class_token, self.places)


def _answer(name: str) -> type[nn.Module]:
    """Return a ViT that embeds by the wrong answer `name` of exercise 16.5."""
    code = next(wrong.code for wrong in EMBED if wrong.id == name)
    return _vit(lambda self, images: self.head(self.norm(_read(self, images, code))[:, 0]))


def _grid_swapped(self: Any, images: Tensor) -> Tensor:
    x = right.embed(self.patches(images).mT.flatten(2).mT, self.class_token, self.places)
    return _through(self, x, self.blocks)


def _normed_each_time(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    for block in self.blocks:
        x = self.norm(block(x))
    return self.head(x[:, 0])


def _added_once_more(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    for block in self.blocks:
        x = x + block(x)
    return self.head(self.norm(x)[:, 0])


def _not_chained(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    return self.head(self.norm(self.blocks[-1](x))[:, 0])


def _causal(self: Any, images: Tensor) -> Tensor:
    x = _embedded(self, images)
    past = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
    for block in self.blocks:
        x = block(x, past)
    return self.head(self.norm(x)[:, 0])


def _through_normed(self: Any, images: Tensor) -> Tensor:
    x = self.norm(_embedded(self, images))
    for block in self.blocks:
        x = block(x)
    return self.head(x[:, 0])


def _reshaped_tokens(self: Any, images: Tensor) -> Tensor:
    out = self.patches(images)
    x = right.embed(out.reshape(len(out), -1, out.shape[1]), self.class_token, self.places)
    return _through(self, x, self.blocks)


MISTAKES = (
    mistake(
        "no_last_norm",
        _vit(lambda self, images: self.head(_read(self, images)[:, 0])),
        "Your last norm is missing.",
        "In pre-norm blocks the stream itself is never normalised. The head expects rows of even size.",
    ),
    mistake(
        "last_token",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, -1])),
        "You read the answer off the last token, a patch.",
        "The class token is token 0.",
    ),
    mistake(
        "first_patch",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 1])),
        "You read the answer off token 1, the upper left patch.",
        "The class token is token 0.",
    ),
    mistake(
        "mean_of_patches",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 1:].mean(1))),
        "You read the answer off the mean of the patches.",
        "That is a good model too, but not this one: the head of a model with a class token was trained to read token 0.",
    ),
    mistake(
        "mean_of_all",
        _vit(lambda self, images: self.head(self.norm(_read(self, images)).mean(1))),
        "You read the answer off the mean of all tokens.",
        "The head of a model with a class token was trained to read token 0 alone.",
    ),
    mistake(
        "no_blocks",
        _vit(lambda self, images: _through(self, _embedded(self, images), [])),
        "Your tokens skip the blocks, or what the blocks return is not kept.",
        "Without them the class token has heard nothing of the patches: every image gets the same answer. In the loop, x = block(x).",
    ),
    mistake(
        "one_block",
        _vit(lambda self, images: _through(self, _embedded(self, images), self.blocks[:1])),
        "Only the first block is used.",
        "Send x through every block, and keep what comes out: x = block(x).",
    ),
    mistake(
        "added_once_more",
        _vit(_added_once_more),
        "You add each block's answer to what it read: x + block(x).",
        "The blocks have their residuals inside, around attention and around the feed-forward. Here x = block(x).",
    ),
    mistake(
        "not_chained",
        _vit(_not_chained),
        "Every block reads the embedding: what the block before it made is lost.",
        "Only the last block counts in the end. In the loop, x = block(x): each reads what the one before has written.",
    ),
    mistake(
        "causal",
        _vit(_causal),
        "Your blocks get a causal mask: a token sees only what stands before it.",
        "An image has no past. The class token stands first, so it would see nothing but itself. Leave the mask out.",
    ),
    mistake(
        "blocks_reversed",
        _vit(lambda self, images: _through(self, _embedded(self, images), list(self.blocks)[::-1])),
        "Your blocks run from last to first.",
        "self.blocks[0] reads the embedded patches.",
    ),
    mistake(
        "norm_after_every_block",
        _vit(_normed_each_time),
        "You normalise after every block.",
        "self.norm comes once, after the last block; the blocks have norms of their own.",
    ),
    mistake(
        "norm_first",
        _vit(_through_normed),
        "Your norm stands before the blocks, not after them.",
        "What the head reads must be normalised; the blocks normalise what they read themselves.",
    ),
    mistake(
        "softmax",
        _vit(lambda self, images: self.head(self.norm(_read(self, images))[:, 0]).softmax(-1)),
        "You return probabilities; logits are due.",
        "cross_entropy takes the softmax itself. Taken twice, it flattens the gradients.",
    ),
    mistake(
        "all_tokens",
        _vit(lambda self, images: self.head(self.norm(_read(self, images)))),
        "You return an answer for every token.",
        "One answer an image is due: pool before the head.",
    ),
    mistake(
        "columns_first",
        _vit(_grid_swapped),
        "Your patches are numbered down the columns, so each gets another's position.",
        "self.patches gives (B, d, rows, columns). Join the last two axes as they stand.",
    ),
    mistake(
        "reshaped_to_tokens",
        _vit(_reshaped_tokens),
        "You reshape the convolution's (B, d, rows, columns) to (B, N, d): no axis moves, so your tokens mix patches.",
        "Join rows and columns, then swap the last two axes: .flatten(2).mT.",
    ),
    mistake(
        "no_places",
        _answer("no_places"),
        "Your positions are not added.",
        "Without them attention sees a bag of patches.",
    ),
    mistake(
        "places_before_the_class_token",
        _answer("places_before_the_class_token"),
        "You add the positions before the class token joins: it has none.",
        "Put the token in front first, then add all N + 1 rows.",
    ),
    mistake(
        "class_at_the_end",
        _answer("class_at_the_end"),
        "Your class token stands behind the patches.",
        "Then token 0, which the answer is read from, is a patch, and every patch has the position of the token before it.",
    ),
)
