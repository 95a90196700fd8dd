"""Mistakes in “Class token and positions”: the code that makes each, its name, and why it is wrong."""

import torch
from torch import Tensor

from course_lib.lessons.lesson_16_images_as_tokens.mistakes.common import mistake


def class_token_first(patches: Tensor, class_token: Tensor) -> Tensor:
    return class_token.expand(len(patches), 1, -1)


def once(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    return torch.cat([class_token[None, None], patches], dim=1) + places


def in_the_first_image(patches: Tensor, class_token: Tensor, places: Tensor) -> Tensor:
    first = torch.cat(
        [
            class_token_first(patches[:1], class_token),
            patches.new_zeros(len(patches) - 1, 1, len(class_token)),
        ]
    )
    return torch.cat([first, patches], dim=1) + places


MISTAKES = (
    mistake(
        "class_at_the_end",
        lambda patches, class_token, places: (
            torch.cat([patches, class_token_first(patches, class_token)], dim=1) + places
        ),
        "Your class token stands behind the patches.",
        "It is token 0 in ViT, and row 0 of the positions is its own. At the end, every patch gets the position of the token before it.",
    ),
    mistake(
        "class_at_the_end_with_its_place",
        lambda patches, class_token, places: torch.cat(
            [patches + places[1:], class_token_first(patches, class_token) + places[0]], dim=1
        ),
        "Your class token, with its right position, stands behind the patches.",
        "Attention would not mind; whoever reads the answer off token 0 would read a patch.",
    ),
    mistake(
        "one_for_the_batch",
        once,
        "You have one class token for the whole batch; every image needs a copy.",
        "torch.cat repeats nothing. expand the token to (B, 1, d_model): B views of the same numbers, so that the gradient of all "
        "images reaches the one parameter.",
    ),
    mistake(
        "in_the_first_image",
        in_the_first_image,
        "Only the first image of the batch has the class token.",
        "Every image needs a copy of the same token: expand it to (B, 1, d_model).",
    ),
    mistake(
        "places_before_the_class_token",
        lambda patches, class_token, places: torch.cat(
            [class_token_first(patches, class_token), patches + places[1:]], dim=1
        ),
        "You add the positions before the class token joins: it has none.",
        "Positions have N + 1 rows, and row 0 is the class token's. Put the token in front first, then add.",
    ),
    mistake(
        "places_shifted",
        lambda patches, class_token, places: torch.cat(
            [class_token_first(patches, class_token), patches + places[:-1]], dim=1
        ),
        "You add the first N positions to the patches and then put the class token in front, without one.",
        "Row 0 belongs to the class token, row 1 to the first patch. Put the token in front first, then add all N + 1 rows.",
    ),
    mistake(
        "no_places",
        lambda patches, class_token, places: torch.cat(
            [class_token_first(patches, class_token), patches], dim=1
        ),
        "Your positions are not added.",
        "Without them attention sees a bag of patches: a picture and its jigsaw would be the same.",
    ),
    mistake(
        "class_added",
        lambda patches, class_token, places: patches + class_token + places[1:],
        "You add the class token to every patch.",
        "It is a token of its own, one more row: it asks the patches, and the answer is read from it.",
    ),
    mistake(
        "class_replaces_a_patch",
        lambda patches, class_token, places: (
            torch.cat([class_token_first(patches, class_token), patches[:, 1:]], dim=1)
            + places[:-1]
        ),
        "Your class token takes the first patch's place.",
        "It is put in front of all N patches, which makes N + 1 tokens.",
    ),
    mistake(
        "mean_for_the_class_token",
        lambda patches, class_token, places: (
            torch.cat([patches.mean(1, keepdim=True), patches], dim=1) + places
        ),
        "Your first token is the mean of the patches; class_token is not used.",
        "The class token is learned and begins alike for every image. What it finds out, it finds by attention.",
    ),
    mistake(
        "class_has_no_place_of_its_own",
        lambda patches, class_token, places: torch.cat(
            [class_token_first(patches, class_token) + places[-1], patches + places[:-1]], dim=1
        ),
        "Your positions are shifted by one: the patches use rows 0 to N − 1, the class token the last.",
        "Row n belongs to token n, and the class token is token 0.",
    ),
)
