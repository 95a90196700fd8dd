"""Right answers to lesson 17, written another way."""

import math
import statistics

import numpy as np
import torch
import torch.nn.functional as F


def standardise_in_a_loop(images, training):
    out = images.clone()
    for c in range(images.shape[1]):
        seen = training[:, c]
        out[:, c] = (out[:, c] - seen.mean()) / (seen - seen.mean()).square().mean().sqrt()
    return out


def standardise_flat(images, training):
    seen = training.transpose(0, 1).flatten(1)
    spread, mean = torch.std_mean(seen, dim=1, correction=0)
    return (images - mean.view(1, -1, 1, 1)) / spread.view(1, -1, 1, 1)


def crop_in_a_loop(images, corners, flips, padding):
    h, w = images.shape[-2:]
    framed, out = F.pad(images, [padding] * 4), []
    for image, (top, left), flip in zip(framed, corners.tolist(), flips.tolist(), strict=True):
        cut = image[:, top : top + h, left : left + w]
        out.append(cut.flip(-1) if flip else cut)
    return torch.stack(out)


def crop_by_unfolding(images, corners, flips, padding):
    h, w = images.shape[-2:]
    windows = F.pad(images, (padding,) * 4).unfold(2, h, 1).unfold(3, w, 1)
    cut = windows[torch.arange(len(images)), :, corners[:, 0], corners[:, 1]]
    return torch.where(flips.view(-1, 1, 1, 1), cut.flip(3), cut)


def mixup_by_scatter(images, labels, share, partners, n_classes):
    targets = images.new_zeros(len(labels), n_classes)
    targets.scatter_add_(1, labels[:, None], images.new_full((len(labels), 1), share))
    targets.scatter_add_(1, labels[partners, None], images.new_full((len(labels), 1), 1 - share))
    return torch.lerp(images[partners], images, share), targets


def mixup_by_eye(images, labels, share, partners, n_classes):
    rows = torch.eye(n_classes, dtype=images.dtype, device=images.device)[labels]
    return [share * x + (1 - share) * x.index_select(0, partners) for x in (images, rows)]


def loss_in_two_parts(logits, targets, smoothing=0.0):
    logs = logits - logits.logsumexp(-1, keepdim=True)
    right, any_class = -(targets * logs).sum(-1), -logs.mean(-1)
    return ((1 - smoothing) * right + smoothing * any_class).mean()


def loss_by_einsum(logits, targets, smoothing=0.0):
    smoothed = torch.lerp(targets, torch.full_like(targets, 1 / targets.shape[1]), smoothing)
    return -torch.einsum("bk,bk->", smoothed, torch.log_softmax(logits, 1)) / len(logits)


def split_in_a_loop(model):
    decayed, others = [], []
    for _, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        (decayed if parameter.dim() > 1 else others).append(parameter)
    return decayed, others


def split_by_shape(model):
    trained = [p for p in model.parameters() if p.requires_grad]
    return tuple([p for p in trained if (len(p.shape) >= 2) == wanted] for wanted in (True, False))


def rates_by_function(epochs, per_epoch, warmup, peak):
    steps, found = epochs * per_epoch, []
    for step in range(steps):
        if step < warmup:
            found.append(peak * (step + 1) / warmup)
        else:
            done = (step - warmup) / (steps - warmup)
            found.append(peak * 0.5 * (1 + math.cos(math.pi * done)))
    return found


def rates_by_array(epochs, per_epoch, warmup, peak):
    steps = np.arange(epochs * per_epoch)
    rise = (steps + 1) / max(warmup, 1)
    fall = 0.5 + 0.5 * np.cos(np.pi * (steps - warmup) / max(len(steps) - warmup, 1))
    return (peak * np.where(steps < warmup, rise, fall)).tolist()


def average_by_lerp(average, weights, decay):
    return [
        old.lerp(new, 1 - decay) if old.dtype.is_floating_point else new.clone()
        for old, new in zip(average, weights, strict=True)
    ]


def average_by_steps(average, weights, decay):
    out = []
    for old, new in zip(average, weights, strict=True):
        if torch.is_floating_point(new):
            out.append(old + (1 - decay) * (new - old))
        else:
            out.append(new)
    return out


@torch.no_grad()
def accuracy_with_a_decorator(model, images, labels, batch):
    was = model.training
    model.eval()
    answers = torch.cat([model(part).argmax(1) for part in images.split(batch)])
    model.train(was)
    return (answers == labels).float().mean().item()


def accuracy_by_index(model, images, labels, batch):
    mode, right = model.training, 0
    model.train(False)
    with torch.inference_mode():
        for start in range(0, len(images), batch):
            found = model(images[start : start + batch]).max(-1).indices
            right += found.eq(labels[start : start + batch]).sum().item()
    if mode:
        model.train()
    return right / len(images)


def share_by_library(seconds, batch, forward, peak, skip):
    return 3 * forward * batch / (statistics.median(seconds[skip:]) * peak)


def share_by_numpy(seconds, batch, forward, peak, skip):
    per_second = batch / np.median(seconds[skip:])
    return per_second * 3 * forward / peak


RIGHT = {
    "standardise": [standardise_in_a_loop, standardise_flat],
    "crop_and_flip": [crop_in_a_loop, crop_by_unfolding],
    "mixup": [mixup_by_scatter, mixup_by_eye],
    "soft_cross_entropy": [loss_in_two_parts, loss_by_einsum],
    "split_for_decay": [split_in_a_loop, split_by_shape],
    "rates": [rates_by_function, rates_by_array],
    "update_average": [average_by_lerp, average_by_steps],
    "accuracy": [accuracy_with_a_decorator, accuracy_by_index],
    "share_of_peak": [share_by_library, share_by_numpy],
}
