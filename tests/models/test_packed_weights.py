"""Weights in a byte each come back to within half a step of their row."""

import torch

from course_lib.models.packing import pack, unpack


def test_rows_keep_their_own_steps():
    generator = torch.Generator().manual_seed(0)
    sizes = torch.tensor([1e-3, 1.0, 50.0])
    state = {
        "matrix": torch.randn(3, 40, generator=generator) * sizes[:, None],
        "kernel": torch.randn(3, 2, 5, 4, generator=generator) * sizes[:, None, None, None],
        "vector": torch.randn(7, generator=generator),
    }
    packed = pack(state)
    assert packed["matrix"].dtype == packed["kernel"].dtype == torch.int8
    back = unpack(packed)
    assert back.keys() == state.keys()
    for name in ("matrix", "kernel"):
        step = state[name].flatten(1).abs().amax(1) / 127
        worst = (back[name] - state[name]).flatten(1).abs().amax(1)
        assert (worst <= 0.501 * step).all() and (worst > 0.1 * step).all()
    torch.testing.assert_close(back["vector"], state["vector"], atol=1e-3, rtol=1e-3)


def test_a_row_of_zeros_stays():
    assert unpack(pack({"w": torch.zeros(2, 3)}))["w"].equal(torch.zeros(2, 3))
