"""Listening to a broker for a survey."""

from __future__ import annotations

import os
import threading
import time
from typing import Final

from edge.sources.mqtt.settings import MqttSettings
from edge.sources.mqtt.sparkplug import SparkplugDecoder
from edge.sources.mqtt.subscriber import Subscriber
from edge.survey.survey import BrokerSurvey
from headland.clock import wall_clock_ms

_RECEIVE_S: Final = 0.2


def listen(settings: MqttSettings, seconds: float, stop: threading.Event) -> BrokerSurvey:
    """Return what arrives on a topic filter in a time, or until `stop`.

    A node of Sparkplug B says what its numbers are in its births alone: where they were missed, it is asked for them.

    Raises RetryLater where the broker cannot be reached or is lost, SettingsError for an unusable `ca`.
    """
    survey = BrokerSurvey()
    subscriber = Subscriber(settings, f"headland-listen-{os.getpid()}")
    nodes = SparkplugDecoder("spBv1.0/#")
    until_s = time.monotonic() + seconds
    try:
        subscriber.open([settings.topic_filter])
        while not stop.is_set() and time.monotonic() < until_s:
            for message in subscriber.receive(_RECEIVE_S):
                survey.add(message.topic, message.payload, retained=message.retained)
                if message.topic.startswith("spBv1.0/") and not message.retained:
                    nodes.decode(message.topic, message.payload, 0)
            for topic, payload in nodes.take_requests(wall_clock_ms()):
                subscriber.publish(topic, payload)
    finally:
        subscriber.close()
    return survey
