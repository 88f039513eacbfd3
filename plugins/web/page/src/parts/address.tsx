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

// Any other text out of a log.
export function Logged({ children }: { children: string }) {
  return <bdi className="logged">{visible(children)}</bdi>;
}
