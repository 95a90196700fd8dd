"""What mistakes in several exercises of lesson 02 share."""

import numpy as np

norm = np.linalg.norm
