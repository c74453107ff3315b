"""Bridge to Home Assistant over MQTT."""

from typing import Final

#: Environment variable with the discovery prefix of Home Assistant; set, the station publishes to it.
HOME_PREFIX: Final = "HEADLAND_HOME_ASSISTANT"
