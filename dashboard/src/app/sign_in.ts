// The form for a key. The key goes to the station and is not kept here.

import { AskError, sentenceOf } from "../api/request";
import { signIn } from "../api/session";
import { make, setText } from "../components/dom";
import { word } from "../i18n/translate";

export function signInForm(onSignedIn: () => void): HTMLElement {
  const input = make("input", { id: "key", name: "key", type: "password", autocomplete: "current-password", spellcheck: "false", required: true });
  const trouble = make("p", { class: "trouble", role: "alert", hidden: true });
  const button = make("button", { type: "submit", class: "primary" }, word("sign_in"));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    trouble.hidden = true;
    try {
      await signIn(input.value.trim());
      onSignedIn();
    } catch (error) {
      const wrong = error instanceof AskError && [400, 401, 403, 422].includes(error.status);
      setText(trouble, wrong ? word("sign_in_wrong") : (sentenceOf(error) ?? ""));
      trouble.hidden = false;
      input.select();
    } finally {
      button.disabled = false;
    }
  };
  return make("main", { id: "main", class: "sign-in" },
    make("form", { class: "card sign-in-form", onsubmit: (event: Event) => void submit(event) },
      make("h1", {}, make("img", { src: "/dashboard/headland.svg", alt: "", width: 28, height: 28 }), " Headland"),
      make("p", {}, word("sign_in_hint")),
      make("label", { for: "key" }, word("sign_in_key")), input, trouble, button));
}
