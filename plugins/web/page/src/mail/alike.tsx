// You are not alone: how many others got the same answer from the same server.
import { get } from "api/client";
import { Alike } from "api/types";
import { use_loaded } from "base/hooks";
import { link } from "base/route";
import { Logged } from "parts/address";
import { Icon } from "parts/icon";
import { use_say, use_words } from "words";

export function AlikeNote({ mail, deliver }: { mail: string; deliver?: string }) {
  const w = use_words();
  const say = use_say();
  const { value } = use_loaded((signal) => get<Alike>(`mails/${mail}/alike`, { deliver }, signal), [mail, deliver]);
  if (!value || value.others === 0) return null;
  return (
    <div className="alike">
      <Icon name="people" />
      <div>
        <strong>{w.mail.alone}</strong>
        <p>
          <Logged>{say(value.sentence)}</Logged>{" "}
          {value.server && <a href={link("search", { sent_to: value.server, status: "deferred,bounced,expired,rejected", time: "7d" })}>{w.nav.search}</a>}
        </p>
      </div>
    </div>
  );
}
