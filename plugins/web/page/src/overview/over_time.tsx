// Deliveries by time and status: a chart whose bars lead to their search, and the same as a table.
import { useEffect, useRef, useState } from "react";
import { Overview, Status, statuses } from "api/types";
import { day_and_time, day_key, number, short_clock, short_day } from "base/format";
import { go, link } from "base/route";
import { Swatch } from "overview/pattern";
import { StatusPill } from "parts/status";
import { use_language, use_words } from "words";

function columns_of(overview: Overview): { time: string; counts: Partial<Record<Status, number>> }[] {
  const known = new Map(overview.columns.map((column) => [new Date(column.time).getTime(), column]));
  const step = overview.step * 1000;
  const times = [...known.keys()];
  const start = Math.floor(new Date(overview.from).getTime() / step) * step;
  const offset = times.length ? ((times[0] - start) % step + step) % step : 0;
  const all = [];
  for (let time = start + offset; time < new Date(overview.to).getTime(); time += step) {
    all.push(known.get(time) ?? { time: new Date(time).toISOString(), counts: {} });
  }
  return all;
}

// The first and the last column are cut where the asked time begins and ends.
function search_of(overview: Overview, time: string, status: Status): string {
  const start = new Date(time).getTime();
  const from = start < new Date(overview.from).getTime() ? overview.from : new Date(start).toISOString();
  const end = start + overview.step * 1000;
  const to = end > new Date(overview.to).getTime() ? overview.to : new Date(end).toISOString();
  const range = { connect_from: from, connect_to: to };
  return link("search", { ...range, status });
}

function Chart({ overview, used }: { overview: Overview; used: Status[] }) {
  const w = use_words();
  const { language } = use_language();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [look, set_look] = useState(0);
  useEffect(() => {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const again = () => set_look((n) => n + 1);
    const watch = new MutationObserver(again);
    dark.addEventListener("change", again);
    watch.observe(document.documentElement, { attributes: true, attributeFilter: ["data-look"] });
    return () => {
      dark.removeEventListener("change", again);
      watch.disconnect();
    };
  }, []);
  useEffect(() => {
    let gone = false;
    let chart: { destroy: () => void } | undefined;
    const columns = columns_of(overview);
    // Over more than a day an hour alone says nothing: the day is named where it begins, and the title says both.
    const long = new Date(overview.to).getTime() - new Date(overview.from).getTime() > 24 * 3600 * 1000;
    const begins = (at: number) => at === 0 || day_key(columns[at].time) !== day_key(columns[at - 1].time);
    import("overview/chart").then(({ draw }) => {
      if (gone || !canvas.current) return;
      const days = long ? columns.map((column, at) => (begins(at) ? short_day(column.time) : "")) : undefined;
      chart = draw(canvas.current, {
        labels: columns.map((column) => short_clock(column.time)),
        days,
        titles: columns.map((column) => day_and_time(column.time)),
        series: used.map((status) => ({ status, word: w.status[status], values: columns.map((column) => column.counts[status] ?? 0) })),
        chosen: (at, status) => go(search_of(overview, columns[at].time, status)),
      });
      canvas.current.dataset.drawn = language;
      canvas.current.dataset.days = days?.filter(Boolean).join("|") ?? "";
      canvas.current.dataset.since = columns[0]?.time;
    });
    return () => {
      gone = true;
      chart?.destroy();
    };
  }, [overview, language, look]);
  return (
    <div className="chart">
      <canvas ref={canvas} role="img" aria-label={w.overview.per_hour_alt} />
    </div>
  );
}

function Table({ overview, used }: { overview: Overview; used: Status[] }) {
  const w = use_words();
  const sum = (counts: Partial<Record<Status, number>>) => Object.values(counts).reduce((all, n) => all + (n ?? 0), 0);
  return (
    <div className="table_frame" tabIndex={0} role="region" aria-label={w.overview.per_hour}>
      <table className="numbers">
        <thead>
          <tr>
            <th scope="col">{w.overview.time}</th>
            {used.map((status) => (
              <th key={status} scope="col">
                {w.status[status]}
              </th>
            ))}
            <th scope="col">{w.overview.total}</th>
          </tr>
        </thead>
        <tbody>
          {overview.columns.map((column) => (
            <tr key={column.time}>
              <th scope="row">{day_and_time(column.time)}</th>
              {used.map((status) => (
                <td
                  key={status}
                >
                  {column.counts[status] ? <a href={search_of(overview, column.time, status)}>{number(column.counts[status] ?? 0)}</a> : "–"}
                </td>
              ))}
              <td>
                {number(sum(column.counts))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function OverTime({ overview }: { overview: Overview }) {
  const w = use_words();
  const [table, set_table] = useState(false);
  const total = (status: Status) => overview.columns.reduce((sum, column) => sum + (column.counts[status] ?? 0), 0);
  const used = statuses.filter((status) => total(status) > 0);
  const range = { connect_from: overview.from, connect_to: overview.to };
  return (
    <section className="card over_time">
      <div className="card_head">
        <h2>{w.overview.per_hour}</h2>
        <button type="button" className="quiet" aria-pressed={table} onClick={() => set_table(!table)}>
          {table ? w.overview.chart : w.overview.table}
        </button>
      </div>
      <ul className="totals">
        {used.map((status) => (
          <li key={status}>
            <a
              href={link("search", { ...range, status })}
              aria-label={w.overview.open_search(`${number(total(status))} ${w.status[status]}`)}
            >
              <strong>{number(total(status))}</strong>
              <span className="total_key">
                <Swatch status={status} />
                <StatusPill status={status} />
              </span>
            </a>
          </li>
        ))}
      </ul>
      {used.length === 0 && <p className="muted">{w.overview.none}</p>}
      {used.length > 0 && (table ? <Table overview={overview} used={used} /> : <Chart overview={overview} used={used} />)}
    </section>
  );
}
