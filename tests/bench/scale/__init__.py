"""Model of many gateways: service times that were measured, queues in between, and what a million gateways need."""
