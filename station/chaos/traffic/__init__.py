"""Traffic of a test: numbered values, hostile messages, fleets of gateways."""
