// An address out of a log: whole, breakable at its end, harmless.
import { visible } from "base/hostile";
import { use_words } from "words";

export function Address({ value }: { value: string | undefined }) {
  const w = use_words();
  if (value === undefined) return <span className="address none">{w.unknown}</span>;
  if (value === "") return <span className="address none">{w.null_sender}</span>;
  return (
    <bdi className="address" title={visible(value)}>
      {visible(value)}
    </bdi>
  );
}

// "2026-11-23 20:12:21 CET", "23.11.2026, 20:12:21 Uhr (MEZ)": a time is read as one word.
const moments = /(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: [A-Z]{2,5}\b)?|\d\d\.\d\d\.\d{4}, \d\d:\d\d(?::\d\d)?(?: Uhr)?(?: \([A-Z]{2,5}\))?)/;

// Any other text out of a log, and sentences with such text.
export function Logged({ children }: { children: string }) {
  const parts = visible(children).split(moments);
  return (
    <bdi className="logged">
      {parts.map((part, index) => (index % 2 ? <span key={index} className="moment">{part}</span> : part))}
    </bdi>
  );
}
