"""Models built from the course's mechanisms, one file each."""
