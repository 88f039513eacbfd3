// Above the results: how many, order, page size, live, export, link.
import { address_of } from "api/client";
import { zone_name } from "base/format";
import { link } from "base/route";
import { remember } from "base/store";
import { CopyButton } from "parts/copy";
import { Icon } from "parts/icon";
import { Menu } from "parts/menu";
import { problem_text } from "parts/notice";
import { api_query, has_criteria, order_of, page_sizes, Params, pinned, sort_of, sorts } from "search/query";
import { Found } from "search/run";
import { current_language, use_words } from "words";

interface Given {
  query: Params;
  found: Found;
  limit: number;
  live: boolean;
  set_live: (live: boolean) => void;
  change: (changes: Record<string, string | null>) => void;
}

// The database sorts a status by the word that is stored, which nobody sees: all that shows is that the same ones stand together.
const kind_of_order = { time: "time", sender: "words", recipient: "words", status: "groups" } as const;

function Title({ query, found, limit }: { query: Params; found: Found; limit: number }) {
  const w = use_words();
  const count = found.results.length;
  const page = Number(query.get("page")) || 1;
  const more = found.next !== null && count >= limit;
  const counted = more ? w.search.results_more(count) : w.search.results(count);
  const words = !has_criteria(query) && page === 1 ? w.search.newest : counted;
  return (
    <h2 className="found_title" aria-live="polite">
      {found.done ? words : w.search.searching}
      {page > 1 && <span className="muted"> · {w.search.page(page)}</span>}
      <span className="found_zone">{w.times_in(zone_name())}</span>
    </h2>
  );
}

export function ListHead({ query, found, limit, live, set_live, change }: Given) {
  const w = use_words();
  const export_query = { ...api_query(query), after: undefined, language: current_language() };
  const order_words = w.search.orders[kind_of_order[sort_of(query)]][order_of(query)];
  const share = () => new URL(link("search", pinned(query)), window.location.href).href;
  return (
    <div className="list_head">
      <Title query={query} found={found} limit={limit} />
      <div className="list_tools">
        <label className="inline">
          <span className="unseen">{w.search.sort.label}</span>
          <select
            aria-label={w.search.sort.label}
            name="sort"
            value={sort_of(query)}
            onChange={(event) => change({ sort: event.target.value === "time" ? null : event.target.value, order: null })}
          >
            {sorts.map((sort) => (
              <option key={sort} value={sort}>
                {w.search.sort[sort]}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="quiet order"
          data-order={order_of(query)}
          title={w.search.turn_order(order_words)}
          onClick={() => change({ order: order_of(query) === "asc" ? "desc" : "asc" })}
        >
          <Icon name="down" /> <span>{order_words}</span>
        </button>
        <select
          aria-label={w.search.page_size}
          title={w.search.page_size}
          name="limit"
          value={limit}
          onChange={(event) => {
            remember("page_size", event.target.value);
            change({ limit: event.target.value });
          }}
        >
          {page_sizes.map((size) => (
            <option key={size} value={size}>
              {size}
            </option>
          ))}
        </select>
        <button
          type="button"
          className="quiet live"
          aria-pressed={live}
          title={live ? w.search.live_on : w.search.live_help}
          onClick={() => set_live(!live)}
        >
          <Icon name="live" /> <span>{w.search.live}</span>
        </button>
        <CopyButton className="quiet" icon="link" label={w.search.copy_link} text={share} />
        <Menu label={w.search.export} icon="export">
          <a href={address_of("export.csv", export_query)} download="mailtrace.csv">
            {w.search.export_csv}
          </a>
          <a href={address_of("export.json", export_query)} download="mailtrace.json">
            {w.search.export_json}
          </a>
        </Menu>
      </div>
      {live && found.live_error !== undefined && (
        <p className="fresh live_trouble" role="status">
          {problem_text(found.live_error, w)} {w.search.live_trouble}
        </p>
      )}
      {live && found.fresh.size > 0 && (
        <p className="fresh" role="status">
          {w.search.fresh(found.fresh.size)}
        </p>
      )}
    </div>
  );
}
