"""Weights of others in the course's models: how the tests hold the two together."""

import torch
from torch import nn

#: Largest difference allowed in logits and in gradients.
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}


def rows(seed, *shape, dtype):
    """Return noise that gradients flow to."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(shape, generator=generator, dtype=torch.float64)
    return noise.to(dtype).requires_grad_()


def all_gradients(module):
    """Return the gradient of every parameter, tied ones under each of their names."""
    named = module.named_parameters(remove_duplicate=False)
    return {name: p.grad for name, p in named}


def assert_equal_states(ours, due, dtype):
    """Assert that two state dicts hold the same names and numbers."""
    assert ours.keys() == due.keys()
    for name, tensor in ours.items():
        assert tensor is not None and due[name] is not None, name
        assert (tensor - due[name]).abs().max() <= TOLERANCE[dtype], name


def loaded(ours: nn.Module, state, dtype):
    """Return our model with translated weights."""
    ours.to(dtype).load_state_dict(state)
    return ours.eval()
