// All mails together, as plots. Every bar leads to its search.
import { get } from "api/client";
import { Count, Destination, Overview, Reason } from "api/types";
import { day_and_time, duration, number } from "base/format";
import { use_loaded, use_title } from "base/hooks";
import { go, link } from "base/route";
import { Bars } from "overview/bars";
import { HostTable } from "overview/hosts";
import { OverTime } from "overview/over_time";
import { Notice, Trouble, Waiting } from "parts/notice";
import { server_name } from "search/query";
import { use_say, use_words } from "words";

const spans = { "24h": 24, "7d": 7 * 24, "14d": 14 * 24 } as const;
type Span = keyof typeof spans;

function range_of(span: Span): { from: string; to: string } {
  const to = new Date();
  return { from: new Date(to.getTime() - spans[span] * 3600_000).toISOString(), to: to.toISOString() };
}

const slow_seconds = 60;
function troubled(there: Destination): number {
  return (there.deferred ?? 0) + (there.bounced ?? 0);
}
function share_of(there: Destination): number {
  return there.count ? troubled(there) / there.count : 0;
}
// Those that fail or are slow, the worst first.
function in_trouble(all: Destination[]): Destination[] {
  const ill = all.filter((there) => troubled(there) > 0 || (there.delay ?? 0) >= slow_seconds);
  return ill.sort((one, other) => troubled(other) - troubled(one) || (other.delay ?? 0) - (one.delay ?? 0));
}

// Counting ends after a while: then the time before is not empty, it was not looked at, and every bar and search leaves it out.
function counted_of(value: Overview): Overview {
  return value.complete === false && value.reached ? { ...value, from: value.reached } : value;
}

function Partly({ value }: { value: Overview }) {
  const w = use_words();
  if (value.complete !== false) return null;
  return (
    <Notice tone="waiting">
      <p>{value.reached ? w.overview.counted_to(day_and_time(value.reached)) : w.overview.counted_partly}</p>
    </Notice>
  );
}

function Panels({ value }: { value: Overview }) {
  const w = use_words();
  const say = use_say();
  const reason = (count: Count) => say((count as Reason).text) || count.name;
  // The same words may stand for several answers: then each says which.
  const told = value.reasons.map(reason);
  const answer = (count: Count) => (told.filter((text) => text === reason(count)).length > 1 ? count.name : "");
  const note = (count: Count) => {
    const there = count as Destination;
    return [
      there.deferred ? w.overview.waiting_n(number(there.deferred)) : "",
      there.bounced ? w.overview.returned_n(number(there.bounced)) : "",
      w.overview.of_all(number(there.count)),
      there.delay !== undefined ? w.overview.median(duration(there.delay)) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  };
  const share = (count: Count) => share_of(count as Destination);
  const range = { connect_from: value.from, connect_to: value.to };
  return (
    <>
      <OverTime overview={value} />
      <div className="panels">
        <Bars
          title={w.overview.reasons}
          counts={value.reasons}
          label={reason}
          note={answer}
          range={range}
          tone="bad"
          none={w.overview.good}
        />
        <Bars
          title={w.overview.destinations}
          counts={in_trouble(value.destinations)}
          label={(count) => server_name(count.name, w)}
          shown={(count) => w.overview.percent(number(100 * share(count)))}
          note={note}
          share={share}
          range={range}
          tone="waiting"
          none={w.overview.good}
        />
        <Bars title={w.overview.senders} counts={value.senders} range={range} />
        <Bars title={w.overview.recipients} counts={value.recipients} range={range} />
      </div>
      <HostTable hosts={value.hosts} from={value.from} to={value.to} />
    </>
  );
}

export function OverviewPage({ query }: { query: URLSearchParams }) {
  const w = use_words();
  const asked = query.get("span");
  const span: Span = asked === "7d" || asked === "14d" ? asked : "24h";
  const overview = use_loaded((signal) => get<Overview>("overview", range_of(span), signal), [span]);
  use_title(w.overview.title);
  return (
    <div className="overview">
      <div className="page_head">
        <h1>{w.overview.title}</h1>
        <div className="switch" role="group" aria-label={w.overview.span}>
          {(Object.keys(spans) as Span[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={span === name}
              onClick={() => go(link("overview", { span: name }))}
            >
              {w.overview.spans[name]}
            </button>
          ))}
        </div>
      </div>
      {overview.error !== undefined && <Trouble error={overview.error} again={overview.reload} />}
      {overview.loading && <Waiting />}
      {overview.value && (
        <>
          <Partly value={overview.value} />
          <Panels value={counted_of(overview.value)} />
        </>
      )}
    </div>
  );
}
