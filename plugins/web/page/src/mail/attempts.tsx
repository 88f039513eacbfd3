// All attempts over time, and where the time went.
import { Deliver, Verdict } from "api/types";
import { day_and_clock, duration } from "base/format";
import { relay_of } from "mail/direction";
import { Address, Logged } from "parts/address";
import { shown_status, StatusPill } from "parts/status";
import { use_words } from "words";

export function Attempts({ deliveries, verdicts }: { deliveries: Deliver[]; verdicts: Verdict[] }) {
  const w = use_words();
  const kind_of = (deliver: Deliver) => {
    const kind = verdicts.find((verdict) => verdict.deliveries?.includes(deliver.id))?.kind;
    return kind === "waiting" ? undefined : kind; // the mail waits, not the attempt
  };
  const several = new Set(deliveries.map((deliver) => deliver.recipient)).size > 1;
  return (
    <section className="attempts">
      <h3>{w.mail.attempts}</h3>
      <ol className="timeline">
        {deliveries.map((deliver) => (
          <li key={deliver.id}>
            <div className="timeline_head">
              <time dateTime={deliver.deliver_time}>{day_and_clock(deliver.deliver_time)}</time>
              <StatusPill status={shown_status({ deliver, kind: kind_of(deliver) })} />
              {several && (deliver.recipient === undefined ? <span className="muted">{w.all_recipients}</span> : <Address value={deliver.recipient} />)}
              {relay_of(deliver) && (
                <span className="muted">
                  <Logged>{`${w.row.to_server} ${relay_of(deliver)}`}</Logged>
                </span>
              )}
            </div>
            {deliver.response && (
              <p className="timeline_answer">
                <Logged>{deliver.response}</Logged>
              </p>
            )}
            {deliver.reason && (
              <p className="timeline_reason muted">
                {w.mail.logged_before}: <Logged>{deliver.reason}</Logged>
              </p>
            )}
            <TimeSpent deliver={deliver} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function TimeSpent({ deliver }: { deliver: Deliver }) {
  const w = use_words();
  const parts: [string, number | undefined][] = [
    [w.mail.before, deliver.delay_before],
    [w.mail.queue, deliver.delay_queue],
    [w.mail.connecting, deliver.delay_connect],
    [w.mail.transmitting, deliver.delay_transmit],
  ];
  const said = parts.filter((part): part is [string, number] => (part[1] ?? 0) >= 0.1).map(([name, seconds]) => `${duration(seconds)} ${name}`);
  if (said.length === 0) return null;
  return <p className="timeline_time muted">{said.join(" · ")}</p>;
}
