// The list, grouped by day when it is sorted by time, with keys to walk through it; progress; paging.
import { useEffect, useState } from "react";
import { day_key, long_day, short_day, clock } from "base/format";
import { use_keys } from "base/hooks";
import { go, link } from "base/route";
import { Result } from "api/types";
import { Icon } from "parts/icon";
import { changed, Params, sort_of } from "search/query";
import { Row } from "search/row";
import { Found, row_key } from "search/run";
import { use_words } from "words";

interface Group {
  day: string;
  rows: Result[];
}

function groups_of(results: Result[], by_day: boolean): Group[] {
  const groups: Group[] = [];
  for (const result of results) {
    const day = by_day ? day_key(result.connect.connect_time) : "";
    let group = groups[groups.length - 1];
    if (!group || group.day !== day) {
      group = { day, rows: [] };
      groups.push(group);
    }
    group.rows.push(result);
  }
  return groups;
}

interface Given {
  found: Found;
  sorted_by_time: boolean;
  unfolded: ReadonlySet<string>;
  fold: (key: string) => void;
}
export function Results({ found, sorted_by_time, unfolded, fold }: Given) {
  const [at, set_at] = useState<string | null>(null);
  const groups = groups_of(found.results, sorted_by_time);
  const keys = groups.flatMap((group) => group.rows.map(row_key));
  const move = (step: number) => {
    const now = at === null ? -1 : keys.indexOf(at);
    const next = keys[Math.max(0, Math.min(keys.length - 1, now + step))];
    if (!next) return;
    set_at(next);
    document.getElementById(`row-${next}`)?.focus();
  };
  use_keys({
    j: () => move(1),
    k: () => move(-1),
    x: () => at && fold(at),
    m: () => at && go(link(`mail/${at.split(".")[0]}`)),
  });
  useEffect(() => set_at(null), [keys[0]]);

  return (
    <div className="results" aria-busy={!found.done}>
      {groups.map((group, index) => (
        <section key={`${group.day}${index}`} className="day">
          {group.day && <h3>{long_day(group.rows[0].connect.connect_time)}</h3>}
          <ol>
            {group.rows.map((result) => {
              const key = row_key(result);
              return (
                <Row
                  key={key}
                  name={key}
                  result={result}
                  with_day={!group.day}
                  fresh={found.fresh.has(key)}
                  unfolded={unfolded.has(key)}
                  fold={() => fold(key)}
                  focused={() => set_at(key)}
                />
              );
            })}
          </ol>
        </section>
      ))}
    </div>
  );
}

export function Progress({ found }: { found: Found }) {
  const w = use_words();
  if (found.error !== undefined) return null;
  const reached = found.reached ? w.search.reached(`${short_day(found.reached)}, ${clock(found.reached)}`) : "";
  const all = found.done && found.next === null;
  if (found.done && !all && !reached) return null;
  return (
    <p className="progress" role="status">
      {!found.done && <span className="spinner" aria-hidden="true" />}
      {!found.done ? [w.search.searching, reached].filter(Boolean).join(" ") : all ? w.search.all_looked : reached}
    </p>
  );
}

export function Pager({ query, found, limit, older }: { query: Params; found: Found; limit: number; older: () => void }) {
  const w = use_words();
  const more = found.done && found.next !== null && found.results.length >= limit;
  const later_page = Boolean(query.get("after"));
  if (!more && !later_page) return null;
  return (
    <nav className="pager" aria-label={w.search.page(Number(query.get("page")) || 1)}>
      {later_page && <a href={link("search", changed(query, {}))}>{w.search.first_page}</a>}
      {more && (
        <button type="button" onClick={older}>
          {sort_of(query) === "time" ? w.search.next_page : w.search.next_sorted} <Icon name="right" />
        </button>
      )}
    </nav>
  );
}
