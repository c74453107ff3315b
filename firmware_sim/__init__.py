"""Simulated hardware: an autopilot and a greenhouse controller that speak their real protocols.

`drone.run_drone` flies a spraying multirotor over MAVLink, `greenhouse_server.run_greenhouse` keeps a house behind
Modbus/TCP; both step pure, seeded models in simulated time (`clock`) and write what is really true to files (`truth`).
`scenario` names the fields and houses, `impair` makes bad links for tests.
"""
