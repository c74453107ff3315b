"""OGC SensorThings 1.1, for reading: the farm as Things, Datastreams and Observations, as GIS programs ask for it."""
