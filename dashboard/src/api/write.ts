// Requests that change something, as a hook: state of saving, one sentence for an error, and errors by field.

import { useMutation } from "@tanstack/preact-query";
import { useRef } from "preact/hooks";
import { api } from "./client";
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
  const sent = useRef({ text: "", key: "" });
  const mutation = useMutation(
    {
      mutationFn: async (input: WriteInput<P, M>): Promise<AnswerOf<P, M> | true> => {
        const text = JSON.stringify(input);
        if (sent.current.text !== text) sent.current = { text, key: newKey() };
        const headers: Record<string, string> = { "Idempotency-Key": sent.current.key };
        if (input.version !== undefined) headers["If-Match"] = input.version === "*" ? "*" : `"${input.version}"`;
        const init = { params: input.params ?? {}, body: input.body, headers, fetch: fetchWithin(options.timeoutMs) };
        const answer = await (api as unknown as Record<string, (path: string, init: object) => Promise<{ data?: unknown }>>)[
          method.toUpperCase()
        ]?.(path, init);
        sent.current = { text: "", key: "" };
        return (answer?.data as AnswerOf<P, M> | undefined) ?? true;
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
    error: mutation.error === null ? null : errorText(mutation.error),
    failure,
    fieldErrors: failure === null ? {} : fieldErrorsOf(failure),
    reset: () => mutation.reset(),
  };
}

/** Return a new key under which the API carries out a request once, however often it is sent. */
export function newKey(): string {
  // Without TLS a browser has no randomUUID.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
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
