// Bars that are links: each with its name, its number and its search.
import { Count } from "api/types";
import { number } from "base/format";
import { visible } from "base/hostile";
import { link } from "base/route";
import { params_of } from "search/query";
import { use_words } from "words";

interface Given {
  title: string;
  counts: Count[];
  range: Record<string, string>;
  label?: (count: Count) => string;
  shown?: (count: Count) => string; // instead of the number
  note?: (count: Count) => string;
  share?: (count: Count) => number; // of 1, how long the bar is; else its part of the longest
  tone?: string;
  none?: string;
}

export function Bars({ title, counts, range, label, shown, note, share, tone = "accent", none }: Given) {
  const w = use_words();
  const most = Math.max(1, ...counts.map((count) => count.count));
  return (
    <section className="card bars">
      <h2>{title}</h2>
      {counts.length === 0 && <p className="muted">{none ?? w.overview.none}</p>}
      <ol>
        {counts.map((count) => {
          const name = visible(label ? label(count) : count.name || w.null_sender);
          const told = shown ? shown(count) : number(count.count);
          const more = note?.(count);
          return (
            <li key={count.name}>
              <a
                href={link("search", { ...params_of(count.criteria), ...range })}
                data-count={count.count}
                aria-label={w.overview.open_search([name, told, more].filter(Boolean).join(", "))}
              >
                <span className="bar_head">
                  <bdi className="bar_name" title={name}>
                    {name}
                  </bdi>
                  <span className="bar_count">{told}</span>
                </span>
                <svg className={`bar tone_${tone}`} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
                  <rect className="bar_ground" width="100" height="6" />
                  <rect className="bar_value" width={Math.max(1.5, 100 * (share ? share(count) : count.count / most))} height="6" />
                </svg>
                {more && <span className="bar_note">{more}</span>}
              </a>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
