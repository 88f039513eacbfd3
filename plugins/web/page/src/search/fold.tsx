// The fold-out of a result: what happened, attempts, technical details, log lines.
import { get } from "api/client";
import { Mail, Result, Verdict } from "api/types";
import { zone } from "base/format";
import { use_loaded } from "base/hooks";
import { may, use_session } from "base/session";
import { AlikeNote } from "mail/alike";
import { Attempts } from "mail/attempts";
import { ConnectDetails, DeliverDetails } from "mail/details";
import { Lines } from "mail/lines";
import { TicketButton } from "mail/ticket";
import { Verdicts } from "mail/verdict";
import { Trouble, Waiting } from "parts/notice";
import { use_words } from "words";

// Those about this delivery; all of the mail if none says so.
function verdicts_for(result: Result, all: Verdict[]): Verdict[] {
  const { deliver } = result;
  if (!deliver) return all;
  const by_row = all.filter((verdict) => verdict.deliveries?.includes(deliver.id));
  if (by_row.length) return by_row;
  const names = [deliver.recipient, deliver.original_recipient];
  const by_name = all.filter((verdict) => names.includes(verdict.recipient) || names.includes(verdict.original_recipient));
  return by_name.length ? by_name : all;
}

export function Fold({ result }: { result: Result }) {
  const w = use_words();
  const { session } = use_session();
  const { connect, deliver } = result;
  const mail = use_loaded((signal) => get<Mail>(`mails/${connect.id}`, { zone: zone() }, signal), [connect.id, deliver?.id]);
  if (mail.error !== undefined) return <Trouble error={mail.error} again={mail.reload} />;
  if (!mail.value) return <Waiting />;
  const attempts = mail.value.deliveries.filter((other) => !deliver || other.recipient === deliver.recipient);
  return (
    <>
      <Verdicts verdicts={verdicts_for(result, mail.value.verdicts)} />
      {deliver && deliver.status !== "sent" && <AlikeNote mail={connect.id} deliver={deliver.id} />}
      <div className="fold_tools">
        <TicketButton mail={connect.id} deliver={deliver?.id} />
      </div>
      {attempts.length > 1 && <Attempts deliveries={attempts} verdicts={mail.value.verdicts} />}
      <details className="more">
        <summary>{w.mail.details}</summary>
        <div className="details_pair">
          <ConnectDetails connect={mail.value.connect} />
          {deliver && <DeliverDetails deliver={deliver} />}
        </div>
      </details>
      {may(session, "lines") && <Lines mail={connect.id} />}
    </>
  );
}
