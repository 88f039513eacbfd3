// What the API answers: the schemas of plugins/web/openapi.yaml.
export interface Text {
  de: string;
  en: string;
}
export type Role = "admin" | "helpdesk" | "user";
export const statuses = [
  "sent",
  "deferred",
  "bounced",
  "expired",
  "rejected",
  "blocked",
  "greylisted",
  "discarded",
  "filtered",
  "held",
  "deleted",
] as const;
export type Status = typeof statuses[number];
export type Tone = "good" | "waiting" | "bad" | "neutral";
export type Criteria = Record<string, string | string[]>;

export interface Session {
  name: string;
  role: Role;
  addresses?: string[];
  domains?: string[];
  csrf: string;
  how?: "password" | "proxy" | "token";
  must_change_password?: boolean;
  may?: string[];
  oldest?: string;
  version?: string;
}
export interface OwnSession {
  id: string;
  current: boolean;
  created: string;
  last_used: string;
  address?: string;
  agent?: string;
}
export interface Token {
  id: string;
  name: string;
  created: string;
  last_used?: string;
  expires?: string;
  token?: string;
}
export interface User {
  name: string;
  role: Role;
  addresses: string[];
  domains: string[];
  disabled: boolean;
  created?: string;
  last_login?: string;
  password?: string;
}
export interface AuditEntry {
  time: string;
  user: string;
  role?: Role;
  address?: string;
  action: string;
  what?: string;
  criteria?: Criteria; // what was searched for
  mail?: string; // which mail was looked at
  addresses?: string[]; // whose
  results?: number;
}
export interface AuditCheck {
  whole: boolean;
  entries: number;
  broken?: string;
}
export interface AuditPage {
  entries: AuditEntry[];
  next: string | null;
}

export interface Understood {
  kind: string;
  words: Text;
  tries: Criteria[];
  found: { name: string; words: Text; value: string }[];
  id?: string;
}
export interface Connect {
  day: string;
  id: string;
  connect_time: string;
  server: string;
  instance?: string;
  queue_id?: string;
  service?: string;
  client_name?: string;
  client_addr?: string;
  client_port?: number;
  helo?: string;
  protocol?: string;
  sasl_user?: string;
  tls?: string;
  sender?: string;
  message_id?: string;
  subject?: string;
  size?: number;
  recipients?: number;
  spam_score?: number;
  spam_action?: string;
  dkim?: string;
  dmarc?: string;
  spf?: string;
  origin_id?: string;
  origin_kind?: string;
  end_time?: string;
  flags: number;
}
export interface Deliver {
  day: string;
  connect_id: string;
  id: string;
  connect_time: string;
  deliver_time: string;
  server: string;
  queue_id?: string;
  transport?: string;
  recipient?: string;
  original_recipient?: string;
  relay_name?: string;
  relay_addr?: string;
  relay_port?: number;
  delay?: number;
  delay_before?: number;
  delay_queue?: number;
  delay_connect?: number;
  delay_transmit?: number;
  smtp_code?: number;
  dsn?: string;
  status?: Status;
  response?: string;
  reason?: string;
  next_queue_id?: string;
  folder?: string;
  tls?: string;
  flags: number;
}
export interface Sentence {
  customer: Text;
  admin: Text;
}
export interface Verdict {
  kind: string;
  tone: Tone;
  word: Text;
  sender?: string;
  recipient?: string;
  original_recipient?: string;
  sentence: Sentence;
  next?: Sentence;
  actor: string; // who takes the step next.customer
  admin_actor?: string; // who takes next.admin; absent for customers
  explanation?: { rule?: string; category?: string; text?: Sentence; next?: Sentence; general?: boolean };
  accepted?: string;
  decided?: string;
  attempts?: number;
  next_from?: string;
  next_to?: string;
  deadline?: string;
  overdue?: boolean;
  server?: string;
  folder?: string;
  target?: string;
  answer?: string;
  answered_by?: string;
  reason?: string;
  told?: string[];
  told_delivered?: boolean;
  greylist?: { refused?: string[]; accepted?: string; delivered?: string; accepted_id?: string };
  mail?: string;
  deliveries?: string[];
}
export type Direction = "incoming" | "outgoing" | "internal" | "passing";
export interface Result {
  connect: Connect;
  deliver: Deliver | null; // the last attempt
  direction: Direction;
  handed_on?: true; // to another own server or a filter
  deliveries?: string[]; // all attempts that were asked for
  kind?: string;
  tone?: Tone;
}
export interface SearchPage {
  results: Result[];
  next: string | null;
  complete: boolean;
  reached?: string;
}
export interface Mail {
  connect: Connect;
  deliveries: Deliver[];
  verdicts: Verdict[];
}
export interface WayNode {
  kind: string;
  name: string;
  detail?: string;
  words?: Text;
  mail?: string;
  from?: string;
  until?: string;
  tone?: Tone;
}
export interface WayEdge {
  from: number;
  to: number;
  kind: string;
  at?: string;
  seconds?: number;
  status?: string;
  tone?: Tone;
  attempts?: number;
  recipients?: string[];
  answer?: string;
}
export interface Way {
  mails: { connect: Connect; deliveries: Deliver[] }[];
  links: { from: string; to: string; kind: string }[];
  nodes: WayNode[];
  edges: WayEdge[];
}
export interface Related extends Result {
  relation: string;
}
export interface Alike {
  others: number;
  senders?: number;
  at_least?: boolean;
  since?: string;
  server?: string;
  criteria?: Criteria; // finds them, and this delivery
  sentence?: Text;
}
export interface Gap {
  from: string;
  to: string;
  lines?: number;
}
export interface Host {
  host: string;
  first_time: string;
  last_time: string;
  lines: number;
  unknown?: number;
  gaps?: Gap[];
}
export interface HostProof {
  host: string;
  first: string;
  last: string;
  lines: number;
  complete: boolean; // it sent lines before the time asked for, all over and until its end
  silent_seconds?: number;
  gaps?: Gap[];
  sentence: Text;
}
export interface Near {
  kind: string;
  value?: string;
  words: Text;
  query: Criteria;
  count: number;
  more?: boolean;
  newest?: string;
}
export interface Nothing {
  complete: boolean;
  sentence: Text;
  hosts?: HostProof[];
  losses?: { from: string; to: string; lines: number; receiver?: string; reason: string; words: Text }[];
  near: Near[];
}
export interface Count {
  name: string;
  count: number;
  criteria: Criteria;
}
export interface Reason extends Count {
  text?: Text;
}
export interface Destination extends Count {
  sent?: number;
  deferred?: number;
  bounced?: number;
  delay?: number;
}
export interface Overview {
  from: string;
  to: string;
  step: number;
  complete?: boolean; // false: only what is not before `reached` was counted
  reached?: string;
  columns: { time: string; counts: Partial<Record<Status, number>> }[];
  reasons: Reason[];
  destinations: Destination[];
  senders: Count[];
  recipients: Count[];
  hosts: Host[];
}
export interface SavedSearch {
  id: string;
  name: string;
  query: string;
}
