// You are not alone: how many others got the same answer from the same server.
import { get } from "api/client";
import { Alike } from "api/types";
import { zone } from "base/format";
import { use_loaded } from "base/hooks";
import { link } from "base/route";
import { Logged } from "parts/address";
import { Icon } from "parts/icon";
import { params_of } from "search/query";
import { use_say, use_words } from "words";

export function AlikeNote({ mail, deliver }: { mail: string; deliver?: string }) {
  const w = use_words();
  const say = use_say();
  const { value } = use_loaded((signal) => get<Alike>(`mails/${mail}/alike`, { deliver, zone: zone() }, signal), [mail, deliver]);
  if (!value || value.others === 0) return null;
  return (
    <div className="alike">
      <Icon name="people" />
      <div>
        <strong>{w.mail.alone}</strong>
        <p>
          <Logged>{say(value.sentence)}</Logged>{" "}
          {value.criteria && <a href={link("search", params_of(value.criteria))}>{w.mail.alone_search}</a>}
        </p>
      </div>
    </div>
  );
}
