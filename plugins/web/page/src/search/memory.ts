// What a list of results looked like when it was left, for the way back to it. Only as long as the page is open.
import { RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { Reading } from "search/reading";

interface Left {
  reading: Reading | null;
  unfolded: ReadonlySet<string>;
  row?: string; // that had the focus
  scroll: number;
}
const all = new Map<string, Left>();

export function left_at(place: string): Left | undefined {
  return all.get(place);
}

// The list grows while its open rows load: until it is as long as it was, or somebody scrolls.
function scroll_back(to: number, list: HTMLElement): () => void {
  const inputs = ["wheel", "touchstart", "pointerdown", "keydown"];
  const stop = () => {
    watch.disconnect();
    inputs.forEach((name) => window.removeEventListener(name, stop));
  };
  const reach = () => {
    window.scrollTo(0, to);
    if (Math.abs(window.scrollY - to) <= 1 && !list.querySelector(".waiting")) stop();
  };
  const watch = new ResizeObserver(reach);
  inputs.forEach((name) => window.addEventListener(name, stop, { passive: true }));
  watch.observe(list);
  reach();
  return stop;
}

interface Now {
  reading: Reading | null; // of this question; null: as before
  unfolded: ReadonlySet<string>;
  ready: boolean; // all results are there
  list: RefObject<HTMLElement>;
  put_back: (left: Left) => void;
}
// `place`: the entry of the browser's history.
export function use_memory(place: string, now: Now): void {
  const latest = useRef(now);
  const reading = useRef<Reading | null>(null);
  const returned = useRef("");

  // Ends before the list goes from the screen: then it can still be measured.
  useLayoutEffect(() => {
    const left = all.get(place);
    reading.current = left?.reading ?? null;
    if (left) now.put_back(left);
    return () => {
      const row = document.activeElement?.closest(".row")?.id;
      all.set(place, { reading: reading.current, unfolded: latest.current.unfolded, row, scroll: window.scrollY });
    };
  }, [place]);
  useLayoutEffect(() => {
    latest.current = now;
    reading.current = now.reading ?? reading.current;
  });
  useEffect(() => {
    const left = all.get(place);
    if (!now.ready || returned.current === place) return undefined;
    returned.current = place;
    if (!left || !now.list.current) return undefined;
    if (left.row) document.getElementById(left.row)?.focus({ preventScroll: true });
    return scroll_back(left.scroll, now.list.current);
  }, [place, now.ready]);
}
