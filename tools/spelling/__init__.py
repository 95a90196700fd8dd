"""Write code another way: the same results by other means."""
