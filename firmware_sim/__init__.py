"""Simulated hardware: drones and greenhouses on their real protocols.

`drone.simulator` flies multirotors that spray or spread over MAVLink; `greenhouse.simulator` serves a greenhouse over
Modbus, serial lines and MQTT. Both step pure, seeded models in simulated time (`core.clock`) and write the true values
to files (`core.truth_file`). `links` has the byte links and their faults, `protocols` the devices of a greenhouse.
"""
