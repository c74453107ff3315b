"""Simulated hardware: an autopilot and a greenhouse controller that speak their real protocols.

`drone.run_drone` flies multirotors that spray or spread over MAVLink, `greenhouse_server.run_greenhouse` keeps a house
behind Modbus/TCP; both step pure, seeded models in simulated time (`clock`) and write what is really true to files
(`truth`). `scenario` names the fields, `house_scenario` the houses. A vehicle is a `body`, the `autopilot` that flies
it and the crew (`pilot`) that starts it; `ground` is what truly landed; `faults` and `impair` are what goes wrong.
"""
