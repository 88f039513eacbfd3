// Which way a mail goes, and from and to which server, as the two lines of a row say it.
import { Connect, Deliver, Direction } from "api/types";
import { IconName } from "parts/icon";

const refused_flag = 4; // core/mail/rows.h row_flag

export function is_refused(connect: Connect): boolean {
  return (connect.flags & refused_flag) !== 0;
}
// Customers are not told which host of ours it was, nor who brought the mail to it.
export function is_masked(connect: Connect): boolean {
  return !connect.server;
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
