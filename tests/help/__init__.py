"""Help by clicking: the farm on which it is shown, its pictures, and the walks that prove it."""
