// Sign-in form for an API key. The key is sent to the server and not stored here.

import { render, type JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { ApiError, errorText } from "../api/request";
import { signIn } from "../api/session";
import { translate } from "../i18n/translate";

interface SignInProps {
  /** Why signing in is necessary. */
  message: string;
  onSignedIn: () => void;
}

/** Display the form in `place`; return what takes it away. */
export function showSignInForm(place: HTMLElement, props: SignInProps): () => void {
  render(<SignIn {...props} />, place);
  return () => render(null, place);
}

function SignIn({ message, onSignedIn }: SignInProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState(message);
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError("");
    try {
      await signIn(input.current?.value.trim() ?? "");
      onSignedIn();
    } catch (failure) {
      const rejected = failure instanceof ApiError && [400, 401, 403, 422].includes(failure.status);
      setError(rejected ? translate("sign_in_rejected") : (errorText(failure) ?? ""));
      input.current?.select();
    } finally {
      setBusy(false);
    }
  };
  return (
    <main id="main" class="sign-in">
      <form class="card sign-in-form" onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="/dashboard/headland.svg" alt="" width={28} height={28} /> Headland
        </h1>
        <p>{translate("sign_in_hint")}</p>
        <label for="key">{translate("sign_in_key")}</label>
        <input ref={input} id="key" name="key" type="password" autocomplete="current-password" spellcheck={false} required />
        <p class="error" role="alert" hidden={error === ""}>
          {error}
        </p>
        <button type="submit" class="primary" disabled={busy}>
          {translate("sign_in")}
        </button>
      </form>
    </main>
  );
}
