"""Operations: metrics, readiness, and the ports to the services beside the API."""
