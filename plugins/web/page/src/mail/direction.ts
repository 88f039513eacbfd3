// Whether a mail comes in, goes out, stays in the house or passes through, as the two lines of a row say it.
import { Connect, Deliver } from "api/types";
import { IconName } from "parts/icon";

export type Direction = "incoming" | "outgoing" | "internal" | "passing";
const refused_flag = 4; // core/mail/rows.h row_flag

export function is_refused(connect: Connect): boolean {
  return (connect.flags & refused_flag) !== 0;
}
// Customers are not told which host of ours it was, nor who brought the mail to it.
export function is_masked(connect: Connect): boolean {
  return !connect.server;
}
// `own`: whose mails are shown. That a mail was sent by one of them is believed only of what left the house:
// anybody may write their address into what he sends to them.
function masked_direction(connect: Connect, to_us: boolean, own: string[]): Direction {
  const is_own = own.some((address) => address.toLowerCase() === connect.sender?.toLowerCase());
  return is_own && !to_us ? "outgoing" : "incoming";
}
export function direction_of(connect: Connect, deliver: Deliver | null, own: string[] = []): Direction {
  const ours = Boolean(connect.sasl_user) || /^(submissions?(\/|$)|pickup)/.test(connect.service ?? "");
  const to_us = Boolean(deliver?.folder) || /^(lmtp|local|virtual|pipe|dovecot)/.test(deliver?.transport ?? "");
  if (is_masked(connect)) return masked_direction(connect, to_us, own);
  if (is_refused(connect)) return ours ? "outgoing" : "incoming";
  if (ours && to_us) return "internal";
  if (ours) return "outgoing";
  return to_us || !deliver?.transport ? "incoming" : "passing";
}
export const direction_icon: Record<Direction, IconName> = { incoming: "in", outgoing: "out", internal: "inbox", passing: "right" };

export function client_of(connect: Connect): string {
  const name = connect.client_name === "unknown" ? undefined : connect.client_name;
  return [name, connect.client_addr && (name ? `[${connect.client_addr}]` : connect.client_addr)].filter(Boolean).join(" ");
}
export function relay_of(deliver: Deliver): string {
  if (!deliver.relay_name || deliver.relay_name === "none") return "";
  return deliver.relay_name;
}
