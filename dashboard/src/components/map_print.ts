// Picture of a map for paper: what WebGL draws is gone once it is displayed, and prints blank.

import type { Map as MapLibreMap } from "maplibre-gl";

/** Width of an A4 page between its margins, in CSS pixels of a page that prints at seven tenths. */
const PAPER_PX = 960;

/** Put a picture in the map's place while the page is printed, marks included; return what ends that. */
export function printAsPicture(map: MapLibreMap): () => void {
  let picture: HTMLCanvasElement | null = null;
  const remove = (): void => {
    picture?.remove();
    picture = null;
  };
  const take = (): void => {
    remove();
    const drawn = map.getCanvas();
    const place = map.getCanvasContainer();
    picture = document.createElement("canvas");
    picture.className = "map-picture";
    picture.width = drawn.width;
    picture.height = drawn.height;
    picture.style.width = `${drawn.clientWidth}px`;
    picture.style.height = `${drawn.clientHeight}px`;
    // Drawn and copied within one task: the buffer is cleared after it.
    map.redraw();
    picture.getContext("2d")?.drawImage(drawn, 0, 0);
    place.prepend(picture);
    // Marks lie at pixels of the screen: picture and marks shrink together to the paper.
    const scale = Math.min(1, PAPER_PX / Math.max(drawn.clientWidth, 1));
    place.style.setProperty("--print-scale", String(scale));
    map.getContainer().style.setProperty("--print-height", `${Math.ceil(drawn.clientHeight * scale)}px`);
  };
  addEventListener("beforeprint", take);
  addEventListener("afterprint", remove);
  return () => {
    removeEventListener("beforeprint", take);
    removeEventListener("afterprint", remove);
    remove();
  };
}
