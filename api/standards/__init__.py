"""Interfaces that other people have defined: BrAPI, OGC API - Features and SensorThings."""
