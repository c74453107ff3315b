// Requests that change something, as a hook: state of saving, one sentence for an error, and errors by field.

import { useMutation } from "@tanstack/preact-query";
import { useRef } from "preact/hooks";
import { api } from "./client";
import { newKey } from "./idempotency";
import { may } from "./may";
import { sendOrKeep } from "./queue";
import { queries, reload, type Method, type ParamsOf, type PathOf } from "./query";
import { ApiError, errorText, fetchWithin } from "./request";
import type { paths } from "./schema";

type Writing = Exclude<Method, "get">;
type Operation<P extends keyof paths, M extends Method> = paths[P] extends Record<M, infer Described> ? Described : never;
/** The body of an operation. What has a default can be left out; the description does not say it of requests apart. */
export type BodyOf<P extends keyof paths, M extends Writing> =
  Operation<P, M> extends { requestBody?: { content: { "application/json": infer Given } } } ? Partial<Given> : undefined;
export type AnswerOf<P extends keyof paths, M extends Writing> =
  Operation<P, M> extends { responses: infer Answers }
    ? {
        [Status in keyof Answers]: Status extends 200 | 201
          ? Answers[Status] extends { content: { "application/json": infer Data } }
            ? Data
            : undefined
          : never;
      }[keyof Answers]
    : undefined;

export interface WriteInput<P extends keyof paths, M extends Writing> {
  params?: ParamsOf<P, M>;
  body?: BodyOf<P, M>;
  /** The version that was read, for If-Match: a change made meanwhile by others is then an error. "*" is any version. */
  version?: number | "*";
  /** Photos of a note, sent before it: of a kept write. */
  photos?: readonly Blob[];
}

export interface WriteOptions {
  /** The lists and records to ask for again after a success. */
  refresh?: readonly (keyof paths)[];
  timeoutMs?: number;
}

export interface Write<Input, Answer> {
  /** Send it. Returns the answer, or null where it failed: then `error` and `fieldErrors` say why. */
  run: (input: Input) => Promise<Answer | null>;
  saving: boolean;
  /** Whether the operation is permitted: a `Form` and a button of it are displayed to no others. */
  allowed: boolean;
  /** One sentence where the last request failed. */
  error: string | null;
  failure: ApiError | null;
  /** Sentences by the name of a field, as far as the API names fields. */
  fieldErrors: Readonly<Record<string, string>>;
  reset: () => void;
}

/** Prepare a request that changes something. The same input sent again, after a failure, has the same idempotency key. */
export function useWrite<M extends Writing, P extends PathOf<M>>(
  method: M,
  path: P,
  options: WriteOptions = {},
): Write<WriteInput<P, M>, AnswerOf<P, M> | true> {
  return useSending(may(method, path), options, (input, key) => sendNow<P, M>(method, path, input, key, options.timeoutMs));
}

/**
 * Prepare a request that is kept on this device while the station is away, and sent when it is reached: `run` then returns "kept".
 * The title names it in the list of what waits. For what is entered at the field: notes, declared passes, acknowledgements.
 */
export function useKeptWrite<M extends Writing, P extends PathOf<M>>(
  method: M,
  path: P,
  title: (input: WriteInput<P, M>) => string,
  options: WriteOptions = {},
): Write<WriteInput<P, M>, AnswerOf<P, M> | true | "kept"> {
  return useSending<WriteInput<P, M>, AnswerOf<P, M> | true | "kept">(may(method, path), options, async (input, key) => {
    const given = input.params as { path?: Record<string, string | number> } | undefined;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given?.path?.[name] ?? ""));
    const ifMatch = matchOf(input.version);
    const request = { method: method.toUpperCase() as "POST", path: filled, body: input.body, title: title(input) };
    const more = { ...(ifMatch === undefined ? {} : { ifMatch }), ...(input.photos?.length ? { photos: input.photos } : {}) };
    const answer = await sendOrKeep({ ...request, ...more }, key);
    if (answer === "kept") return answer;
    return answer.status === 204 ? true : ((await answer.json()) as AnswerOf<P, M>);
  });
}

function useSending<Input, Answer>(
  allowed: boolean,
  options: WriteOptions,
  send: (input: Input, key: string) => Promise<Answer>,
): Write<Input, Answer> {
  const sent = useRef({ text: "", key: "" });
  const mutation = useMutation(
    {
      mutationFn: async (input: Input): Promise<Answer> => {
        const { photos } = input as { photos?: readonly Blob[] };
        const text = JSON.stringify([input, photos?.map(({ size }) => size)]);
        if (sent.current.text !== text) sent.current = { text, key: newKey() };
        const answer = await send(input, sent.current.key);
        sent.current = { text: "", key: "" };
        return answer;
      },
    },
    queries,
  );
  const failure = mutation.error instanceof ApiError ? mutation.error : null;
  return {
    run: async (input) => {
      try {
        const answer = await mutation.mutateAsync(input);
        await reload(...(options.refresh ?? []));
        return answer;
      } catch {
        return null;
      }
    },
    saving: mutation.isPending,
    allowed,
    error: mutation.error === null ? null : errorText(mutation.error),
    failure,
    fieldErrors: failure === null ? {} : fieldErrorsOf(failure),
    reset: () => mutation.reset(),
  };
}

function matchOf(version: number | "*" | undefined): string | undefined {
  return version === undefined ? undefined : version === "*" ? "*" : `"${version}"`;
}

async function sendNow<P extends keyof paths, M extends Writing>(
  method: M,
  path: P,
  input: WriteInput<P, M>,
  key: string,
  timeoutMs: number | undefined,
): Promise<AnswerOf<P, M> | true> {
  const ifMatch = matchOf(input.version);
  const headers: Record<string, string> = { "Idempotency-Key": key, ...(ifMatch === undefined ? {} : { "If-Match": ifMatch }) };
  const init = { params: input.params ?? {}, body: input.body, headers, fetch: fetchWithin(timeoutMs) };
  const send = (api as unknown as Record<string, (path: string, init: object) => Promise<{ data?: unknown }>>)[method.toUpperCase()];
  try {
    return ((await send?.(path, init))?.data as AnswerOf<P, M> | undefined) ?? true;
  } catch (error) {
    // The answer to the first attempt was lost: it is carried out.
    if (error instanceof ApiError && error.kind === "carried-out-already") return true;
    throw error;
  }
}

/** Return the sentences of an error by field: the problem's `errors`, or the place that its detail names. */
export function fieldErrorsOf(error: ApiError): Record<string, string> {
  const found: Record<string, string> = {};
  const { errors, detail } = error.extra as { errors?: unknown; detail?: unknown };
  if (Array.isArray(errors)) {
    for (const each of errors as { parameter?: string; detail?: string }[]) {
      const name = lastName(each.parameter ?? "");
      if (name !== "") found[name] ??= error.localText(each.detail ?? "");
    }
  }
  const place = typeof detail === "string" ? /at `\$\.([\w.[\]]+)`/.exec(detail)?.[1] : undefined;
  if (place !== undefined) found[lastName(place)] ??= error.message;
  return found;
}

function lastName(place: string): string {
  return (
    place
      .split(/[.[\]]+/)
      .filter((part) => part !== "" && !/^(\d+|body)$/.test(part))
      .at(-1) ?? ""
  );
}
