// A status: colour, a shape of its own, and words. The tone alone never carries the meaning.
import { Status, Tone } from "api/types";
import { Icon, IconName } from "parts/icon";
import { use_words } from "words";

export type Shown = Status | "open";

const looks: Record<Shown, { tone: Tone; icon: IconName }> = {
  sent: { tone: "good", icon: "done" },
  deferred: { tone: "waiting", icon: "clock" },
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
