"""Listening to a broker for a survey."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.subscriber import Subscriber
from edge.survey.survey import BrokerSurvey

_RECEIVE_S: Final = 0.2


def listen(settings: MqttSettings, seconds: float, stop: threading.Event) -> BrokerSurvey:
    """Return what arrives on a topic filter in a time, or until `stop`.

    Raises RetryLater where the broker cannot be reached or is lost, SettingsError for an unusable `ca`.
    """
    survey = BrokerSurvey()
    subscriber = Subscriber(settings, f"headland-listen-{os.getpid()}")
    until_s = time.monotonic() + seconds
    try:
        subscriber.open([settings.topic_filter])
        while not stop.is_set() and time.monotonic() < until_s:
            for message in subscriber.receive(_RECEIVE_S):
                survey.add(message.topic, message.payload, retained=message.retained)
    finally:
        subscriber.close()
    return survey
