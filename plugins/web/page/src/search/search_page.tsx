// The search page: box, chips, filters, results.
import { useEffect, useMemo, useRef, useState } from "react";
import { post } from "api/client";
import { Criteria, Understood } from "api/types";
import { use_keys, use_title } from "base/hooks";
import { entry, go, link } from "base/route";
import { recall, remember } from "base/store";
import { zone } from "base/format";
import { Trouble } from "parts/notice";
import { Box } from "search/box";
import { Chips } from "search/chips";
import { Filters, QuickTimes } from "search/filters";
import { LeftOut } from "search/left_out";
import { ListHead } from "search/list_head";
import { left_at, use_memory } from "search/memory";
import { Nothing } from "search/nothing";
import { asked_anew, changed, fields_of, has_criteria, order_of, page_size_of, params_of, Params, searched_anew, sort_of } from "search/query";
import { Reading, ReadingNote } from "search/reading";
import { Pager, Progress, Results } from "search/results";
import { use_search } from "search/run";
import { SavedSearches } from "search/saved";
import { use_words } from "words";

function same(params: Params, criteria: Criteria): boolean {
  return Object.entries(params_of(criteria)).every(([name, value]) => params.get(name) === value);
}

export function SearchPage({ query }: { query: Params }) {
  const w = use_words();
  const asked = query.toString();
  const place = useMemo(() => entry().id, [asked]);
  const [reading, set_reading] = useState<Reading | null>(() => left_at(place)?.reading ?? null);
  const [unfolded, set_unfolded] = useState<ReadonlySet<string>>(() => left_at(place)?.unfolded ?? new Set());
  const [trouble, set_trouble] = useState<unknown>();
  const [filters, set_filters] = useState(() => recall("filters") === "open");
  const [live, set_live] = useState(false);
  const limit = page_size_of(query, Number(recall("page_size")) || 25);
  const first_page = !query.get("after");
  // Elsewhere a new mail would not be seen.
  const at_newest = first_page && sort_of(query) === "time" && order_of(query) === "desc";
  const is_live = live && at_newest;
  const found = use_search(query, limit, is_live);
  const top = useRef<HTMLDivElement>(null);
  const searching = has_criteria(query);
  use_title(w.search.title);

  const open = (next: Params, replace = false) => go(link("search", next), replace);
  const change = (changes: Record<string, string | null>) => open(changed(query, changes));
  const go_live = (wanted: boolean) => {
    if (wanted && !at_newest) change({ after: null, sort: null, order: null });
    set_live(wanted);
  };
  const show_filters = (shown: boolean) => {
    remember("filters", shown ? "open" : null);
    set_filters(shown);
  };

  const understand = async (text: string) => {
    set_trouble(undefined);
    try {
      const understood = await post<Understood>("understand", { text, zone: zone() });
      if (understood.id) {
        go(link(`mail/${understood.id}`));
        return true;
      }
      // Without a reading (a link, a reload) an address is what the box asked for.
      const known = is_reading && current ? current : { address: query.get("address") ?? "" };
      set_reading({ understood, at: 0, by_itself: false, dropped: fields_of(query, known), exhausted: false });
      if (understood.tries.length) open(asked_anew(query, understood.tries[0]));
      return true;
    } catch (error) {
      set_trouble(error);
      return false;
    }
  };
  const take = (at: number, by_itself: boolean, exhausted = false) => {
    if (!reading) return;
    set_reading({ ...reading, at, by_itself: by_itself && !exhausted, exhausted: exhausted || reading.exhausted });
    open(searched_anew(query, reading.understood.tries[at]), by_itself);
  };

  // The likeliest meaning found nothing: the next one.
  const empty = found.done && !found.error && found.results.length === 0 && first_page;
  const current = reading?.understood.tries[reading.at];
  const is_reading = Boolean(reading && current && same(query, current));
  use_memory(place, {
    reading: is_reading ? reading : null,
    unfolded,
    ready: found.done && found.error === undefined,
    list: top,
    put_back: (left) => {
      set_reading(left.reading);
      set_unfolded(left.unfolded);
    },
  });
  const fold = (key: string) =>
    set_unfolded((old) => {
      const next = new Set(old);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  const trying = Boolean(empty && is_reading && reading && !reading.exhausted && reading.understood.tries.length > 1);
  useEffect(() => {
    if (!trying || !reading) return;
    const last = reading.at + 1 >= reading.understood.tries.length;
    take(last ? 0 : reading.at + 1, true, last);
  }, [trying, reading?.at]);

  useEffect(() => {
    if (query.get("focus") !== "box") return;
    document.getElementById("box")?.focus();
    open(changed(query, {}), true);
  }, [query]);
  useEffect(() => {
    if (!first_page) top.current?.scrollIntoView({ block: "start" });
  }, [query.get("after")]);

  const older = () => {
    if (!found.next || !found.done || found.results.length < limit) return;
    const next = new URLSearchParams(query);
    next.set("after", found.next);
    next.set("page", String((Number(query.get("page")) || 1) + 1));
    open(next);
  };
  use_keys({ f: () => show_filters(!filters), l: () => go_live(!is_live), n: older });

  return (
    <div className={searching ? "search" : "search search_fresh"}>
      <section className="search_top" aria-label={w.search.title}>
        <h1 className={searching ? "unseen" : "question"}>{w.search.question}</h1>
        <Box understand={understand} />
        {trouble !== undefined && <Trouble error={trouble} />}
        <ReadingNote reading={reading} query={query} shown={is_reading} take={(at) => take(at, false)} />
        <div className="search_bar">
          <QuickTimes query={query} change={change} />
          <div className="search_tools">
            <button
              type="button"
              className="quiet"
              aria-expanded={filters}
              aria-controls="filters"
              onClick={() => show_filters(!filters)}
            >
              {w.search.filters}
            </button>
            <SavedSearches query={query} />
          </div>
        </div>
        {filters && <Filters key={query.toString()} query={query} open={open} />}
        <Chips query={query} open={open} />
        <LeftOut query={query} />
      </section>
      <section className="found" aria-label={w.search.list} ref={top}>
        <ListHead query={query} found={found} limit={limit} live={is_live} set_live={go_live} change={change} />
        {found.error !== undefined && <Trouble error={found.error} again={found.again} />}
        <Results found={found} sorted_by_time={(query.get("sort") ?? "time") === "time"} unfolded={unfolded} fold={fold} />
        {empty && !trying && <Nothing query={query} />}
        <Progress found={found} />
        <Pager query={query} found={found} limit={limit} older={older} />
      </section>
    </div>
  );
}
