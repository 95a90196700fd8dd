"""Small wrong changes to the lessons' solutions, to see whether the checks notice them."""
