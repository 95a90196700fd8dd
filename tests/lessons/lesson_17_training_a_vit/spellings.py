"""Mistakes in lesson 17, spelt otherwise, and near ones that no list holds."""

import math
from statistics import mean, median, median_high

import numpy as np
import torch
import torch.nn.functional as F


def by_channel(centre, spread, of="training"):
    def answer(images, training):
        out = torch.empty_like(images)
        for c in range(images.shape[1]):
            seen = (training if of == "training" else images)[:, c]
            out[:, c] = (images[:, c] - centre(seen)) / spread(seen)
        return out

    return answer


def wide(seen):
    return ((seen - seen.mean()) ** 2).mean().sqrt()


def all_channels(images, training):
    return (images - training.sum() / training.numel()) / wide(training)


def again(images, training):
    once = by_channel(torch.mean, wide)
    return once(once(images, training), training)


def windows(
    corner=lambda c: c, mirrored=lambda flips: flips, before=False, axis=-1, fill="constant"
):
    def answer(images, corners, flips, padding):
        h, w = images.shape[2:]
        flips, corners = mirrored(flips), corner(corners)
        out = []
        for image, (top, left), flip in zip(images, corners.tolist(), flips.tolist(), strict=True):
            image = image.flip(axis) if before and flip else image
            framed = F.pad(image[None], [padding] * 4, mode=fill)[0]
            cut = framed[:, top : top + h, left : left + w]
            out.append(cut.flip(axis) if flip and not before else cut)
        return torch.stack(out)

    return answer


def mixed_pixels(images, share, partners):
    return torch.stack(
        [share * a + (1 - share) * images[p] for a, p in zip(images, partners, strict=False)]
    )


def mixup(own=None, partner=None, pixels=mixed_pixels, add=True):
    def answer(images, labels, share, partners, n_classes):
        targets = images.new_zeros(len(images), n_classes)
        for i, p in enumerate(partners.tolist()):
            targets[i, labels[i]] += share if own is None else own(share)
            more = 1 - share if partner is None else partner(share)
            targets[i, labels[p]] = more + (targets[i, labels[p]] if add else 0)
        return pixels(images, share, partners), targets

    return answer


def other_pixels(images, share, partners):
    return images[partners] + (1 - share) * (images - images[partners])


def next_one(images, labels, share, partners, n_classes):
    return mixup()(images, labels, share, torch.arange(len(images)).roll(1), n_classes)


def targets_first(images, labels, share, partners, n_classes):
    return mixup()(images, labels, share, partners, n_classes)[::-1]


def loss(smooth=lambda t, e, k: t * (1 - e) + e / k, logs=None, out=lambda x: x.sum() / len(x)):
    def answer(logits, targets, smoothing=0.0):
        log_p = logits - logits.logsumexp(1, keepdim=True) if logs is None else logs(logits)
        return out(-(smooth(targets, smoothing, targets.size(1)) * log_p))

    return answer


def split(decays, trained=True):
    def answer(model):
        yes, no = [], []
        for name, p in model.named_parameters():
            if p.requires_grad or not trained:
                (yes if decays(name, p) else no).append(p)
        return yes, no

    return answer


def frozen_among_the_others(model):
    free = [p for p in model.parameters() if p.requires_grad and len(p.shape) > 1]
    ids = set(map(id, free))
    return free, [p for p in model.parameters() if id(p) not in ids]


def sorted_by_name(model):
    named = sorted((n, p) for n, p in model.named_parameters() if p.requires_grad)
    return [p for _, p in named if p.ndim > 1], [p for _, p in named if p.ndim < 2]


def rates(
    rise=lambda t, w: (t + 1) / w, fall=lambda d: 0.5 + 0.5 * math.cos(d * math.pi), start=1, by=1
):
    def answer(epochs, per_epoch, warmup, peak):
        n, out = epochs * per_epoch, []
        for epoch in range(epochs):
            for step in range(per_epoch):
                t = epoch * per_epoch + (step if by else 0)
                done = (t - warmup * start) / (n - warmup * start)
                out.append(peak * (rise(t, warmup) if t < warmup else fall(done)))
        return out

    return answer


def ends_at_zero(epochs, per_epoch, warmup, peak):
    n = epochs * per_epoch
    up = [peak * (t + 1) / warmup for t in range(warmup)]
    return up + [
        peak * (1 + math.cos(math.pi * t / max(n - warmup - 1, 1))) / 2 for t in range(n - warmup)
    ]


def squared(epochs, per_epoch, warmup, peak):
    return rates(rise=lambda t, w: ((t + 1) / w) ** 2)(epochs, per_epoch, warmup, peak)


def average(new_share=lambda d: 1 - d, old_share=lambda d: d, count=lambda old, new: new.clone()):
    def answer(average, weights, decay):
        out = []
        for i in range(len(weights)):
            old, new = average[i], weights[i]
            if new.dtype.is_floating_point:
                out.append(old.mul(old_share(decay)).add(new.mul(new_share(decay))))
            else:
                out.append(count(old, new))
        return out

    return answer


def floats_of_counts(average_, weights, decay):
    return average(count=lambda old, new: new.double())(average_, weights, decay)


def all_alike(average_, weights, decay):
    return [
        torch.add(old * decay, new * (1 - decay))
        for old, new in zip(average_, weights, strict=False)
    ]


def by_type(average_, weights, decay):
    out = []
    for old, new in zip(average_, weights, strict=True):
        mixed = old * decay + new * (1 - decay)
        out.append(mixed if isinstance(new, torch.FloatTensor) else new)
    return out


def judge(share, mode="back", gradients=False, size=None, evaluate=True):
    def answer(model, images, labels, batch):
        before, hits = model.training, []
        if evaluate:
            model.train(False)
        with torch.inference_mode(not gradients):
            for at in range(0, len(images), size or batch):
                out = model(images[at : at + (size or batch)])
                hits.append((out.max(1).indices == labels[at : at + (size or batch)]).tolist())
        if mode == "back":
            model.train(before)
        elif mode == "top":
            model.training = before
        elif mode == "train":
            model.train()
        return share(hits)

    return answer


def flat(hits):
    return sum(sum(some) for some in hits) / sum(map(len, hits))


def by_full_batches(model, images, labels, batch):
    found = judge(lambda hits: sum(sum(some) for some in hits))(model, images, labels, batch)
    return found / (batch * math.ceil(len(images) / batch))


def errors(model, images, labels, batch):
    return 1 - judge(flat)(model, images, labels, batch)


def as_a_tensor(model, images, labels, batch):
    return torch.tensor(judge(flat)(model, images, labels, batch))


def peak_share(middle=median, times=3, kept=lambda seconds, skip: seconds[skip:]):
    def answer(seconds, batch, forward, peak, skip):
        rate = batch / middle(kept(list(seconds), skip))
        return times * rate * forward / peak

    return answer


SPELT = {
    "standardise": {
        "own_statistics": [by_channel(torch.mean, wide, of="images")],
        "sample_spread": [by_channel(torch.mean, torch.std)],
        "one_for_all_channels": [all_channels],
        "by_variance": [by_channel(torch.mean, lambda seen: wide(seen) ** 2)],
        "normalised_twice": [again],
    },
    "crop_and_flip": {
        "never_mirrors": [windows(mirrored=torch.zeros_like)],
        "mirrors_first": [windows(before=True)],
        "upside_down": [windows(axis=-2)],
        "row_and_column_swapped": [windows(corner=lambda c: c[:, [1, 0]])],
        "mirrors_the_others": [windows(mirrored=torch.logical_not)],
    },
    "mixup": {
        "labels_not_mixed": [mixup(lambda s: 1, lambda s: 0)],
        "labels_swapped": [mixup(lambda s: 1 - s, lambda s: s)],
        "images_not_mixed": [mixup(pixels=lambda x, s, p: x.clone())],
        "shares_swapped": [mixup(lambda s: 1 - s, lambda s: s, other_pixels)],
        "shares_overwritten": [mixup(add=False)],
    },
    "soft_cross_entropy": {
        "summed": [loss(out=torch.sum)],
        "mean_of_everything": [loss(out=torch.mean)],
        "not_smoothed": [loss(lambda t, e, k: t)],
        "nothing_taken_away": [loss(lambda t, e, k: t + e / k)],
        "sign": [loss(out=lambda x: -x.sum(1).mean())],
        "log_of_softmax": [loss(logs=lambda z: torch.log(torch.softmax(z, 1)))],
    },
    "split_for_decay": {
        "decay_on_vectors": [split(lambda name, p: "bias" not in name.split("."))],
        "decay_on_norms": [split(lambda name, p: name.split(".")[-1] == "weight")],
        "frozen_too": [split(lambda name, p: p.dim() > 1, trained=False), frozen_among_the_others],
        "groups_swapped": [split(lambda name, p: p.dim() <= 1)],
        "exactly_two_axes": [split(lambda name, p: len(p.size()) == 2)],
    },
    "rates": {
        "ends_at_zero": [ends_at_zero],
        "from_zero": [rates(rise=lambda t, w: t / w)],
        "per_epoch": [rates(by=0)],
        "jumps": [rates(start=0)],
        "straight_line": [rates(fall=lambda d: 1 - d)],
        "not_halved": [rates(fall=lambda d: 1 + math.cos(math.pi * d))],
    },
    "update_average": {
        "shares_swapped": [average(lambda d: d, lambda d: 1 - d)],
        "counts_averaged": [all_alike],
        "counts_kept": [average(count=lambda old, new: old)],
        "not_a_mean": [average(lambda d: 1)],
        "float32_alone": [by_type],
    },
    "accuracy": {
        "eval_forgotten": [judge(flat, evaluate=False)],
        "left_in_eval": [judge(flat, mode="stays")],
        "parts_left_in_eval": [judge(flat, mode="top")],
        "gradients_recorded": [judge(flat, gradients=True)],
        "mean_of_batches": [judge(lambda hits: mean(map(mean, hits)))],
        "all_at_once": [judge(flat, size=10**6)],
    },
    "share_of_peak": {
        "forward_alone": [peak_share(times=1)],
        "mean_for_median": [peak_share(np.mean)],
        "first_steps_too": [peak_share(kept=lambda seconds, skip: seconds)],
        "lower_median": [peak_share(lambda kept: torch.tensor(kept).double().median().item())],
    },
}

NEAR = {
    "standardise": [
        by_channel(torch.median, wide),
        by_channel(torch.mean, lambda seen: (seen - seen.mean()).abs().mean()),
    ],
    "crop_and_flip": [
        windows(fill="replicate"),
        windows(corner=lambda c: (c - 1).clamp(min=0)),
    ],
    "mixup": [next_one, targets_first],
    "soft_cross_entropy": [
        loss(lambda t, e, k: t * (1 - e) + e / (k - 1)),
        loss(out=lambda x: x.sum() / x.shape[1]),
    ],
    "split_for_decay": [split(lambda name, p: p.dim() > 1 and p.numel() > 8), sorted_by_name],
    "rates": [squared, rates(fall=lambda d: 1 - d**2)],
    "update_average": [
        floats_of_counts,
        average(lambda d: 1 - d**2, lambda d: d**2),
        average(count=lambda old, new: old + new),
    ],
    "accuracy": [by_full_batches, errors, as_a_tensor],
    "share_of_peak": [
        peak_share(median_high),
        peak_share(kept=lambda seconds, skip: seconds[: len(seconds) - skip]),
    ],
}
