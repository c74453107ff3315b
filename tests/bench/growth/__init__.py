"""Growth curves: what grows, what is measured at each size, how the measure grows with it, and a picture of it."""
