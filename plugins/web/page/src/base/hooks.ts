// Small React helpers: loading something, keys, the page's title, the width.
import { DependencyList, useCallback, useEffect, useRef, useState } from "react";
import { aborted } from "api/client";
import { recall, remember } from "base/store";

export interface Loaded<T> {
  value?: T;
  error?: unknown;
  loading: boolean;
  reload: () => void;
}

// Asks when `depends` change; an answer that comes too late is dropped.
export function use_loaded<T>(ask: (signal: AbortSignal) => Promise<T>, depends: DependencyList): Loaded<T> {
  const [state, set_state] = useState<{ value?: T; error?: unknown; loading: boolean }>({ loading: true });
  const [turn, set_turn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    set_state((old) => ({ value: turn ? old.value : undefined, loading: true }));
    ask(stop.signal).then(
      (value) => !stop.signal.aborted && set_state({ value, loading: false }),
      (error) => !aborted(error) && !stop.signal.aborted && set_state({ error, loading: false }),
    );
    return () => stop.abort();
    // `ask` is new at each drawing: the caller names what it depends on
  }, [...depends, turn]);
  const reload = useCallback(() => set_turn((n) => n + 1), []);
  return { ...state, reload };
}

export function use_title(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Mailtrace` : "Mailtrace";
  }, [title]);
}

export function in_text_field(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
}

// Single keys can be switched off: whoever speaks to the computer presses them by chance.
export function keys_on(): boolean {
  return recall("keys") !== "off";
}
export function switch_keys(on: boolean): void {
  remember("keys", on ? null : "off");
}

// Single keys without modifiers, not while typing.
export function use_keys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (!keys_on() || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || in_text_field(event.target)) return;
      if (document.querySelector("dialog[open]")) return;
      const then = latest.current[event.key];
      if (!then) return;
      event.preventDefault();
      then(event);
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

export function use_width(): [(element: HTMLElement | null) => void, number] {
  const [width, set_width] = useState(0);
  const observer = useRef<ResizeObserver | null>(null);
  const follow = useCallback((element: HTMLElement | null) => {
    observer.current?.disconnect();
    if (!element) return;
    set_width(element.clientWidth);
    observer.current = new ResizeObserver(() => set_width(element.clientWidth));
    observer.current.observe(element);
  }, []);
  return [follow, width];
}
