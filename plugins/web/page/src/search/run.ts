// Runs a search: day by day, newest first, until the page is full; and again every few seconds if it is live.
import { useEffect, useRef, useState } from "react";
import { aborted, get, Query } from "api/client";
import { Result, SearchPage } from "api/types";
import { api_query, Params } from "search/query";

export interface Found {
  results: Result[];
  next: string | null;
  reached?: string;
  done: boolean;
  error?: unknown;
  fresh: Set<string>; // rows that came since it is live
  live_error?: unknown; // of the last look for new ones; what is shown stays
}
const nothing_yet: Found = { results: [], next: null, done: false, fresh: new Set() };
const live_seconds = 5;

export function row_key(result: Result): string {
  return `${result.connect.id}.${result.deliver?.id ?? ""}`;
}

async function walk(query: Query, limit: number, signal: AbortSignal, seen: (found: Found) => void): Promise<Found> {
  let found: Found = nothing_yet;
  for (let after = query.after; ; ) {
    const part = await get<SearchPage>("search", { ...query, limit: limit - found.results.length, after }, signal);
    const results = found.results.concat(part.results);
    const done = part.complete || part.next === null || results.length >= limit;
    found = { results, next: part.next, reached: part.reached ?? found.reached, done, fresh: found.fresh };
    if (done) return found;
    seen(found);
    after = part.next ?? undefined;
  }
}

export function use_search(params: Params, limit: number, live: boolean): Found & { again: () => void } {
  const [turn, set_turn] = useState(0);
  const asked = params.toString();
  // What was found for another question is none of this one's.
  const question = `${asked} ${limit} ${turn}`;
  const [answer, set_answer] = useState({ question, found: nothing_yet });
  const found = answer.question === question ? answer.found : nothing_yet;
  const set_found = (next: (old: Found) => Found) =>
    set_answer((old) => ({ question, found: next(old.question === question ? old.found : nothing_yet) }));
  const known = useRef<Set<string>>(new Set());

  useEffect(() => {
    const stop = new AbortController();
    set_found(() => nothing_yet);
    walk(api_query(new URLSearchParams(asked)), limit, stop.signal, (part) => !stop.signal.aborted && set_found(() => part)).then(
      (all) => {
        if (stop.signal.aborted) return;
        known.current = new Set(all.results.map(row_key));
        set_found(() => all);
      },
      (error) => !aborted(error) && !stop.signal.aborted && set_found((old) => ({ ...old, error, done: true })),
    );
    return () => stop.abort();
  }, [asked, limit, turn]);

  useEffect(() => {
    if (!live) return undefined;
    const stop = new AbortController();
    let timer = 0;
    set_found((old) => ({ ...old, live_error: undefined }));
    const look = async () => {
      if (!document.hidden) {
        try {
          const all = await walk(api_query(new URLSearchParams(asked)), limit, stop.signal, () => undefined);
          const fresh = new Set(all.results.map(row_key).filter((key) => !known.current.has(key)));
          all.results.forEach((result) => known.current.add(row_key(result)));
          if (!stop.signal.aborted) set_found((old) => ({ ...all, fresh: new Set([...old.fresh, ...fresh]) }));
        } catch (error) {
          if (aborted(error)) return;
          if (!stop.signal.aborted) set_found((old) => ({ ...old, live_error: error }));
        }
      }
      timer = window.setTimeout(look, live_seconds * 1000);
    };
    timer = window.setTimeout(look, live_seconds * 1000);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [asked, limit, turn, live]);

  return { ...found, again: () => set_turn((n) => n + 1) };
}
