// What each logging host sent, and where lines are missing.
import { Host } from "api/types";
import { ago, day_and_time, number } from "base/format";
import { link } from "base/route";
import { HostStrips } from "overview/host_strips";
import { Icon } from "parts/icon";
import { Logged } from "parts/address";
import { use_words } from "words";

const quiet_after = 3600; // seconds

export function HostTable({ hosts, from, to }: { hosts: Host[]; from: string; to: string }) {
  const w = use_words();
  if (hosts.length === 0) return null;
  return (
    <section className="card">
      <h2>{w.overview.hosts}</h2>
      <HostStrips hosts={hosts} from={from} to={to} />
      <div className="table_frame" tabIndex={0} role="region" aria-label={w.overview.hosts}>
        <table>
          <thead>
            <tr>
              <th scope="col">{w.overview.host}</th>
              <th scope="col">{w.overview.first}</th>
              <th scope="col">{w.overview.last}</th>
              <th scope="col" className="right">
                {w.overview.lines}
              </th>
              <th scope="col" className="right">
                {w.overview.unknown}
              </th>
              <th scope="col">{w.overview.gaps}</th>
            </tr>
          </thead>
          <tbody>
            {hosts.map((host) => {
              const quiet = (Date.now() - new Date(host.last_time).getTime()) / 1000 > quiet_after;
              return (
                <tr key={host.host}>
                  <th scope="row">
                    <a href={link("search", { logged_by: host.host })}>
                      <Logged>{host.host}</Logged>
                    </a>
                  </th>
                  <td>{day_and_time(host.first_time)}</td>
                  <td>
                    {ago(host.last_time)} {quiet && <span className="pill tone_waiting"><Icon name="pause" /> {w.overview.quiet}</span>}
                  </td>
                  <td className="right">{number(host.lines)}</td>
                  <td className="right">{host.unknown === undefined ? "–" : number(host.unknown)}</td>
                  <td>
                    {host.gaps?.length
                      ? host.gaps.map((gap) => (
                          <span key={gap.from} className="pill tone_waiting">
                            <Icon name="warn" /> {w.overview.gap(day_and_time(gap.from), day_and_time(gap.to))}
                          </span>
                        ))
                      : w.overview.no_gap}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
