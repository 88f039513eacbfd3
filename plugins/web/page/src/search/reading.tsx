// How the pasted text was understood, and what else it could mean.
import { Criteria, Understood } from "api/types";
import { day_and_time } from "base/format";
import { link } from "base/route";
import { Logged } from "parts/address";
import { changed, is_text_field, is_time_field, Params, params_of } from "search/query";
import { use_say, use_words } from "words";
import { Words } from "words/en";

export interface Reading {
  understood: Understood;
  at: number; // which of the tries is shown
  by_itself: boolean; // because the one before found nothing
  dropped: Criteria; // what limited the question before, and this one no more
  exhausted: boolean; // none of them found anything: the likeliest is shown, with what comes near it
}

function one_word(name: string, value: string, w: Words): string {
  if (is_time_field(name)) return `${w.search.field[name]} ${Number.isNaN(Date.parse(value)) ? value : day_and_time(value)}`;
  if (name === "status") {
    const words: Record<string, string> = w.status;
    return `${w.search.field.status} ${value.split(",").map((status) => words[status] ?? status).join(", ")}`;
  }
  return `${is_text_field(name) ? w.search.field[name] : name} ${value === "" ? w.null_sender : value}`;
}
export function criteria_words(criteria: Criteria, w: Words): string {
  return Object.entries(params_of(criteria))
    .map(([name, value]) => one_word(name, value, w))
    .join(", ");
}

// The fields of the question before do not limit the new one: which they were, and the way to have them again.
function Dropped({ dropped, query }: { dropped: Criteria; query: Params }) {
  const w = use_words();
  if (Object.keys(dropped).length === 0) return null;
  return (
    <p className="reading_dropped">
      {w.search.dropped} <Logged>{criteria_words(dropped, w)}</Logged>{" "}
      <a href={link("search", changed(query, params_of(dropped)))}>{w.search.dropped_again}</a>
    </p>
  );
}

interface Given {
  reading: Reading | null;
  query: Params;
  shown: boolean;
  take: (at: number) => void;
}

export function ReadingNote({ reading, query, shown, take }: Given) {
  const w = use_words();
  const say = use_say();
  if (!reading) return null;
  const { understood, at, by_itself } = reading;
  if (understood.tries.length === 0) {
    return (
      <p className="reading" role="status">
        {w.search.not_understood}
      </p>
    );
  }
  if (!shown) return null;
  const long = ["log_line", "headers", "bounce"].includes(understood.kind);
  return (
    <div className="reading" role="status">
      <p>
        {w.search.understood(say(understood.words))}
        {by_itself && <span className="reading_fallback"> · {w.search.fallback}</span>}
      </p>
      {Object.keys(reading.dropped).every((name) => query.get(name) === null) && <Dropped dropped={reading.dropped} query={query} />}
      {long && understood.found.length > 0 && (
        <dl className="reading_seen" aria-label={w.search.seen}>
          {understood.found.slice(0, 8).map((part, index) => (
            <div key={index}>
              <dt>{say(part.words)}</dt>
              <dd>
                <Logged>{part.value}</Logged>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {understood.tries.length > 1 && (
        <p className="reading_also">
          {w.search.also}{" "}
          {understood.tries.map(
            (criteria, index) =>
              index !== at && (
                <button key={index} type="button" className="as_link" onClick={() => take(index)}>
                  <Logged>{criteria_words(criteria, w)}</Logged>
                </button>
              ),
          )}
        </p>
      )}
    </div>
  );
}
