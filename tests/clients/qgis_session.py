"""Reads a farm with QGIS without a window, and prints what it found as JSON: run by the Python that QGIS is built for.

    /usr/bin/python3 qgis_session.py URL KEY PICTURE.png

It imports nothing of Headland: what a user's QGIS sees is all that it knows.
"""

import functools
import json
import os
import sys
import tempfile
import time
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["QGIS_AUTH_DB_DIR_PATH"] = os.environ["QGIS_CUSTOM_CONFIG_PATH"] = tempfile.mkdtemp()

from qgis.core import (
    QgsApplication,
    QgsAuthMethodConfig,
    QgsDataSourceUri,
    QgsFillSymbol,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProperty,
    QgsSymbolLayer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

CELLS_PX = 1000


def sensor_layer(url: str, key: str, entity: str, page: int) -> QgsVectorLayer:
    """Return a layer of a kind of SensorThings entities."""
    uri = uri_of(f"{url}/sta/v1.1", key)
    uri.setParam("entity", entity)
    uri.setParam("pageSize", str(page))
    return valid(QgsVectorLayer(uri.uri(False), entity, "sensorthings"))


def map_layer(url: str, key: str, collection: str) -> QgsVectorLayer:
    """Return a layer of OGC API Features."""
    uri = uri_of(f"{url}/ogc", key)
    uri.setParam("typename", collection)
    return valid(QgsVectorLayer(uri.uri(False), collection, "OAPIF"))


def uri_of(url: str, key: str) -> QgsDataSourceUri:
    """Return the address of a service, with the key as QGIS sends it."""
    uri = QgsDataSourceUri()
    uri.setParam("url", url)
    uri.setAuthConfigId(kept_key(key))
    return uri


@functools.cache
def kept_key(key: str) -> str:
    """Return the id of the key in QGIS's own store, as "API header" of a connection keeps it."""
    keeper = QgsApplication.authManager()
    keeper.setMasterPassword("only for this session", True)
    config = QgsAuthMethodConfig("APIHeader")
    config.setName("farm")
    config.setConfig("Authorization", f"Bearer {key}")
    if not keeper.storeAuthenticationConfig(config)[0]:
        sys.exit("QGIS keeps no key")
    return str(config.id())


def valid(layer: QgsVectorLayer) -> QgsVectorLayer:
    """Return the layer; end with QGIS's own words where it is not valid."""
    if not layer.isValid():
        sys.exit(f"{layer.name()}: {layer.error().summary()}")
    return layer


def render(layer: QgsVectorLayer, path: str) -> None:
    """Draw the cells, each in the red of its rate, on white."""
    symbol = QgsFillSymbol.createSimple({"outline_style": "no", "color": "0,0,0"})
    red = 'color_rgb(min(255, round("rate_kg_ha")), 0, 0)'
    symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.PropertyFillColor, QgsProperty.fromExpression(red))
    layer.renderer().setSymbol(symbol)
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setOutputSize(QSize(CELLS_PX, CELLS_PX // 5))
    settings.setBackgroundColor(QColor(255, 255, 255))
    settings.setExtent(layer.extent())
    settings.setFlag(QgsMapSettings.Antialiasing, False)
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)


def main() -> None:
    """Read things, datastreams, observations and cells, and draw the cells."""
    url, key, picture = sys.argv[1:]
    application = QgsApplication([], False)
    application.initQgis()
    found: dict[str, Any] = {}
    for entity in ("Thing", "Datastream"):
        layer = sensor_layer(url, key, entity, 200)
        found[entity] = sorted(str(feature["name"]) for feature in layer.getFeatures())
    observations = list(sensor_layer(url, key, "Observation", 50).getFeatures())
    found["observations"] = len(observations)
    found["different"] = len({str(feature["id"]) for feature in observations})
    found["flags"] = sorted({json.dumps(feature["resultQuality"]) for feature in observations})
    started_s = time.monotonic()
    layer = map_layer(url, key, "as-applied")
    cells = list(layer.getFeatures())
    found["cells_s"] = time.monotonic() - started_s
    found["cells"] = len({feature["id"] for feature in cells})
    found["types"] = {field.name(): field.typeName() for field in layer.fields()}
    amounts = [feature["amount_kg"] for feature in cells]
    found["kg"] = sum(amounts)
    extent = layer.extent()
    found["extent"] = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
    render(layer, picture)
    print(json.dumps(found))
    sys.stdout.flush()
    os._exit(0)  # QGIS tears down what Python still holds


main()
