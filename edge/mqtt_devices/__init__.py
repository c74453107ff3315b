"""Devices that speak MQTT by themselves to readings: one decoder for each way of other people's firmware."""
