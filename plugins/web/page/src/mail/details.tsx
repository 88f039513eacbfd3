// Everything stored, by the names of the columns: for admins and for tickets to other admins.
import { Connect, Deliver } from "api/types";
import { day_and_clock, duration, size, zone_name } from "base/format";
import { link } from "base/route";
import { Logged } from "parts/address";
import { use_words } from "words";
import { Words } from "words/en";

const times = new Set(["connect_time", "deliver_time", "end_time"]);
const spans = new Set(["delay", "delay_before", "delay_queue", "delay_connect", "delay_transmit"]);
const links: Record<string, (value: string) => string> = {
  message_id: (value) => link("search", { message_id: value }),
  queue_id: (value) => link("search", { queue_id: value }),
  next_queue_id: (value) => link("search", { queue_id: value }),
  sender: (value) => link("search", { sender: value }),
  recipient: (value) => link("search", { recipient: value }),
  original_recipient: (value) => link("search", { recipient: value }),
  server: (value) => link("search", { logged_by: value }),
  client_addr: (value) => link("search", { received_from: value }),
  client_name: (value) => link("search", { received_from: value }),
  relay_name: (value) => link("search", { sent_to: value }),
  relay_addr: (value) => link("search", { sent_to: value }),
  sasl_user: (value) => link("search", { sasl_user: value }),
  origin_id: (value) => link(`mail/${value}`),
};

// core/mail/rows.h; what has no words here keeps its number.
function flag_words(flags: number, words: Record<number, string>): string {
  const said: string[] = [];
  let rest = flags;
  for (const [bit, word] of Object.entries(words)) {
    if (!(rest & Number(bit))) continue;
    said.push(word);
    rest -= Number(bit);
  }
  if (rest || !said.length) said.push(String(rest));
  return said.join(", ");
}

function shown(name: string, value: unknown, w: Words): string {
  if (name === "flags") return flag_words(Number(value), w.mail.flags);
  if (times.has(name)) return `${day_and_clock(String(value))} ${zone_name(String(value))}`;
  if (spans.has(name)) return duration(Number(value));
  if (name === "size") return size(Number(value));
  return String(value);
}

function Columns({ row, title }: { row: object; title: string }) {
  const w = use_words();
  const columns = Object.entries(row).filter(([name]) => name !== "day");
  return (
    <section className="details">
      <h3>
        <Logged>{title}</Logged>
      </h3>
      <dl>
        {columns.map(([name, value]) => {
          const text = name === "sender" && value === "" ? w.null_sender : shown(name, value, w);
          const to = links[name];
          return (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{to ? <a href={to(String(value))}><Logged>{text}</Logged></a> : <Logged>{text}</Logged>}</dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}

export function ConnectDetails({ connect }: { connect: Connect }) {
  const w = use_words();
  return <Columns row={connect} title={w.mail.of_mail} />;
}
export function DeliverDetails({ deliver }: { deliver: Deliver }) {
  const w = use_words();
  return <Columns row={deliver} title={w.mail.of_delivery(deliver.recipient ?? (deliver.queue_id ? w.all_recipients : w.no_recipient))} />;
}
