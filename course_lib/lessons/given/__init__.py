"""What exercises are given besides numbers, such as planted faults, and signs of a mistake."""
