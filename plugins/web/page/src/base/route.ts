// Where the page is: the part of the address behind "#". It holds what is searched for, and browsers send it to no
// server, so that no proxy log knows who was looked for.
import { useSyncExternalStore } from "react";

export interface Route {
  path: string[]; // "/mail/01a2" is ["mail", "01a2"]
  query: URLSearchParams;
}

function read(): string {
  return window.location.hash.replace(/^#\/?/, "");
}
export function parse_route(text: string): Route {
  const at = text.indexOf("?");
  const path = (at < 0 ? text : text.slice(0, at)).split("/").filter((part) => part !== "");
  return { path: path.map(decode), query: new URLSearchParams(at < 0 ? "" : text.slice(at + 1)) };
}
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// What an entry of the browser's history knows besides its address, also after a reload.
interface Entry {
  id: string;
  before: string | null; // the page of ours that one comes back to
}
let here: string | null = null;
export function entry(): Entry {
  const known = window.history.state as Partial<Entry> | null;
  if (typeof known?.id === "string") return { id: known.id, before: known.before ?? null };
  const fresh = { id: `${Date.now()}.${Math.random()}`, before: here };
  window.history.replaceState(fresh, "");
  here = read();
  return fresh;
}

const listeners = new Set<() => void>();
function changed(): void {
  entry();
  here = read();
  listeners.forEach((listener) => listener());
}
window.addEventListener("hashchange", changed);
entry();
here = read();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function link(path: string, query?: URLSearchParams | Record<string, string>): string {
  const text = query ? new URLSearchParams(query).toString() : "";
  return `#/${path}${text ? `?${text}` : ""}`;
}

// `replace`: the way back skips where we are now.
export function go(address: string, replace = false): void {
  if (replace) {
    window.history.replaceState(entry(), "", address);
    changed();
  } else {
    window.location.hash = address.replace(/^#/, "");
  }
}

export function use_route(): Route {
  return parse_route(useSyncExternalStore(subscribe, read));
}
