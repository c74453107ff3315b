"""Modbus behind DTUs: modems that connect out to the gateway and name themselves."""
