// What the picture and the list say of a station and of the way between two.
import { Way, WayEdge, WayNode } from "api/types";
import { clock, duration } from "base/format";
import { IconName } from "parts/icon";
import { named_status } from "parts/status";
import { Words } from "words/en";

const icons: Record<string, IconName> = {
  client: "person",
  host: "server",
  filter: "funnel",
  alias: "fork",
  mailbox: "inbox",
  bounce: "back",
  outside: "globe",
  refusal: "stop",
  nowhere: "trash",
};
export function node_icon(kind: string): IconName {
  return icons[kind] ?? "dots";
}
export function node_kind(node: WayNode, w: Words): string {
  if (node.kind === "refusal" && node.words) return named_status(node.words, w);
  const kinds: Record<string, string> = w.node;
  return kinds[node.kind] ?? node.kind;
}
// Where it ended without a place of its own, the name is what happened.
export function node_name(node: WayNode, w: Words): string {
  const said = node.words && named_status(node.words, w);
  if (node.kind === "outside" && node.name?.endsWith("]")) return node.name.replace(/ \[[^\]]*\]$/, "");
  if (node.name === "unknown" && node.detail) return node.detail;
  if (node.kind === "filter" && node.name) return w.mail.filter_on(node.name);
  // Customers are not told the names of the hosts.
  if (!node.name && (node.kind === "host" || node.kind === "filter")) return w.mail.at_provider;
  if (!node.name && node.kind === "outside") return w.mail.other_side;
  return (node.kind === "nowhere" && said) || node.name || w.unknown;
}
// What stands below the name: the address of another server, too.
export function node_detail(node: WayNode): string {
  const address = node.kind === "outside" ? / \[([^\]]*)\]$/.exec(node.name ?? "")?.[1] : undefined;
  return [address, node.detail].filter((part) => part && part !== node.name).join(" · ");
}
// Spent at a station: until the mail left it. An alias is no place: the time is that of the server that has it.
export function spent_at(way: Way, index: number): number | undefined {
  const node = way.nodes[index];
  if (node.kind === "client" || node.kind === "refusal" || node.kind === "alias") return undefined;
  const aliases = way.edges.filter((edge) => edge.from === index && way.nodes[edge.to]?.kind === "alias").map((edge) => edge.to);
  const leaves = way.edges.filter((edge) => [index, ...aliases].includes(edge.from));
  const out = leaves.filter((edge) => edge.seconds !== undefined).map((edge) => edge.seconds ?? 0);
  if (out.length) return Math.max(...out);
  if (node.from && node.until) return (new Date(node.until).getTime() - new Date(node.from).getTime()) / 1000;
  return undefined;
}

// The edge that ends here, if the mail goes no further: its recipients and its status are those of the end.
export function end_of(way: Way, index: number): WayEdge | undefined {
  if (way.edges.some((edge) => edge.from === index)) return undefined;
  return way.edges.find((edge) => edge.to === index && edge.status !== undefined);
}
function recipients_of(edge: WayEdge, w: Words): string {
  const [first = "", ...others] = edge.recipients ?? [];
  return others.length ? `${first} ${w.mail.and_more(others.length)}` : first;
}
export interface Sign {
  head: string;
  name: string;
  detail: string;
  end: string;
}
// `timed`: there is no room for the time beside the arrow.
export function sign_of(way: Way, index: number, w: Words, timed: boolean): Sign {
  const node = way.nodes[index];
  const joined = (...parts: string[]) => parts.filter(Boolean).join(" · ");
  const kind = node_kind(node, w);
  const incoming = way.edges.find((edge) => edge.to === index);
  const time = timed ? incoming?.at ?? node.from : undefined;
  const end = end_of(way, index);
  if (!end) {
    const seconds = spent_at(way, index);
    const spent = seconds === undefined ? "" : w.mail.spent(duration(seconds));
    return { head: kind, name: node_name(node, w), detail: node_detail(node), end: joined(time ? clock(time) : "", spent) };
  }
  const who = recipients_of(end, w);
  const tries = timed && (end.attempts ?? 1) > 1 ? w.row.attempts(end.attempts ?? 1) : "";
  const named = node.kind === "nowhere" ? who || node_name(node, w) : node_name(node, w);
  const rest = [named === who ? "" : who, node_detail(node)].filter(Boolean);
  const last = joined(time ? clock(time) : "", tries);
  const head = joined(kind, status_word(way, end, w));
  // The recipient says more than the address of the server.
  return last ? { head, name: named, detail: rest[0] ?? "", end: last } : { head, name: named, detail: rest[0] ?? "", end: rest[1] ?? "" };
}

export function edge_words(way: Way, edge: WayEdge, w: Words): string {
  const kinds: Record<string, string> = w.edge;
  const attempts = (edge.attempts ?? 1) > 1 ? w.row.attempts(edge.attempts ?? 1) : "";
  const ends = edge.tone === "bad" || edge.kind === "deliver" || edge.kind === "attempt";
  const what = ends ? status_word(way, edge, w) : kinds[edge.kind] ?? edge.kind;
  return [edge.at ? clock(edge.at) : "", what, attempts].filter(Boolean).join(" · ");
}
// The end of a delivery may say more than its row does: kept in a mailbox, forwarded, thrown away by a rule there.
function status_word(way: Way, edge: WayEdge, w: Words): string {
  const there = way.nodes[edge.to];
  if (edge.status === "sent" && there?.kind === "mailbox") return w.status.delivered;
  if (edge.status === "sent" && there?.kind === "alias") return w.status.forwarded;
  if (edge.status === "deferred" && edge.tone === "waiting") return w.status.waiting;
  if (there?.kind === "nowhere" && there.words) return named_status(there.words, w);
  const kinds: Record<string, string> = { ...w.edge, ...w.status };
  return kinds[edge.status ?? ""] ?? kinds[edge.kind] ?? "";
}
