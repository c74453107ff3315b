// Sign-in form for an API key. The key is sent to the server and not stored here.

import { ApiError, errorText } from "../api/request";
import { signIn } from "../api/session";
import { make, setText } from "../components/dom";
import { translate } from "../i18n/translate";

/** Return the form; `message` says why signing in is necessary. */
export function buildSignInForm(message: string, onSignedIn: () => void): HTMLElement {
  const input = make("input", {
    id: "key",
    name: "key",
    type: "password",
    autocomplete: "current-password",
    spellcheck: "false",
    required: true,
  });
  const error = make("p", { class: "error", role: "alert", hidden: message === "" }, message);
  const button = make("button", { type: "submit", class: "primary" }, translate("sign_in"));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    button.disabled = true;
    error.hidden = true;
    try {
      await signIn(input.value.trim());
      onSignedIn();
    } catch (failure) {
      const rejected = failure instanceof ApiError && [400, 401, 403, 422].includes(failure.status);
      setText(error, rejected ? translate("sign_in_rejected") : (errorText(failure) ?? ""));
      error.hidden = false;
      input.select();
    } finally {
      button.disabled = false;
    }
  };
  return make(
    "main",
    { id: "main", class: "sign-in" },
    make(
      "form",
      { class: "card sign-in-form", onsubmit: (event: Event) => void submit(event) },
      make("h1", {}, make("img", { src: "/dashboard/headland.svg", alt: "", width: 28, height: 28 }), " Headland"),
      make("p", {}, translate("sign_in_hint")),
      make("label", { for: "key" }, translate("sign_in_key")),
      input,
      error,
      button,
    ),
  );
}
