"""What several exercises of lesson 17 share."""

import torch

PICTURES = "course_lib.training.augment"


DOUBLE = torch.float64
