// One mail: what happened, its way, every attempt, what is related, the answer for the ticket.
import { useState } from "react";
import { get, Problem } from "api/client";
import { Mail, Way } from "api/types";
import { day_and_clock, zone, zone_name } from "base/format";
import { visible } from "base/hostile";
import { use_keys, use_loaded, use_title } from "base/hooks";
import { entry, link, parse_route } from "base/route";
import { may, use_session } from "base/session";
import { recall, remember } from "base/store";
import { AlikeNote } from "mail/alike";
import { Attempts } from "mail/attempts";
import { ConnectDetails, DeliverDetails } from "mail/details";
import { Lines } from "mail/lines";
import { RelatedMails } from "mail/related";
import { TicketCard } from "mail/ticket";
import { Verdicts } from "mail/verdict";
import { ends_apart, in_order } from "mail/way_layout";
import { WayList } from "mail/way_list";
import { WayPicture } from "mail/way_picture";
import { CopyButton } from "parts/copy";
import { Icon } from "parts/icon";
import { NoPage, Trouble, Waiting } from "parts/notice";
import { use_words } from "words";

// Whoever came by a link from elsewhere, as from a ticket, has nothing of ours to go back to.
function Back() {
  const w = use_words();
  const { before } = entry();
  if (before === null) {
    return (
      <a className="back" href={link("search")}>
        <Icon name="search" /> {w.to_search}
      </a>
    );
  }
  const [area = "search"] = parse_route(before).path;
  return (
    <button type="button" className="as_link back" onClick={() => window.history.back()}>
      <Icon name="back" /> {area === "search" ? w.mail.back : w.mail.back_plain}
    </button>
  );
}

function Head({ mail, id }: { mail: Mail; id: string }) {
  const w = use_words();
  const { connect, deliveries } = mail;
  const recipients = [...new Set(deliveries.map((deliver) => deliver.original_recipient ?? deliver.recipient ?? ""))].filter(Boolean);
  const to = recipients.length > 1 ? `${recipients[0]} ${w.mail.and_more(recipients.length - 1)}` : recipients[0] ?? w.no_recipient;
  const from = connect.sender === "" ? w.null_sender : connect.sender ?? w.unknown;
  const address = new URL(link(`mail/${id}`), window.location.href).href;
  return (
    <header className="mail_head">
      <Back />
      <h1>
        <bdi>{visible(from)}</bdi> <Icon name="right" /> <bdi>{visible(to)}</bdi>
      </h1>
      {connect.subject && (
        <p className="subject">
          <bdi>{visible(connect.subject)}</bdi>
        </p>
      )}
      <p className="mail_facts muted">
        <time dateTime={connect.connect_time}>
          {day_and_clock(connect.connect_time)} {zone_name(connect.connect_time)}
        </time>
        {connect.message_id && (
          <span className="mail_id">
            <bdi className="id">{visible(connect.message_id)}</bdi>{" "}
            <a href={link("search", { message_id: connect.message_id })}>{w.row.same_id}</a>
          </span>
        )}
        <CopyButton className="as_link" icon="link" label={w.mail.permanent} text={address} />
      </p>
    </header>
  );
}

function TheWay({ id }: { id: string }) {
  const w = use_words();
  const way = use_loaded((signal) => get<Way>(`mails/${id}/way`, {}, signal).then((value) => in_order(ends_apart(value))), [id]);
  const [list, set_list] = useState(recall("way") === "list");
  const choose = (as_list: boolean) => {
    remember("way", as_list ? "list" : null);
    set_list(as_list);
  };
  return (
    <section className="card the_way">
      <div className="card_head">
        <h2>{w.mail.way}</h2>
        <div className="switch" role="group" aria-label={w.mail.way}>
          <button type="button" aria-pressed={!list} onClick={() => choose(false)}>
            {w.mail.way_picture}
          </button>
          <button type="button" aria-pressed={list} onClick={() => choose(true)}>
            {w.mail.way_list}
          </button>
        </div>
      </div>
      {way.error !== undefined && <Trouble error={way.error} again={way.reload} />}
      {way.loading && <Waiting />}
      {way.value && (list ? <WayList way={way.value} /> : <WayPicture way={way.value} />)}
    </section>
  );
}

function Stored({ mail }: { mail: Mail }) {
  const w = use_words();
  return (
    <details className="more card">
      <summary>{w.mail.details}</summary>
      <div className="details_pair">
        <ConnectDetails connect={mail.connect} />
        {mail.deliveries.map((deliver) => (
          <DeliverDetails key={deliver.id} deliver={deliver} />
        ))}
      </div>
    </details>
  );
}

export function MailPage({ id }: { id: string }) {
  const w = use_words();
  const { session } = use_session();
  const mail = use_loaded((signal) => get<Mail>(`mails/${encodeURIComponent(id)}`, { zone: zone() }, signal), [id]);
  use_title(w.mail.title);
  use_keys({ c: () => document.getElementById("copy_ticket")?.click() });
  if (mail.error instanceof Problem && mail.error.type === "not_found") return <NoPage words={w.mail.gone} />;
  if (mail.error !== undefined) return <Trouble error={mail.error} again={mail.reload} />;
  if (!mail.value) return <Waiting />;
  const failed = mail.value.deliveries.filter((deliver) => deliver.status !== "sent").pop();
  return (
    <article className="mail">
      <Head mail={mail.value} id={id} />
      <div className="mail_verdict">
        <Verdicts verdicts={mail.value.verdicts} heading="h2" />
        {failed && <AlikeNote mail={id} deliver={failed.id} />}
      </div>
      <TheWay id={id} />
      <div className="mail_pair">
        <div>
          <div className="card">
            <Attempts deliveries={mail.value.deliveries} verdicts={mail.value.verdicts} />
          </div>
          <RelatedMails id={id} />
          <Stored mail={mail.value} />
          {may(session, "lines") && (
            <div className="card">
              <Lines mail={id} />
            </div>
          )}
        </div>
        <TicketCard mail={id} />
      </div>
    </article>
  );
}
