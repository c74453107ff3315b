"""Legends of the maps of a page, compared with what the maps draw: each mark is explained, and nothing else."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

from tests.waiting import wait_until

#: Keeps each map that a page makes, by the event that says it is there.
KEEP: Final = 'addEventListener("map", ({ detail }) => (window.shownMaps ??= []).push(detail));'
#: Colours of these are between those of their legend.
_RAMPS: Final = ("planned", "applied")

#: Returns for each map what it draws and what its legend says: by layer the colours as the browser writes them.
_COMPARE: Final = """() => {
  const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const hex = (colour) => { ink.fillStyle = "#000"; ink.fillStyle = String(colour); return ink.fillStyle; };
  const isShown = (place) => place.isConnected && place.clientWidth > 0;
  return (window.shownMaps ?? []).filter((map) => isShown(map.getContainer())).map((map) => {
    const place = map.getContainer().closest(".map");
    const drawn = {};
    const add = (id, colour) => (drawn[id] ??= new Set()).add(colour);
    for (const { id, type, source } of map.getStyle().layers) {
      if (type === "background" || map.getLayoutProperty(id, "visibility") === "none") continue;
      if (type === "raster") {
        const canvas = map.getSource(source).getCanvas?.();
        if (!canvas) continue;
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const context = copy.getContext("2d", { willReadFrequently: true });
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, copy.width, copy.height);
        for (let at = 0; at < data.length; at += 4)
          if (data[at + 3] > 0) add(id.replace(/-\\d+$/, ""), hex(`rgb(${data[at]},${data[at + 1]},${data[at + 2]})`));
        continue;
      }
      for (const { layer } of map.queryRenderedFeatures({ layers: [id] })) {
        const { paint } = layer;
        const clear = type === "circle" && paint["circle-color"].a === 0;
        const width = paint["line-width"];
        if (type === "line" && typeof width === "number" && width === 0) continue;
        add(id, hex(paint[clear ? "circle-stroke-color" : `${type}-color`]));
      }
    }
    const words = ".field-mark, .place-name, .maplibregl-user-location-dot, .maplibregl-user-location-accuracy-circle";
    for (const mark of place.querySelectorAll(".maplibregl-marker"))
      if (!mark.matches(words) && getComputedStyle(mark).display !== "none") add("marks", "");
    const told = {};
    for (const item of place.querySelectorAll(".legend li"))
      for (const id of item.dataset.of.split(" ")) {
        const keys = [...item.querySelectorAll(".key")].map(({ dataset }) => dataset);
        const colours = keys.flatMap(({ colour, edge }) => [colour, edge ?? colour]).map(hex);
        (told[id] ??= []).push(...(id === "marks" ? [""] : colours));
      }
    const lists = (sets) => Object.fromEntries(Object.entries(sets).map(([id, of]) => [id, [...new Set(of)].sort()]));
    return {
      state: place.querySelector(".map-view").dataset.state,
      layer: document.querySelector("[name=layer]:checked")?.value ?? "",
      drawn: lists(drawn),
      told: lists(told),
      texts: [...place.querySelectorAll(".legend li")].map(({ textContent }) => textContent),
    };
  });
}"""


def faults_of(found: dict[str, Any]) -> list[str]:
    """Return what is drawn and not told, and told and not drawn, on one map."""
    drawn, told = found["drawn"], found["told"]
    is_ramp = found["layer"] in _RAMPS
    faults = [f"{layer} has no entry" for layer in drawn.keys() - told.keys()]
    faults += [f"{layer} has an entry and is not drawn" for layer in told.keys() - drawn.keys()]
    for layer in drawn.keys() & told.keys():
        if is_ramp and layer in ("cells", "zones-fill"):
            continue
        faults += [f"{layer}: {colour} has no entry" for colour in set(drawn[layer]) - set(told[layer])]
        of_layer = set(told[layer])
        # An entry of an area and its edge has both colours: each is that of one of its layers.
        everything = {colour for colours in drawn.values() for colour in colours}
        faults += [f"{layer}: {colour} is told and not drawn" for colour in of_layer - everything]
    return faults


def check_legends(page: Page, maps: int = 1) -> list[list[str]]:
    """Assert that each of `maps` on the page explains all it draws, and nothing else; return the texts of each."""
    seen: list[dict[str, Any]] = []

    def agree() -> bool:
        seen[:] = page.evaluate(_COMPARE)
        return (
            len(seen) == maps
            and all(found["state"] == "idle" and found["texts"] for found in seen)
            and not any(faults_of(found) for found in seen)
        )

    try:
        wait_until(agree, every_s=0.3)
    except AssertionError:
        raise AssertionError([(faults_of(found), found["state"], found["texts"]) for found in seen]) from None
    return [found["texts"] for found in seen]
