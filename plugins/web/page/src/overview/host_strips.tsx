// When each server's lines came, as a strip over the time of the overview: where it was heard, and where not.
import { Host } from "api/types";
import { day_and_time } from "base/format";
import { visible } from "base/hostile";
import { link } from "base/route";
import { use_words } from "words";

interface Piece {
  from: number; // milliseconds since 1970
  to: number;
  heard: boolean;
}

// From its first line to its last, without the gaps; neighbours touch.
function pieces_of(host: Host, from: number, to: number): Piece[] {
  const within = (time: string) => Math.min(to, Math.max(from, new Date(time).getTime()));
  const out: Piece[] = [];
  let at = within(host.first_time);
  for (const gap of host.gaps ?? []) {
    const [begin, end] = [within(gap.from), within(gap.to)];
    if (begin > at) out.push({ from: at, to: begin, heard: true });
    if (end > begin) out.push({ from: begin, to: end, heard: false });
    at = Math.max(at, end);
  }
  const last = within(host.last_time);
  if (last > at) out.push({ from: at, to: last, heard: true });
  return out;
}

const height = 14;
const width = 1000;

export function HostStrips({ hosts, from, to }: { hosts: Host[]; from: string; to: string }) {
  const w = use_words();
  const [start, end] = [new Date(from).getTime(), new Date(to).getTime()];
  const across = (time: number) => ((time - start) / (end - start)) * width;
  const iso = (time: number) => new Date(time).toISOString();
  return (
    <figure className="strips">
      <ol>
        {hosts.map((host, index) => (
          <li key={host.host}>
            <bdi className="strip_name">{visible(host.host)}</bdi>
            <svg className="strip" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="group" aria-label={visible(host.host)}>
              <defs>
                <pattern id={`strip_gap_${index}`} width="12" height={height} patternUnits="userSpaceOnUse">
                  <rect className="strip_gap_ground" width="12" height={height} />
                  <path className="strip_gap_line" d={`M0 ${height} 12 0`} />
                </pattern>
              </defs>
              <rect className="strip_ground" width={width} height={height} />
              {pieces_of(host, start, end).map((piece) => {
                const span = w.overview.gap(day_and_time(iso(piece.from)), day_and_time(iso(piece.to)));
                const told = piece.heard ? w.overview.heard(span) : w.overview.not_heard(span);
                const name = w.overview.open_search(`${visible(host.host)}: ${told}`);
                const search = { logged_by: host.host, connect_from: iso(piece.from), connect_to: iso(piece.to) };
                return (
                  <a key={piece.from} href={link("search", search)} aria-label={name}>
                    <title>{told}</title>
                    <rect
                      className={piece.heard ? "strip_heard" : "strip_gap"}
                      x={across(piece.from)}
                      width={Math.max(3, across(piece.to) - across(piece.from))}
                      height={height}
                      fill={piece.heard ? undefined : `url(#strip_gap_${index})`}
                    />
                  </a>
                );
              })}
            </svg>
          </li>
        ))}
      </ol>
      <figcaption>
        <time dateTime={from}>{day_and_time(from)}</time>
        <time dateTime={to}>{day_and_time(to)}</time>
      </figcaption>
    </figure>
  );
}
