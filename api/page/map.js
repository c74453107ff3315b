// A sketch of the last flight: its track, the ground sprayed at its true width, and where the aircraft is. North is up.

import { make } from "/page/dom.js";
import { word } from "/page/words.js";

const EARTH_M = 6_371_000;
const MARGIN = 18;

export class TrackMap {
  #flight = null;
  #heading = null;

  constructor(name) {
    this.canvas = make("canvas", { role: "img", "aria-label": word("mapOf", { name }) });
    const key = (tone, text) => make("span", { class: "key" }, make("span", { class: `key-mark ${tone}` }), word(text));
    this.element = make("figure", { class: "map" }, this.canvas, make("figcaption", {}, key("sprayed", "sprayed"), key("track", "track")));
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  show(flight, heading) {
    this.#flight = flight;
    this.#heading = heading;
    this.#draw();
  }

  #draw() {
    const box = this.canvas.getBoundingClientRect();
    if (box.width === 0) return;
    const dots = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(box.width * dots);
    this.canvas.height = Math.round(box.height * dots);
    const pen = this.canvas.getContext("2d");
    pen.scale(dots, dots);
    pen.clearRect(0, 0, box.width, box.height);
    const path = metresOf(this.#flight?.track);
    if (path.length === 0) return;
    const place = fit(path, box, this.#flight.swathM);
    place.maxGapMs = Math.max(2000, 3 * (this.#flight.track.aggregation?.step_ms ?? 0));
    const tone = (name) => getComputedStyle(this.canvas).getPropertyValue(name).trim();
    pen.lineCap = "butt";
    pen.lineJoin = "round";
    pen.globalAlpha = 0.45;
    stroke(pen, path, place, (point, before) => point.spraying && before.spraying, tone("--sprayed"), Math.max(1.5, this.#flight.swathM * place.scale));
    pen.globalAlpha = 1;
    stroke(pen, path, place, () => true, tone("--track"), 1.2);
    this.#mark(pen, path, place, tone);
    scaleBar(pen, box, place.scale, tone("--muted"));
  }

  #mark(pen, path, place, tone) {
    const last = path.at(-1);
    pen.save();
    pen.translate(place.x(last.east), place.y(last.north));
    pen.rotate(((this.#heading ?? 0) * Math.PI) / 180);
    pen.beginPath();
    pen.moveTo(0, -9);
    pen.lineTo(6, 7);
    pen.lineTo(0, 3.5);
    pen.lineTo(-6, 7);
    pen.closePath();
    pen.fillStyle = tone("--ink");
    pen.strokeStyle = tone("--surface");
    pen.lineWidth = 2;
    pen.stroke();
    pen.fill();
    pen.restore();
  }
}

function metresOf(track) {
  if (!track) return [];
  const { latitude_deg: latitudes, longitude_deg: longitudes, pump_on: pumps } = track.channels;
  const flows = track.channels.flow_l_min ?? track.channels.mass_flow_kg_min;
  const path = [];
  let pump = 0;
  let flow = null;
  track.time_ms.forEach((time, index) => {
    pump = pumps?.[index] ?? pump;
    flow = flows?.[index] ?? flow;
    const latitude = latitudes?.[index] ?? null;
    const longitude = longitudes?.[index] ?? null;
    if (latitude === null || longitude === null) return;
    const first = path[0] ?? { latitude, longitude };
    const shrink = Math.cos((first.latitude * Math.PI) / 180);
    path.push({
      time, latitude, longitude,
      east: (((longitude - first.longitude) * Math.PI) / 180) * EARTH_M * shrink,
      north: (((latitude - first.latitude) * Math.PI) / 180) * EARTH_M,
      spraying: pump > 0.5 && (flow === null || flow > 0.05),
    });
  });
  return path;
}

function fit(path, box, swathM) {
  const east = path.map((point) => point.east);
  const north = path.map((point) => point.north);
  const [west, right] = [Math.min(...east), Math.max(...east)];
  const [south, top] = [Math.min(...north), Math.max(...north)];
  const width = Math.max(right - west + swathM, 20);
  const height = Math.max(top - south + swathM, 20);
  const scale = Math.min((box.width - 2 * MARGIN) / width, (box.height - 2 * MARGIN) / height);
  return {
    scale,
    x: (value) => box.width / 2 + (value - (west + right) / 2) * scale,
    y: (value) => box.height / 2 - (value - (south + top) / 2) * scale,
  };
}

function stroke(pen, path, place, wanted, colour, width) {
  pen.beginPath();
  for (let index = 1; index < path.length; index += 1) {
    const [before, point] = [path[index - 1], path[index]];
    if (point.time - before.time > place.maxGapMs || !wanted(point, before)) continue;
    const joined = index > 1 && wanted(before, path[index - 2]) && before.time - path[index - 2].time <= place.maxGapMs;
    if (!joined) pen.moveTo(place.x(before.east), place.y(before.north));
    pen.lineTo(place.x(point.east), place.y(point.north));
  }
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

function scaleBar(pen, box, scale, colour) {
  const metres = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].find((length) => length * scale >= 50) ?? 10_000;
  const [x, y] = [12, box.height - 12];
  pen.strokeStyle = colour;
  pen.fillStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.moveTo(x, y - 4);
  pen.lineTo(x, y);
  pen.lineTo(x + metres * scale, y);
  pen.lineTo(x + metres * scale, y - 4);
  pen.stroke();
  pen.font = "11px system-ui, sans-serif";
  pen.fillText(`${metres} m`, x + 5, y - 6);
}
