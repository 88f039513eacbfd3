// How the pasted text was understood, and what else it could mean.
import { Criteria, Understood } from "api/types";
import { Logged } from "parts/address";
import { is_text_field, params_of } from "search/query";
import { use_say, use_words } from "words";
import { Words } from "words/en";

export interface Reading {
  understood: Understood;
  at: number; // which of the tries is shown
  by_itself: boolean; // because the one before found nothing
  exhausted: boolean; // none of them found anything: the likeliest is shown, with what comes near it
}

export function criteria_words(criteria: Criteria, w: Words): string {
  return Object.entries(params_of(criteria))
    .map(([name, value]) => `${is_text_field(name) ? w.search.field[name] : w.search.field.time} ${value}`)
    .join(", ");
}

export function ReadingNote({ reading, shown, take }: { reading: Reading | null; shown: boolean; take: (at: number) => void }) {
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
