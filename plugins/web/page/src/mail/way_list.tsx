// The way as a list: everything the picture says, for reading aloud and for copying.
import { Way } from "api/types";
import { clock, day_and_clock, duration } from "base/format";
import { link } from "base/route";
import { edge_words, node_detail, node_icon, node_kind, node_name, spent_at } from "mail/way_words";
import { Logged } from "parts/address";
import { Icon } from "parts/icon";
import { use_words } from "words";

export function WayList({ way }: { way: Way }) {
  const w = use_words();
  return (
    <ol className="way_list">
      {way.nodes.map((node, index) => {
        const seconds = spent_at(way, index);
        return (
          <li key={index} className={`tone_${node.tone ?? "neutral"}`}>
            <Icon name={node_icon(node.kind)} />
            <div>
              <p>
                <span className="muted">{node_kind(node, w)}</span>{" "}
                <strong>
                  <Logged>{node_name(node, w)}</Logged>
                </strong>{" "}
                {node_detail(node) && (
                  <span className="muted">
                    <Logged>{node_detail(node)}</Logged>
                  </span>
                )}
              </p>
              <p className="muted">
                {node.from && (
                  <time dateTime={node.from}>
                    {day_and_clock(node.from)}
                    {node.until && node.until !== node.from && ` – ${clock(node.until)}`}
                  </time>
                )}
                {seconds !== undefined && ` · ${w.mail.spent(duration(seconds))}`}
              </p>
              <ul>
                {way.edges
                  .filter((edge) => edge.from === index)
                  .map((edge, at) => (
                    <li key={at} className={`tone_${edge.tone ?? "neutral"}`}>
                      <Icon name="right" />
                      <span>
                        {edge_words(way, edge, w)}: <Logged>{way.nodes[edge.to] ? node_name(way.nodes[edge.to], w) : w.unknown}</Logged>
                        {edge.recipients && edge.recipients.length > 0 && (
                          <>
                            {" "}
                            (<Logged>{edge.recipients.join(", ")}</Logged>)
                          </>
                        )}
                        {edge.answer && edge.tone !== "good" && (
                          <>
                            {" "}
                            <q>
                              <Logged>{edge.answer}</Logged>
                            </q>
                          </>
                        )}
                      </span>
                    </li>
                  ))}
              </ul>
              {node.mail && <a href={link(`mail/${node.mail}`)}>{w.mail.of_mail}</a>}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
