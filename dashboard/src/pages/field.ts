import { make } from "../dom";
import type { Mount } from "../view";
import { word } from "../words";

export const mount: Mount = (place) => {
  place.append(make("p", { class: "empty" }, word("page_not_ready")));
};
