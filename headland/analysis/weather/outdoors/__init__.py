"""Uses of the weather to come outdoors: windows for spraying and spreading, frost, heat, disease weather, harvest."""
