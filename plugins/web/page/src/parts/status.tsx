// A status: colour, a shape of its own, and words. The tone alone never carries the meaning.
import { Result, Status, Text, Tone } from "api/types";
import { Icon, IconName } from "parts/icon";
import { current_language, use_words } from "words";
import { Words } from "words/en";

// "sent" has two ends that people tell apart.
export type Shown = Status | "delivered" | "forwarded" | "waiting" | "handed_on" | "open";
export function shown_status({ deliver, kind, handed_on }: Pick<Result, "deliver" | "kind" | "handed_on">): Shown {
  if (deliver?.status === "sent" && handed_on) return "handed_on";
  if (deliver?.status === "sent" && (kind === "delivered" || kind === "forwarded" || kind === "discarded")) return kind;
  if (deliver?.status === "deferred" && kind === "waiting") return kind; // and not delivered since
  if (deliver?.status === "sent" && kind === "refused") return "rejected"; // by a rule of the mailbox
  return deliver?.status ?? "open";
}

// The server names a status in English as it is stored: the page has one word for each. What is no status keeps its words.
export function named_status(text: Text, w: Words): string {
  const words: Record<string, string> = { ...w.status, delayed: w.status.deferred, deferred: w.status.waiting, queued: w.status.open };
  return words[text.en] ?? (text[current_language()] || text.en);
}

const looks: Record<Shown, { tone: Tone; icon: IconName }> = {
  sent: { tone: "good", icon: "done" },
  delivered: { tone: "good", icon: "inbox" },
  forwarded: { tone: "good", icon: "fork" },
  handed_on: { tone: "neutral", icon: "done" },
  deferred: { tone: "neutral", icon: "clock" },
  waiting: { tone: "waiting", icon: "clock" },
  bounced: { tone: "bad", icon: "back" },
  expired: { tone: "bad", icon: "back" },
  rejected: { tone: "bad", icon: "stop" },
  blocked: { tone: "bad", icon: "shield" },
  greylisted: { tone: "waiting", icon: "again" },
  discarded: { tone: "neutral", icon: "trash" },
  filtered: { tone: "neutral", icon: "funnel" },
  held: { tone: "waiting", icon: "pause" },
  deleted: { tone: "neutral", icon: "trash" },
  open: { tone: "neutral", icon: "dots" },
};
export function tone_of(status: Shown): Tone {
  return looks[status]?.tone ?? "neutral";
}
export function icon_of(status: Shown): IconName {
  return looks[status]?.icon ?? "dots";
}

export function StatusPill({ status, tone, word }: { status: Shown; tone?: Tone; word?: string }) {
  const w = use_words();
  return (
    <span className={`pill tone_${tone ?? tone_of(status)}`} title={w.status_more[status] ?? status}>
      <Icon name={icon_of(status)} />
      <span>{word || w.status[status] || status}</span>
    </span>
  );
}
