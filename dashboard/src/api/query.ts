// Queries of the API as hooks: `useApi` for one answer, `useApiList` for all pages of a list. Components that ask the same share one request.

import { keepPreviousData, QueryClient, useQuery } from "@tanstack/preact-query";
import { useEffect, useReducer, useRef } from "preact/hooks";
import { api, cursorQuery, listAll, type Body, type ListItem } from "./client";
import { CALM_MS } from "./last_choice";
import { ApiError, errorText, fetchWithin } from "./request";
import { currentLanguage } from "../i18n/preferences";
import type { paths } from "./schema";

export type Method = "get" | "post" | "put" | "patch" | "delete";
/** The paths that answer a method. */
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
/** The parameters of an operation: `{ path: { id }, query: { limit: 10 } }`. */
export type ParamsOf<P extends keyof paths, M extends Method> =
  paths[P] extends Record<M, { parameters: infer Given }> ? Pick<Given, Extract<keyof Given, "path" | "query">> : never;

export interface ApiState<Data> {
  /** The last answer; it stays while a newer request runs or has failed. */
  data: Data | undefined;
  /** When `data` was received, epoch ms of this browser; null before the first answer. */
  receivedMs: number | null;
  /** One sentence where the last request failed. */
  error: string | null;
  /** The failure itself, for decisions by its `status` and `kind`. */
  failure: ApiError | null;
  /** True while there is neither an answer nor an error. */
  loading: boolean;
  /** True while any request runs. */
  busy: boolean;
  reload: () => void;
}

export interface ApiOptions {
  /** Ask again at this interval while the page is visible. */
  everyMs?: number;
  /** False where something that is asked for is not known yet. */
  enabled?: boolean;
  timeoutMs?: number;
  /** Keep the answer to the former parameters while the next is awaited. Only where it cannot be taken for the new one. */
  keep?: boolean;
}

const STALE_MS = 2000;
/** What was asked without a component is as good for so long. */
const ASKED_MS = 10_000;
const RETRIES = 1;
const NO_RETRY = new Set([400, 401, 403, 404, 409, 412, 422]);

/** All answers of this browser tab. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The station is in the local network: the browser's idea of being online says nothing about it.
      networkMode: "always",
      staleTime: STALE_MS,
      retry: (count, error) => count < RETRIES && !(error instanceof ApiError && NO_RETRY.has(error.status)),
    },
    mutations: { networkMode: "always", retry: false },
  },
});

/** Ask again for everything that was asked at `somePaths`, such as "/v1/notes". */
export async function reload(...somePaths: readonly (keyof paths)[]): Promise<void> {
  await Promise.all(somePaths.map((path) => queries.invalidateQueries({ queryKey: [path] })));
}

/** Ask for one answer. The request is cancelled when nobody displays it any more. */
export function useApi<P extends PathOf<"get">>(path: P, params: ParamsOf<P, "get">, options: ApiOptions = {}): ApiState<Body<P>> {
  return useAnswer([path, params], options, async (signal) => {
    const answer = await api.GET(path, { params, signal, fetch: fetchWithin(options.timeoutMs) } as never);
    return (answer as { data: Body<P> }).data;
  });
}

/** Ask for an answer that `useApi` will want in a moment; a failure is told there. */
export function prefetch<P extends PathOf<"get">>(path: P, params: ParamsOf<P, "get">): void {
  const queryFn = async ({ signal }: { signal: AbortSignal }): Promise<Body<P>> =>
    ((await api.GET(path, { params, signal, fetch: fetchWithin() } as never)) as { data: Body<P> }).data;
  void queries.prefetchQuery({ queryKey: [path, params, currentLanguage()], queryFn });
}

/** Ask for the items of all pages of a list without a component; one request with those who ask `useApiList` the same. */
export async function askList<P extends PathOf<"get">>(path: P, params: ParamsOf<P, "get"> = {} as never): Promise<ListItem<P>[]> {
  return queries.fetchQuery({
    queryKey: [path, params, "all", currentLanguage()],
    queryFn: ({ signal }) => allPages(path, params, signal),
    staleTime: ASKED_MS,
  });
}

/** Ask for the items of all pages of a list. */
export function useApiList<P extends PathOf<"get">>(
  path: P,
  params: ParamsOf<P, "get">,
  options: ApiOptions = {},
): ApiState<ListItem<P>[]> {
  return useAnswer([path, params, "all"], options, (signal) => allPages(path, params, signal, options.timeoutMs));
}

async function allPages<P extends PathOf<"get">>(
  path: P,
  params: ParamsOf<P, "get">,
  signal: AbortSignal,
  timeoutMs?: number,
): Promise<ListItem<P>[]> {
  return listAll<ListItem<P>>((cursor) => {
    const { query } = params as { query?: object };
    const init = { params: { ...params, query: { limit: 1000, ...query, ...cursorQuery(cursor) } }, signal, fetch: fetchWithin(timeoutMs) };
    return api.GET(path, init as never) as never;
  });
}

/** Return whether a question may be asked now: of those that follow one another fast in one place, the first and the last are. */
function useCalm(question: string): boolean {
  const asked = useRef({ question, atMs: Number.NEGATIVE_INFINITY, isCalm: true });
  const [, draw] = useReducer((count: number) => count + 1, 0);
  if (asked.current.question !== question) {
    const isFast = performance.now() - asked.current.atMs < CALM_MS;
    asked.current = { question, atMs: performance.now(), isCalm: !isFast };
  }
  useEffect(() => {
    if (asked.current.isCalm) return undefined;
    const timer = setTimeout(() => {
      asked.current.isCalm = true;
      draw(undefined);
    }, CALM_MS);
    return () => clearTimeout(timer);
  }, [question]);
  return asked.current.isCalm;
}

function useAnswer<Data>(key: readonly unknown[], options: ApiOptions, ask: (signal: AbortSignal) => Promise<Data>): ApiState<Data> {
  const isCalm = useCalm(JSON.stringify(key));
  const enabled = options.enabled ?? true;
  const { data, error, dataUpdatedAt, isPending, isFetching, refetch } = useQuery<Data>(
    {
      // Texts of an answer are in the language of the page.
      queryKey: [...key, currentLanguage()],
      queryFn: ({ signal }) => ask(signal),
      enabled: enabled && isCalm,
      ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
      ...(options.keep ? { placeholderData: keepPreviousData as never } : {}),
    },
    queries,
  );
  return {
    data: data as Data | undefined,
    receivedMs: dataUpdatedAt || null,
    error: error === null ? null : errorText(error),
    failure: error instanceof ApiError ? error : null,
    loading: isPending && enabled,
    busy: isFetching,
    reload: () => void refetch(),
  };
}
