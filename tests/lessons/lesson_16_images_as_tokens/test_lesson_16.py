"""What lesson 16 says, held to torchvision, Hugging Face and PyTorch's own counter."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from course_lib.checking.noise import noise
from course_lib.data.images import digits, photograph
from course_lib.figures import pictures
from course_lib.lessons.lesson_16_images_as_tokens import patches as it
from course_lib.lessons.lesson_16_images_as_tokens.exercises.resize_places import resize_oracle
from course_lib.lessons.lesson_16_images_as_tokens.patches_log import patches_log
from course_lib.lessons.lesson_16_images_as_tokens.reference import (
    ViT,
    linear_from_kernel,
    patches_by_convolution,
    patchify,
    unpatchify,
    vit_cost,
)
from course_lib.models import vit as library
from course_lib.models.weights import noise_fill
from course_lib.models.weights_vit import from_hf_vit, from_torch_vit

SIZES = {"patch_size": 4, "n_channels": 3, "d_model": 24, "n_heads": 3, "n_layers": 2, "d_ff": 41}


def logits_apart(theirs, ours, images):
    with torch.no_grad():
        due = theirs(images)
        assert due.std() > 0.05
        return (ours(images) - due).abs().max().item()


@pytest.mark.slow
def test_vit_b_16_answers_as_torchvisions_does():
    from torchvision.models import vit_b_16

    theirs = noise_fill(vit_b_16().eval(), seed=0, scale=0.03)
    with torch.device("meta"):
        ours = ViT(196, 16, 3, 1000, 768, 12, 12, 3072).eval()
    ours.load_state_dict(from_torch_vit(theirs.state_dict()), assign=True)
    images = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    assert logits_apart(theirs, ours, images) <= 1e-4


def test_a_fresh_vit_of_torchvision_answers_zero():
    from torchvision.models import VisionTransformer

    fresh = VisionTransformer(20, 4, 2, 3, 24, 41, num_classes=7).eval()
    assert fresh(torch.rand(2, 3, 20, 20)).abs().max() == 0


def test_hugging_faces_bare_model_has_our_hidden_states():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import ViTConfig, ViTModel

        config = ViTConfig(
            image_size=20, patch_size=4, hidden_size=24, num_hidden_layers=2,
            num_attention_heads=3, intermediate_size=41, layer_norm_eps=1e-6,
        )  # fmt: skip
        theirs = noise_fill(ViTModel(config).eval(), seed=2)
    ours = ViT(25, n_classes=24, **SIZES).eval()
    missing = ours.load_state_dict(from_hf_vit(theirs.state_dict()), strict=False)
    assert sorted(missing.missing_keys) == ["head.bias", "head.weight"]
    ours.head = nn.Identity()
    images = noise(3, 2, 3, 20, 20).float()
    assert logits_apart(lambda x: theirs(x).last_hidden_state[:, 0], ours, images) <= 1e-4


def test_the_learners_vit_loads_into_the_librarys():
    ours = noise_fill(ViT(25, n_classes=7, **SIZES), seed=4).double()
    theirs = library.ViT(library.ViTConfig(image_size=20, n_classes=7, **SIZES)).double()
    theirs.load_state_dict(ours.state_dict())
    images = noise(5, 2, 3, 20, 20)
    torch.testing.assert_close(ours(images), theirs(images))


def test_the_two_forms_of_the_patch_layer_share_weights_and_gradients():
    images, kernel, bias = noise(0, 2, 3, 8, 12), noise(1, 5, 3, 4, 4), noise(2, 5)
    weight = linear_from_kernel(kernel).requires_grad_()
    forms = (
        patches_by_convolution(images, weight, bias, 4),
        nn.functional.linear(patchify(images, 4), weight, bias),
    )
    torch.testing.assert_close(*forms)
    gradients = [torch.autograd.grad(form.sin().sum(), weight)[0] for form in forms]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("grid", [(24, 24), (9, 31)])
def test_cubic_weights_by_formula_are_pytorchs(grid, align_corners):
    places = noise(0, 197, 5)
    due = library.resize_places(places, grid, align_corners=align_corners)
    torch.testing.assert_close(resize_oracle(places, grid, align_corners), due)


def test_both_ways_of_aligning_differ_more_towards_the_edges():
    table = noise(0, 197, 64)
    a, b = (library.resize_places(table, (24, 24), align_corners=c) for c in (True, False))
    apart = (a - b)[1:].abs().mean(1).view(24, 24)
    middle = apart[9:15, 9:15].mean()
    assert apart[:3].mean() > 2 * middle


def test_costs_of_vit_b_16_are_what_pytorch_counts():
    from torchvision.models import ViT_B_16_Weights, vit_b_16

    parameters, flops = vit_cost(196, 16, 3, 1000, 768, 12, 3072)
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        model = vit_b_16().eval()
        model(torch.zeros(1, 3, 224, 224))
    assert parameters == sum(p.numel() for p in model.parameters()) == 86_567_656
    assert flops == counter.get_total_flops() == 35_127_656_448
    # Their table counts a multiplication and its addition as one.
    assert flops / 2e9 == pytest.approx(ViT_B_16_Weights.IMAGENET1K_V1.meta["_ops"], rel=2e-3)
    assert vit_cost(784, 8, 3, 1000, 768, 12, 3072)[1] / flops == pytest.approx(4.45, abs=0.01)


def test_a_jigsaw_moves_patches():
    images, order = digits("test").floats()[:3], it.some_order(3)
    due = unpatchify(patchify(images, 2)[:, order], 2, 8, 8)
    assert torch.equal(it.jigsaw(images, order), due)
    assert not torch.equal(due, images)


def test_without_places_a_picture_and_its_jigsaw_are_the_same():
    model = it.without_places(noise_fill(ViT(**it.SIZES), seed=0)).eval()
    images = digits("test").floats()[:5]
    apart = model(images) - model(it.jigsaw(images, it.some_order(3)))
    assert apart.abs().max() < 1e-5


def test_a_few_steps_teach_something_and_leave_frozen_places_alone(monkeypatch):
    monkeypatch.setenv("COURSE_QUIET", "1")
    torch.manual_seed(0)
    model = it.without_places(ViT(**it.SIZES))
    history = it.train_on_digits(model, seed=0, steps=12)
    assert history.losses[-1] < history.losses[0]
    assert model.places.abs().max() == 0


def test_the_record_says_what_the_lesson_says():
    log = patches_log()
    assert log.seeds("positions") == [0, 1, 2]
    assert min(log.accuracies("positions", "pictures")) >= 0.95
    assert max(log.accuracies("positions", "jigsaw")) < 0.2
    bag = log.accuracies("no positions", "pictures")
    assert bag == log.accuracies("no positions", "jigsaw")
    assert 0.65 < min(bag) <= max(bag) < 0.75
    assert min(log.accuracies("positions, jigsaws", "jigsaw")) >= 0.95


def test_neighbours_look_alike_when_a_pixel_is_a_patch():
    log = patches_log()
    at = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), -1).reshape(64, 2)
    near = np.abs(at[:, None] - at).sum(-1) == 1
    for seed in log.seeds("a pixel a patch"):
        table = log.similarities("a pixel a patch", seed).numpy()
        assert table[near].mean() > 0.3
        assert abs(table[~near & ~np.eye(64, dtype=bool)].mean()) < 0.1


@pytest.mark.parametrize("size", [(32, 48), (40, 20)])
def test_a_photograph_keeps_its_proportions(size):
    small, whole = photograph("china", side=size), photograph("china")
    assert small.shape == (3, *size)
    assert abs(small.float().mean() - whole.float().mean()) < 25


def test_pictures_of_other_shapes_are_refused():
    figure = pictures({"a": torch.zeros(3, 4, 6), "b": torch.zeros(5, 5)})
    assert len(figure.axes) == 2
    with pytest.raises(ValueError, match=r"“c” has shape \(2, 4, 4\)"):
        pictures({"c": torch.zeros(2, 4, 4)})
