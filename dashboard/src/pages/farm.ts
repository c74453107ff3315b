import { ValueTile } from "../measured";
import { make, setText } from "../dom";
import { nowMs } from "../clock";
import { ageText } from "../instants";
import type { Mount } from "../view";
import { kindName, word } from "../words";

export const mount: Mount = (place, view) => {
  const cards = new Map<string, { element: HTMLElement; draw: () => void }>();
  const list = make("div", { class: "cards" });
  place.append(make("h1", {}, word("page_farm")), list);
  const draw = (): void => {
    for (const device of view.farm.devices.values()) {
      if (cards.has(device.id)) continue;
      const age = make("span", { class: "age" });
      const tiles = make("dl", { class: "tiles" });
      const shown = new Map<string, ValueTile>();
      const element = make("article", { class: "card", "data-device": device.id },
        make("header", {}, make("h2", {}, device.name || device.id), make("p", { class: "about" }, kindName(device.kind)), age), tiles);
      list.append(element);
      cards.set(device.id, {
        element,
        draw: () => {
          const seen = view.farm.devices.get(device.id)?.last_seen_ms ?? null;
          setText(age, seen === null ? word("never") : ageText(nowMs() - seen));
          for (const [channel, value] of Object.entries(view.farm.latest.get(device.id) ?? {})) {
            let tile = shown.get(channel);
            if (!tile) {
              tile = new ValueTile(channel);
              shown.set(channel, tile);
              tiles.append(tile.element);
            }
            tile.show(value, null, device.simulated);
          }
        },
      });
    }
    for (const card of cards.values()) card.draw();
  };
  view.onLeave(view.farm.onChange(draw));
  view.repeat(1000, draw);
};
