// One result: how the mail came in, and below it how it went out; unfolded, all about it.
import { Connect, Result } from "api/types";
import { clock, day_and_time } from "base/format";
import { visible } from "base/hostile";
import { link } from "base/route";
import { client_of, direction_icon, is_masked, is_refused, relay_of } from "mail/direction";
import { Address, Logged } from "parts/address";
import { Icon } from "parts/icon";
import { shown_status, StatusPill } from "parts/status";
import { Fold } from "search/fold";
import { use_words } from "words";
import { Words } from "words/en";

interface Given {
  name: string;
  result: Result;
  with_day: boolean;
  fresh: boolean;
  unfolded: boolean;
  fold: () => void;
  focused: () => void;
}

function came_from(connect: Connect, w: Words): string {
  if (is_masked(connect)) return "";
  if (connect.sasl_user) return w.row.login(connect.sasl_user);
  const client = client_of(connect);
  return client ? `${w.row.from_server} ${client}` : w.row.submitted;
}

function InLine({ result, with_day }: { result: Result; with_day: boolean }) {
  const w = use_words();
  const { connect, direction } = result;
  return (
    <div className="line line_in">
      <time
        dateTime={connect.connect_time}
      >
        {with_day ? day_and_time(connect.connect_time) : clock(connect.connect_time)}
      </time>
      <span className="direction" title={w.direction[direction]}>
        <Icon name={direction_icon[direction]} title={w.direction[direction]} />
      </span>
      <span className="who">
        <Address value={connect.sender} />
      </span>
      <span className="where">
        <Logged>{came_from(connect, w)}</Logged>
      </span>
    </div>
  );
}

function OutLine({ result }: { result: Result }) {
  const w = use_words();
  const { connect, deliver } = result;
  if (!deliver) {
    return (
      <div className="line line_out">
        <span />
        <span className="direction" />
        <span className="who muted">{w.row.not_yet}</span>
      </div>
    );
  }
  const relay = relay_of(deliver);
  // "(discarded)" and the like: the status says it.
  const folder = deliver.folder && !deliver.folder.startsWith("(") && deliver.status === "sent" ? w.row.into_folder(deliver.folder) : "";
  const where = is_refused(connect) && !is_masked(connect) ? w.row.refused_by(connect.server) : folder || (relay ? `${w.row.to_server} ${relay}` : "");
  const short = deliver.status !== "sent" ? (deliver.response ?? "").replace(/^host \S+ said: /, "") : "";
  const attempts = result.deliveries?.length ?? 1;
  const often = attempts > 1 ? w.row.attempts(attempts) : "";
  const alias = deliver.original_recipient && deliver.original_recipient !== deliver.recipient ? w.row.alias(deliver.original_recipient) : "";
  const moved = clock(deliver.deliver_time) !== clock(connect.connect_time);
  return (
    <div className="line line_out">
      <time dateTime={deliver.deliver_time} className={moved ? undefined : "same"}>
        {clock(deliver.deliver_time)}
      </time>
      <span className="direction">
        <Icon name="right" />
      </span>
      <span className="who">
        {deliver.recipient === undefined ? <span className="muted">{connect.queue_id ? w.all_recipients : w.no_recipient}</span> : <Address value={deliver.recipient} />}
      </span>
      <span className="where">
        <Logged>{[often, alias, where, short].filter(Boolean).join(" · ")}</Logged>
      </span>
    </div>
  );
}

export function Row({ name, result, with_day, fresh, unfolded, fold, focused }: Given) {
  const w = use_words();
  const { connect, deliver } = result;
  const status = deliver?.status ?? "open";
  return (
    <li
      id={`row-${name}`}
      className={`row${fresh ? " row_fresh" : ""}${unfolded ? " row_open" : ""}`}
      tabIndex={-1}
      onFocus={focused}
      data-status={status}
    >
      <div className="row_head">
        <div className="row_main">
          <InLine result={result} with_day={with_day} />
          <OutLine result={result} />
        </div>
        <div className="row_end">
          <StatusPill status={shown_status(result)} />
          <button
            type="button"
            className="quiet row_fold"
            aria-expanded={unfolded}
            aria-controls={`fold-${name}`}
            onClick={fold}
          >
            <span>{unfolded ? w.row.fold : w.row.open}</span> <Icon name="down" />
          </button>
        </div>
        <div className="row_ids">
          {connect.message_id && (
            <>
              <bdi className="id" title={visible(connect.message_id)}>
                {visible(connect.message_id)}
              </bdi>
              <a href={link("search", { message_id: connect.message_id })} title={w.row.same_id}>
                <Icon name="mails" /> <span>{w.row.same_id}</span>
              </a>
            </>
          )}
          <a href={link(`mail/${connect.id}`)} className="row_mail">
            <Icon name="way" /> <span>{w.row.mail_page}</span>
          </a>
        </div>
      </div>
      {unfolded && (
        <div className="row_fold_out" id={`fold-${name}`}>
          <Fold result={result} />
        </div>
      )}
    </li>
  );
}
