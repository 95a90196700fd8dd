"""What several exercises of lesson 01 share."""

import torch

B, H, T, S, D = 2, 3, 5, 7, 11
#: Two points on the line y = 2 x.
LINE = torch.tensor([[1.0], [3]]), torch.tensor([2.0, 6])
