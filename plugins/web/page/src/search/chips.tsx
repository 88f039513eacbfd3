// What the search is limited to, each removable.
import { day_and_time } from "base/format";
import { Icon } from "parts/icon";
import { changed, Params, shown_value, statuses_of, text_fields, time_fields } from "search/query";
import { use_words } from "words";

interface Chip {
  name: string;
  label: string;
  value: string;
  without: Params;
}

export function Chips({ query, open }: { query: Params; open: (next: Params) => void }) {
  const w = use_words();
  const chips: Chip[] = [];
  for (const name of text_fields) {
    const value = query.get(name);
    if (value === null || (value === "" && name !== "sender")) continue;
    chips.push({ name, label: w.search.field[name], value: shown_value(name, value, w), without: changed(query, { [name]: null }) });
  }
  const chosen = statuses_of(query);
  for (const status of chosen) {
    const rest = chosen.filter((other) => other !== status).join(",");
    const words: Record<string, string> = w.status;
    chips.push({ name: "status", label: w.search.field.status, value: words[status], without: changed(query, { status: rest || null }) });
  }
  for (const name of time_fields) {
    const value = query.get(name);
    if (!value || Number.isNaN(Date.parse(value))) continue;
    chips.push({ name, label: w.search.field[name], value: day_and_time(value), without: changed(query, { [name]: null }) });
  }
  if (chips.length === 0) return null;
  const none = changed(query, Object.fromEntries([...text_fields, "status", "time", ...time_fields].map((name) => [name, null])));
  return (
    <ul className="chips">
      {chips.map((chip) => (
        <li key={chip.name + chip.value} className="chip" data-field={chip.name}>
          <span className="chip_name">{chip.label}</span>
          <bdi className="chip_value">{chip.value}</bdi>
          <button
            type="button"
            aria-label={w.search.remove_chip(`${chip.label} ${chip.value}`)}
            onClick={() => open(chip.without)}
          >
            <Icon name="cross" />
          </button>
        </li>
      ))}
      {chips.length > 1 && (
        <li>
          <button type="button" className="as_link" onClick={() => open(none)}>
            {w.search.clear}
          </button>
        </li>
      )}
    </ul>
  );
}
