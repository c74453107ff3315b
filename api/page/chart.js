// A small line chart: one quantity over ten minutes. The line breaks where values are missing.

import { make, makeSvg, setText } from "/page/dom.js";
import { channelName, clockText, digitsOf, numberText, unitText, word } from "/page/words.js";
import { CHART_WINDOW_MS } from "/page/farm.js";

const WIDTH = 320;
const HEIGHT = 72;
const PAD = 4;

export class Chart {
  #channel;
  #tone;
  #points = [];
  #unit = "";
  #endMs = 0;

  constructor(channel, tone) {
    this.#channel = channel;
    this.#tone = tone;
    this.title = make("span", { class: "chart-name" }, channelName(channel));
    this.said = make("output", { class: "chart-said" });
    this.line = makeSvg("path", { class: `chart-line ${tone}` });
    this.area = makeSvg("path", { class: `chart-area ${tone}` });
    this.cursor = makeSvg("line", { class: "chart-cursor", y1: 0, y2: HEIGHT, visibility: "hidden" });
    this.svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, this.area, this.line, this.cursor);
    this.high = make("span");
    this.low = make("span");
    this.from = make("span");
    this.until = make("span");
    this.element = make("figure", { class: "chart" },
      make("figcaption", {}, this.title, this.said),
      make("div", { class: "chart-body" }, make("div", { class: "chart-scale", "aria-hidden": "true" }, this.high, this.low), this.svg),
      make("div", { class: "chart-time", "aria-hidden": "true" }, this.from, this.until));
    this.svg.addEventListener("pointermove", (event) => this.#point(event));
    this.svg.addEventListener("pointerleave", () => this.#leave());
  }

  draw(series) {
    const values = series?.channels[this.#channel] ?? [];
    const times = series?.time_ms ?? [];
    this.#unit = series?.units[this.#channel] ?? "";
    this.#endMs = series?.end_ms ?? 0;
    this.#points = times.map((time, index) => [time, values[index]]).filter((point) => point[1] !== null && point[1] !== undefined);
    this.element.hidden = series !== undefined && series !== null && !(this.#channel in series.channels);
    if (this.#points.length === 0) {
      this.svg.setAttribute("aria-label", `${channelName(this.#channel)}: ${word("noChart")}`);
      this.line.setAttribute("d", "");
      this.area.setAttribute("d", "");
      setText(this.said, word("noChart"));
      return;
    }
    const numbers = this.#points.map((point) => point[1]);
    const [low, high] = spread(Math.min(...numbers), Math.max(...numbers), this.#unit);
    const digits = Math.min(digitsOf(this.#channel, this.#unit), high - low >= 20 ? 0 : 2);
    setText(this.high, numberText(high, digits));
    setText(this.low, numberText(low, digits));
    setText(this.from, clockText(this.#endMs - CHART_WINDOW_MS));
    setText(this.until, clockText(this.#endMs));
    this.#trace(low, high);
    this.svg.setAttribute("aria-label", word("chartText", {
      name: channelName(this.#channel), low: this.#say(Math.min(...numbers)), high: this.#say(Math.max(...numbers)), now: this.#say(numbers.at(-1)),
    }));
    if (this.cursor.getAttribute("visibility") === "hidden") setText(this.said, this.#say(numbers.at(-1)));
  }

  #trace(low, high) {
    const gaps = this.#points.slice(1).map((point, index) => point[0] - this.#points[index][0]).sort((a, b) => a - b);
    const longest = Math.max(3 * (gaps[Math.floor(gaps.length / 2)] ?? 0), 3000);
    const y = (value) => HEIGHT - PAD - ((value - low) / (high - low)) * (HEIGHT - 2 * PAD);
    let line = "";
    let area = "";
    let before = null;
    for (const point of this.#points) {
      const at = `${this.#x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`;
      const joined = before !== null && point[0] - before[0] <= longest;
      if (!joined && before !== null) area += `L${this.#x(before[0]).toFixed(1)} ${HEIGHT}Z`;
      line += `${joined ? "L" : "M"}${at}`;
      area += joined ? `L${at}` : `M${this.#x(point[0]).toFixed(1)} ${HEIGHT}L${at}`;
      before = point;
    }
    this.line.setAttribute("d", line);
    this.area.setAttribute("d", `${area}L${this.#x(before[0]).toFixed(1)} ${HEIGHT}Z`);
  }

  #x(timeMs) {
    return ((timeMs - this.#endMs + CHART_WINDOW_MS) / CHART_WINDOW_MS) * WIDTH;
  }

  #say(value) {
    return `${numberText(value, digitsOf(this.#channel, this.#unit))} ${unitText(this.#unit)}`.trim();
  }

  #point(event) {
    if (this.#points.length === 0) return;
    const box = this.svg.getBoundingClientRect();
    const wanted = this.#endMs - CHART_WINDOW_MS + ((event.clientX - box.left) / box.width) * CHART_WINDOW_MS;
    const nearest = this.#points.reduce((best, point) => (Math.abs(point[0] - wanted) < Math.abs(best[0] - wanted) ? point : best));
    const x = this.#x(nearest[0]);
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    this.cursor.setAttribute("visibility", "visible");
    const time = new Date(nearest[0]).toLocaleTimeString(document.documentElement.lang);
    setText(this.said, `${time} · ${this.#say(nearest[1])}`);
  }

  #leave() {
    this.cursor.setAttribute("visibility", "hidden");
    if (this.#points.length) setText(this.said, this.#say(this.#points.at(-1)[1]));
  }
}

// A scale that does not blow noise up to the full height, and keeps flows and speeds on the ground.
function spread(low, high, unit) {
  const least = { degC: 2, "%": 5, ppm: 50, "m/s": 2, "L/min": 1 }[unit] ?? Math.max(Math.abs(high) * 0.05, 0.1);
  if (unit === "m/s" || unit === "L/min") return [0, Math.max(high * 1.1, least)];
  const missing = Math.max(0, least - (high - low)) / 2;
  const room = (high - low + 2 * missing) * 0.1;
  return [low - missing - room, high + missing + room];
}
