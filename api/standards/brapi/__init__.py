"""BrAPI v2.1: trials, plots, variables, germplasm and observations for programs of breeders, such as Field Book."""
