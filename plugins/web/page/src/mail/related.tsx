// The bounce, the automatic reply, the greylisted refusal: mails that belong to this one.
import { get } from "api/client";
import { Related } from "api/types";
import { day_and_time } from "base/format";
import { use_loaded } from "base/hooks";
import { link } from "base/route";
import { Address } from "parts/address";
import { Icon } from "parts/icon";
import { shown_status, StatusPill } from "parts/status";
import { use_words } from "words";

export function RelatedMails({ id }: { id: string }) {
  const w = use_words();
  const { value } = use_loaded((signal) => get<{ related: Related[] }>(`mails/${id}/related`, {}, signal), [id]);
  if (!value || value.related.length === 0) return null;
  const relations: Record<string, string> = w.relation;
  return (
    <section className="card related">
      <h2>{w.mail.related}</h2>
      <ul>
        {value.related.map((mail) => (
          <li key={`${mail.relation}${mail.connect.id}${mail.deliver?.id ?? ""}`}>
            <a href={link(`mail/${mail.connect.id}`)}>
              <span className="related_kind">{relations[mail.relation] ?? mail.relation}</span>
              <span className="related_who">
                <Address value={mail.connect.sender} /> <Icon name="right" /> <Address value={mail.deliver?.recipient} />
              </span>
              <span className="related_end">
                <time dateTime={mail.connect.connect_time}>{day_and_time(mail.connect.connect_time)}</time>
                <StatusPill status={shown_status(mail)} />
              </span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
