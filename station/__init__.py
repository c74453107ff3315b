"""The roof: the headland command, the farm on one machine, and what wires concrete parts together."""
