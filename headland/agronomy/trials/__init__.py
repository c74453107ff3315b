"""Field trials: designs, analyses with intervals, and the response to nitrogen."""
