"""What several exercises of lesson 13 share."""

B, V, H, T, S, D = 3, 7, 2, 4, 5, 6
