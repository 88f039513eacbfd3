// The way as a picture. Shapes, words and dashes say what colours say.
import { Tone, Way, WayEdge, WayNode } from "api/types";
import { clock, duration } from "base/format";
import { visible } from "base/hostile";
import { use_width } from "base/hooks";
import { card, Layout, layout_of } from "mail/way_layout";
import { icon_path, IconName } from "parts/icon";
import { current_language, use_words } from "words";
import { Words } from "words/en";

const icons: Record<string, IconName> = {
  client: "person",
  host: "server",
  filter: "funnel",
  alias: "fork",
  mailbox: "inbox",
  bounce: "back",
  outside: "globe",
  refusal: "stop",
  nowhere: "trash",
};
export function node_icon(kind: string): IconName {
  return icons[kind] ?? "dots";
}
export function node_kind(node: WayNode, w: Words): string {
  const kinds: Record<string, string> = w.node;
  return kinds[node.kind] ?? node.kind;
}
// Where it ended without a place of its own, the name is what happened.
export function node_name(node: WayNode, w: Words): string {
  const said = node.words?.[current_language()];
  if (node.kind === "outside" && node.name?.endsWith("]")) return node.name.replace(/ \[[^\]]*\]$/, "");
  if (node.name === "unknown" && node.detail) return node.detail;
  if (node.kind === "filter" && node.name) return w.mail.filter_on(node.name);
  // Customers are not told the names of the hosts.
  if (!node.name && (node.kind === "host" || node.kind === "filter")) return w.mail.at_provider;
  if (!node.name && node.kind === "outside") return w.mail.other_side;
  return (node.kind === "nowhere" && said) || node.name || w.unknown;
}
// What stands below the name: the address of another server, too.
export function node_detail(node: WayNode): string {
  const address = node.kind === "outside" ? / \[([^\]]*)\]$/.exec(node.name ?? "")?.[1] : undefined;
  return [address, node.detail].filter(Boolean).join(" · ");
}
// Spent at a station: until the mail left it.
export function spent_at(way: Way, index: number): number | undefined {
  const node = way.nodes[index];
  const out = way.edges.filter((edge) => edge.from === index && edge.seconds !== undefined).map((edge) => edge.seconds ?? 0);
  if (node.kind === "client") return undefined;
  if (out.length) return Math.max(...out);
  if (node.from && node.until) return (new Date(node.until).getTime() - new Date(node.from).getTime()) / 1000;
  return undefined;
}

let measure: CanvasRenderingContext2D | null = null;
function fitted(text: string, width: number, size: number, weight = 400): string {
  measure = measure ?? document.createElement("canvas").getContext("2d");
  const clean = visible(text);
  if (!measure) return clean;
  measure.font = `${weight} ${size}px ${getComputedStyle(document.body).fontFamily}`;
  if (measure.measureText(clean).width <= width) return clean;
  const characters = Array.from(clean).slice(0, 200);
  while (characters.length > 1 && measure.measureText(`${characters.join("")}…`).width > width) characters.pop();
  return `${characters.join("")}…`;
}

function Symbol({ kind, x, y, size = 18 }: { kind: string; x: number; y: number; size?: number }) {
  return <path
    className="way_icon"
    d={icon_path(node_icon(kind))}
    transform={`translate(${x} ${y}) scale(${size / 20})`}
  />;
}

function Card({ way, index, layout, w }: { way: Way; index: number; layout: Layout; w: Words }) {
  const node = way.nodes[index];
  const { x, y } = layout.places[index];
  const inner = layout.card - 24;
  const seconds = spent_at(way, index);
  return (
    <g className={`way_node tone_${node.tone ?? "neutral"} way_${node.kind}`} transform={`translate(${x} ${y})`}>
      <title>{visible([node_kind(node, w), node_name(node, w), node_detail(node)].join(" "))}</title>
      <rect className="way_card" width={layout.card} height={card.height} rx="12" />
      <Symbol kind={node.kind} x={12} y={11} />
      <text className="way_kind" x={37} y={24}>
        {fitted(node_kind(node, w), inner - 25, 11)}
      </text>
      <text className="way_name" x={12} y={47}>
        {fitted(node_name(node, w), inner, 13.5, 600)}
      </text>
      <text className="way_detail" x={12} y={64}>
        {fitted(node_detail(node), inner, 11)}
      </text>
      {seconds !== undefined && (
        <text className="way_spent" x={12} y={81}>
          {w.mail.spent(duration(seconds))}
        </text>
      )}
    </g>
  );
}

function Station({ way, index, layout, w }: { way: Way; index: number; layout: Layout; w: Words }) {
  const node = way.nodes[index];
  const { x, y } = layout.places[index];
  const room = layout.width - layout.text_x - 4;
  const seconds = spent_at(way, index);
  const incoming = way.edges.find((edge) => edge.to === index);
  const second = [node_detail(node), seconds !== undefined ? w.mail.spent(duration(seconds)) : ""].filter(Boolean).join(" · ");
  const first = [node_kind(node, w), incoming ? edge_words(way, incoming, w) : node.from ? clock(node.from) : ""].filter(Boolean).join(" · ");
  return (
    <g className={`way_node tone_${node.tone ?? "neutral"} way_${node.kind}`}>
      <title>{visible([node_kind(node, w), node_name(node, w), node_detail(node)].join(" "))}</title>
      <circle className="way_card" cx={x} cy={y} r="17" />
      <Symbol kind={node.kind} x={x - 9} y={y - 9} />
      <text className="way_kind" x={layout.text_x} y={y - 15}>
        {fitted(first, room, 11)}
      </text>
      <text className="way_name" x={layout.text_x} y={y + 4}>
        {fitted(node_name(node, w), room, 14.5, 600)}
      </text>
      <text className="way_detail" x={layout.text_x} y={y + 22}>
        {fitted(second, room, 11.5)}
      </text>
    </g>
  );
}

export function edge_words(way: Way, edge: WayEdge, w: Words): string {
  const kinds: Record<string, string> = w.edge;
  const attempts = (edge.attempts ?? 1) > 1 ? w.row.attempts(edge.attempts ?? 1) : "";
  const ends = edge.tone === "bad" || edge.kind === "deliver" || edge.kind === "attempt";
  const what = ends ? status_word(way, edge, w) : kinds[edge.kind] ?? edge.kind;
  return [edge.at ? clock(edge.at) : "", what, attempts].filter(Boolean).join(" · ");
}
function status_word(way: Way, edge: WayEdge, w: Words): string {
  if (edge.status === "sent" && way.nodes[edge.to]?.kind === "mailbox") return w.status.delivered;
  const kinds: Record<string, string> = { ...w.edge, ...w.status };
  return kinds[edge.status ?? ""] ?? kinds[edge.kind] ?? "";
}
const dashed: Tone[] = ["waiting", "bad"];

// `beside`: how many edges between the same two are drawn already.
function Edge({ edge, layout, beside }: { edge: WayEdge; layout: Layout; beside: number }) {
  const a = layout.places[edge.from];
  const b = layout.places[edge.to];
  const tone = edge.tone ?? "neutral";
  const look = `way_edge tone_${tone}${dashed.includes(tone) ? " way_dashed" : ""}`;
  if (layout.kind === "rows") {
    const top = a.y + 17;
    const end = b.y - 20;
    const bend = Math.min(end - 12, top + 46); // the arrow points down: its last piece is straight
    const path =
      a.x === b.x
        ? `M${a.x} ${top}V${end}`
        : `M${a.x} ${top}C${a.x} ${top + 26} ${b.x} ${bend - 26} ${b.x} ${bend}V${end}`;
    return <path className={look} d={path} markerEnd={`url(#way_arrow_${tone})`} />;
  }
  const x1 = a.x + layout.card;
  const aside = 26 * beside;
  const y1 = a.y + card.height / 2 + aside;
  const x2 = b.x - 3;
  const y2 = b.y + card.height / 2 + aside;
  const middle = (x1 + x2) / 2;
  const level = Math.abs(y1 - y2) < 2;
  // At the end, on the side the line does not come from; a straight line has room in its middle.
  const label = { x: level ? middle + 24 : x2 - 10, y: level || y2 < y1 ? y2 - 8 : y2 + 17 };
  const often = (edge.attempts ?? 1) > 1 ? `${edge.attempts}× ` : "";
  return (
    <g>
      <path
        className={look}
        d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
        markerEnd={`url(#way_arrow_${tone})`}
      />
      {edge.at && (
        <text className="way_time" x={label.x} y={label.y}>
          {often}
          {clock(edge.at)}
        </text>
      )}
    </g>
  );
}

function beside(way: Way, index: number): number {
  const { from, to } = way.edges[index];
  return way.edges.slice(0, index).filter((edge) => edge.from === from && edge.to === to).length;
}

export function WayPicture({ way }: { way: Way }) {
  const w = use_words();
  const [frame, width] = use_width();
  const layout = width > 0 && way.nodes.length > 0 ? layout_of(way, width) : null;
  return (
    <div className="way_frame" ref={frame}>
      {layout && (
        <svg
          className={`way way_as_${layout.kind}`}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          width={layout.width}
          height={layout.height}
          role="img"
          aria-label={w.mail.way_alt(way.nodes.length)}
        >
          <defs>
            {(["good", "waiting", "bad", "neutral"] as const).map((tone) => (
              <marker
                key={tone}
                id={`way_arrow_${tone}`}
                className={`way_arrow tone_${tone}`}
                viewBox="0 0 10 10"
                refX="8"
                refY="5"
                markerWidth="7"
                markerHeight="7"
                orient="auto-start-reverse"
              >
                <path d="M1 1 9 5 1 9z" />
              </marker>
            ))}
          </defs>
          {way.edges.map((edge, index) => (
            <Edge key={index} edge={edge} layout={layout} beside={beside(way, index)} />
          ))}
          {way.nodes.map((_node, index) =>
            layout.kind === "columns" ? (
              <Card key={index} way={way} index={index} layout={layout} w={w} />
            ) : (
              <Station key={index} way={way} index={index} layout={layout} w={w} />
            ),
          )}
        </svg>
      )}
    </div>
  );
}
