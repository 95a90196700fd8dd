"""What lesson 18 says about its models and maps, held to what they do."""

import numpy as np
import pytest
import torch

from course_lib.attention.maps import base_rate, deletion_curve, grad_cam, point_hits, upsample
from course_lib.attention.rollout import attention_per_head, class_map, relevance, rollout
from course_lib.checking.noise import noise
from course_lib.data.scans import Scans, box_masks, scans, scans_log
from course_lib.lessons.lesson_18_what_does_it_look_at import evidence
from course_lib.lessons.lesson_18_what_does_it_look_at.evidence import (
    GRID,
    LESION,
    PATCH,
    ScanCNN,
    ScanViT,
    attention_gradients,
    feature_gradients,
    maps_of,
    recorded_model,
)
from course_lib.lessons.lesson_18_what_does_it_look_at.exercises.rollout import rollout_oracle


@pytest.fixture(scope="module")
def sick():
    made = scans(60, seed=2)
    return Scans(*(part[made.labels == 1] for part in made))


def noisy(make, seed=0):
    torch.manual_seed(seed)
    model = make().double()
    with torch.no_grad():
        for each in model.parameters():
            each.add_(0.1 * torch.randn_like(each))
    return model


def test_rollout_follows_every_path():
    weights = (2 * noise(0, 3, 2, 4, 5, 5)).softmax(-1)
    mixed = 0.5 * weights.mean(2) + 0.5 * torch.eye(5, dtype=torch.float64)
    due = torch.zeros(2, 5, 5, dtype=torch.float64)
    for t, u, v, s in np.ndindex(5, 5, 5, 5):
        due[:, t, s] += mixed[2, :, t, u] * mixed[1, :, u, v] * mixed[0, :, v, s]
    assert torch.allclose(rollout(weights), due, atol=1e-12)
    assert torch.allclose(rollout_oracle(weights), due, atol=1e-12)


def test_of_one_matrix_rollout_is_its_power():
    step = (2 * noise(1, 6, 6)).softmax(-1)
    power = torch.linalg.matrix_power(0.5 * step + 0.5 * torch.eye(6, dtype=torch.float64), 4)
    assert torch.allclose(rollout(step.expand(4, 1, 1, 6, 6))[0], power, atol=1e-12)


def test_heads_agree_with_the_models_own(sick):
    model = noisy(ScanViT)
    block, images = model.vit.blocks[0], sick.images[:3].double()
    with torch.no_grad():
        block.attn.w_q.bias.zero_()
        block.attn.w_k.bias.zero_()
        read = block.norm1(model.vit.embed(evidence._standard(images)))
        mine = attention_per_head(read, block.attn.w_q.weight, block.attn.w_k.weight, 2)
        assert torch.allclose(mine, model.attention_weights(images)[0], atol=1e-12)


def test_the_logits_with_weights_are_the_models(sick):
    model, images = noisy(ScanViT), sick.images[:3].double()
    with torch.no_grad():
        logits, weights = model.with_weights(images)
        assert torch.allclose(logits, model(images), atol=1e-10)
        assert torch.allclose(torch.stack(weights), model.attention_weights(images), atol=1e-10)


def test_gradients_of_attention_are_those_of_finite_differences(sick):
    model, images = noisy(ScanViT), sick.images[:1].double()
    _, gradients = attention_gradients(model, images)
    vit, step = model.vit, 1e-6
    last = vit.blocks[-1]
    with torch.no_grad():
        x = vit.hidden_states(evidence._standard(images))[-2]
        read = last.norm1(x)
        weights, v = last.attn.weights(read, read), last.attn.project(read, read, read)[2]

        def logit(moved):
            y = x + last.attn.w_o((moved @ v).transpose(1, 2).flatten(2))
            y = y + last.ff(last.norm2(y))
            return vit.head(vit.pool(vit.norm(y)))[0, LESION]

        for at in ((0, 0, 0, 7), (0, 1, 0, 31), (0, 1, 3, 5)):
            moved = weights.clone()
            moved[at] += step
            slope = (logit(moved) - logit(weights)) / step
            assert slope.item() == pytest.approx(gradients[-1][at].item(), abs=1e-5)


def test_gradients_are_found_on_frozen_models_too(sick):
    vit, cnn = recorded_model("vit"), recorded_model("cnn")
    assert attention_gradients(vit, sick.images[:2])[1].abs().sum() > 0
    assert feature_gradients(cnn, sick.images[:2])[1].abs().sum() > 0
    assert not any(each.requires_grad for each in [*vit.parameters(), *cnn.parameters()])


def test_grad_cam_of_a_mean_and_a_line_is_its_class_map(sick):
    model, images = noisy(ScanCNN), sick.images[:3].double()
    features, gradients = feature_gradients(model, images)
    line = torch.einsum("c,bchw->bhw", model.head.weight[LESION].detach(), features)
    assert torch.allclose(grad_cam(features, gradients), line.relu() / GRID**2, atol=1e-12)


def test_rollout_does_not_know_the_answer_and_relevance_does(sick):
    vit = recorded_model("vit")
    for answer in (0, 1):
        assert torch.equal(
            maps_of(vit, sick.images[:2], answer)["rollout"],
            maps_of(vit, sick.images[:2])["rollout"],
        )
    ways = [maps_of(vit, sick.images[:2], answer)["gradient × attention"] for answer in (0, 1)]
    assert not torch.allclose(*ways, atol=1e-3)


def test_recorded_models_do_what_the_log_says():
    log, made = scans_log(), scans(1000, seed=2)
    for name in ("vit", "cnn"):
        due = log["results"][name][0]["accuracy"]["no marker"]
        assert evidence.accuracy(recorded_model(name), made) == pytest.approx(due, abs=0.01)
    against = scans(200, seed=3, marker=0.0)
    assert evidence.accuracy(recorded_model("vit_marked"), against) < 0.1


def test_hit_rates_of_the_recorded_vit_are_those_of_the_log():
    made = scans(1000, seed=2)
    found = Scans(*(part[made.labels == 1] for part in made))
    with torch.no_grad():
        weights = recorded_model("vit").attention_weights(found.images)
    inside = box_masks(found.boxes)
    due = scans_log()["results"]["vit"][0]["hits"]
    for name, matrix in (("rollout", rollout(weights)), ("last layer", weights[-1].mean(1))):
        hits = point_hits(upsample(class_map(matrix, GRID, GRID), PATCH), inside)
        assert hits.mean().item() == pytest.approx(due[name], abs=0.03)
    assert base_rate(found.boxes, 28, 28) == pytest.approx(
        scans_log()["baselines"]["base rate"], abs=1e-4
    )


def test_what_the_lesson_says_about_three_trainings():
    results, baselines = scans_log()["results"], scans_log()["baselines"]
    means = {
        name: np.mean([run["hits"][name] for run in results["vit"]])
        for name in results["vit"][0]["hits"]
    }
    assert (round(means["rollout"], 2), round(means["last layer"], 2)) == (0.76, 0.74)
    assert round(means["gradient × attention"], 2) == 0.58
    assert baselines["darkest patch"] > max(means.values())
    first = results["vit"][0]["hits"]["rollout"]
    assert (round(first, 2), round(baselines["darkest patch"], 2)) == (0.78, 0.78)
    second = results["vit_marked"][1]
    assert (round(second["hits"]["rollout"], 2), round(second["marker_hits"]["rollout"], 2)) == (
        0.77,
        0.01,
    )
    assert round(second["accuracy"]["marker against"], 2) == 0.07
    assert all(run["marker_hits"]["occlusion"] == 1 for run in results["vit_marked"])
    assert all(
        areas["black"] >= 0.99
        for kind in ("vit", "cnn")
        for run in results[kind]
        for areas in run["areas"].values()
    )


def test_what_the_lesson_asks_about_the_cheats_corner():
    made = scans(400, seed=3, marker=1.0)
    with torch.no_grad():
        weights = recorded_model("vit_marked").attention_weights(made.images[made.labels == 1][:1])
    held, corner = rollout(weights)[0], GRID
    assert (round(held[0, corner].item(), 2), round(held[corner, 0].item(), 2)) == (0.10, 0.02)


def test_insertion_is_deletion_with_image_and_fill_exchanged():
    image, fill, chosen = noise(0, 8, 12), noise(1, 8, 12), noise(2, 2, 3)

    def score(images):
        return images.square().sum((1, 2)).tanh() + images[:, 0, 0]

    there = deletion_curve(score, image, fill, chosen)[0]
    back = deletion_curve(score, fill, image, -chosen)[0]
    assert torch.allclose(there.flip(0), back, atol=1e-12)


def test_relevance_of_a_layer_without_gradient_is_the_identity():
    weights = (2 * noise(0, 2, 3, 2, 4, 4)).softmax(-1)
    out = relevance(weights, torch.zeros_like(weights))
    assert torch.equal(out, torch.eye(4, dtype=torch.float64).expand(3, 4, 4))


def test_training_learns_something_in_few_steps():
    torch.manual_seed(0)
    model = ScanCNN()
    history = evidence.train_on_scans(model, steps=40, seed=0, count=640)
    assert history.losses[-1] < history.losses[0]


def test_an_unknown_model_is_named():
    with pytest.raises(ValueError, match="recorded are vit, cnn, vit_marked; not 'gpt'"):
        recorded_model("gpt")
