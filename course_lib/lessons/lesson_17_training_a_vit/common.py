"""What several exercises of lesson 17 share."""

PICTURES = "course_lib.training.augment"
