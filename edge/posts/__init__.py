"""Uplinks that servers of other makers post to the station, read by the decoders and maps of a gateway."""
