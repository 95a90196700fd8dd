"""What `tools/test.py` runs, how, and what it says about it."""
