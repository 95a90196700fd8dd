"""The readable ViT against torchvision's and Hugging Face's, on the same weights."""

import warnings

import pytest
import torch
from torch import nn

from course_lib.models.vit import ViT, ViTConfig, resize_places
from course_lib.models.weights_vit import from_hf_vit, from_torch_vit

SIZES = {"image_size": 20, "patch_size": 4, "n_classes": 7, "d_model": 24, "n_heads": 3}
CONFIG = ViTConfig(**SIZES, n_layers=2, d_ff=41)


def noise(module: nn.Module, seed: int) -> nn.Module:
    """Fill every parameter: a fresh head answers zero to everything."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return module.eval()


def pictures(dtype: torch.dtype, n: int = 3) -> torch.Tensor:
    return torch.randn(n, 3, 20, 20, generator=torch.Generator().manual_seed(5), dtype=dtype)


def torchvision_vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    theirs = VisionTransformer(
        image_size=20, patch_size=4, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=41,
        num_classes=7,
    )  # fmt: skip
    return noise(theirs, 1)


def hugging_face_vit() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import ViTConfig as TheirConfig
        from transformers import ViTForImageClassification

        theirs = ViTForImageClassification(
            TheirConfig(
                image_size=20, patch_size=4, num_hidden_layers=2, num_attention_heads=3,
                hidden_size=24, intermediate_size=41, num_labels=7, layer_norm_eps=1e-6,
            )
        )  # fmt: skip
    return noise(theirs, 2)


BOTH = {"torchvision": (torchvision_vit, from_torch_vit), "hf": (hugging_face_vit, from_hf_vit)}


@pytest.mark.parametrize("dtype, bar", [(torch.float32, 1e-4), (torch.float64, 1e-9)])
@pytest.mark.parametrize("name", BOTH)
def test_logits_and_gradients_are_theirs(name: str, dtype: torch.dtype, bar: float) -> None:
    make, rename = BOTH[name]
    theirs, ours = make().to(dtype), ViT(CONFIG).eval().to(dtype)
    ours.load_state_dict(rename(theirs.state_dict()))
    images = pictures(dtype)
    answer = theirs(images)
    due, got = getattr(answer, "logits", answer), ours(images)
    assert due.std() > 0.1 and (got - due).abs().max() <= bar
    due.sin().sum().backward()
    got.sin().sum().backward()
    gradients = rename({name: p.grad for name, p in theirs.named_parameters()})
    for name, parameter in ours.named_parameters():
        assert parameter.grad.abs().max() > 0
        torch.testing.assert_close(parameter.grad, gradients[name], atol=bar, rtol=bar)


def test_vit_b_16_has_a_place_for_every_parameter() -> None:
    from torchvision.models import vit_b_16

    with torch.device("meta"):
        theirs = vit_b_16()
        ours = ViT(
            ViTConfig(
                image_size=224, patch_size=16, n_classes=1000, d_model=768, n_heads=12, n_layers=12
            )
        )
    renamed = from_torch_vit(theirs.state_dict())
    assert {k: v.shape for k, v in renamed.items()} == {
        k: v.shape for k, v in ours.state_dict().items()
    }
    assert sum(p.numel() for p in ours.parameters()) == 86_567_656


def test_files_of_version_4_are_understood() -> None:
    state = hugging_face_vit().state_dict()
    old = {}
    for name, value in state.items():
        for new_name, old_name in (
            ("vit.layers.", "vit.encoder.layer."),
            ("attention.q_proj", "attention.attention.query"),
            ("attention.k_proj", "attention.attention.key"),
            ("attention.v_proj", "attention.attention.value"),
            ("attention.o_proj", "attention.output.dense"),
            ("mlp.fc1", "intermediate.dense"),
            ("mlp.fc2", "output.dense"),
        ):
            name = name.replace(new_name, old_name)
        old[name] = value
    assert old.keys() != state.keys()
    a, b = from_hf_vit(old), from_hf_vit(state)
    assert a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_the_hidden_states_of_a_bare_model_are_theirs() -> None:
    theirs = hugging_face_vit()
    ours = ViT(CONFIG).eval()
    missing = ours.load_state_dict(from_hf_vit(theirs.vit.state_dict()), strict=False)
    assert sorted(missing.missing_keys) == ["head.bias", "head.weight"]
    images = pictures(torch.float32)
    with torch.no_grad():
        due = theirs.vit(images).last_hidden_state
        assert (ours.norm(ours.hidden_states(images)[-1]) - due).abs().max() <= 1e-4


def test_attention_weights_make_the_output() -> None:
    ours = noise(ViT(CONFIG), 3).double()
    images = pictures(torch.float64)
    weights = ours.attention_weights(images)
    assert weights.shape == (2, 3, 3, 26, 26)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    block, x = ours.blocks[1], ours.hidden_states(images)[1]
    v = block.attn.project(*3 * (block.norm1(x),))[2]
    mixed = block.attn.w_o((weights[1] @ v).transpose(1, 2).flatten(2))
    torch.testing.assert_close(x + mixed, block.add(x, block.norm1, lambda y: block.attn(y, y, y)))


def test_without_positions_the_order_of_patches_is_unknown() -> None:
    bag = noise(ViT(ViTConfig(**SIZES, n_layers=2, positions="none")), 4).double()
    told = noise(ViT(CONFIG), 4).double()
    images = pictures(torch.float64)
    cut = images.unfold(2, 4, 4).unfold(3, 4, 4).reshape(3, 3, 25, 4, 4)
    mixed = cut[:, :, torch.randperm(25, generator=torch.Generator().manual_seed(1))]
    shuffled = mixed.reshape(3, 3, 5, 5, 4, 4).transpose(3, 4).reshape(3, 3, 20, 20)
    assert (bag(shuffled) - bag(images)).abs().max() < 1e-9
    assert (told(shuffled) - told(images)).abs().max() > 1e-3


def test_the_mean_of_the_patches_may_answer() -> None:
    config = ViTConfig(**SIZES, n_layers=1, pool="mean")
    model = noise(ViT(config), 6)
    assert model.embed(pictures(torch.float32)).shape == (3, 25, 24)
    assert model(pictures(torch.float32)).shape == (3, 7)


@pytest.mark.parametrize("align_corners", [True, False])
def test_positions_are_resized_as_the_libraries_do(align_corners: bool) -> None:
    places = torch.randn(26, 8, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ours = resize_places(places, grid=7, align_corners=align_corners)
    square = places[1:].reshape(1, 5, 5, 8).permute(0, 3, 1, 2)
    due = nn.functional.interpolate(square, (7, 7), mode="bicubic", align_corners=align_corners)
    assert torch.equal(ours[:1], places[:1])
    assert torch.equal(ours[1:], due.permute(0, 2, 3, 1).reshape(49, 8))


def test_torchvision_resizes_as_we_do() -> None:
    from torchvision.models.vision_transformer import interpolate_embeddings

    state = torchvision_vit().state_dict()
    due = interpolate_embeddings(image_size=28, patch_size=4, model_state=dict(state))
    ours = resize_places(state["encoder.pos_embedding"][0], grid=7, align_corners=True)
    torch.testing.assert_close(ours, due["encoder.pos_embedding"][0])


def test_hugging_face_resizes_as_we_do() -> None:
    theirs = hugging_face_vit()
    table = theirs.vit.embeddings.position_embeddings[0]
    due = theirs.vit.embeddings.interpolate_pos_encoding(torch.zeros(1, 50, 24), 28, 28)
    torch.testing.assert_close(resize_places(table, grid=7), due[0])


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="image_size = 20 does not split into patches of 6"):
        ViTConfig(**{**SIZES, "patch_size": 6}, n_layers=1)
    with pytest.raises(ValueError, match="d_model = 24 does not split into 5 heads"):
        ViTConfig(**{**SIZES, "n_heads": 5}, n_layers=1)
    with pytest.raises(ValueError, match="pool is class or mean, not 'max'"):
        ViTConfig(**SIZES, n_layers=1, pool="max")
    with pytest.raises(
        ValueError, match=r"images are \(3, 16, 16\), the model reads \(3, 20, 20\)"
    ):
        ViT(CONFIG)(torch.zeros(2, 3, 16, 16))
    with pytest.raises(ValueError, match="24 patches form no square grid"):
        resize_places(torch.zeros(25, 3), grid=4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_stays_finite(dtype: torch.dtype) -> None:
    assert noise(ViT(CONFIG), 7).to(dtype)(pictures(dtype)).isfinite().all()
