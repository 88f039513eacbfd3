// The way as a picture. Shapes, words and dashes say what colours say.
import { Tone, Way, WayEdge, WayNode } from "api/types";
import { clock } from "base/format";
import { visible } from "base/hostile";
import { use_width } from "base/hooks";
import { card, is_fork, Layout, layout_of, rail } from "mail/way_layout";
import { node_detail, node_icon, Sign, sign_of } from "mail/way_words";
import { icon_path } from "parts/icon";
import { use_words } from "words";
import { Words } from "words/en";

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

function title_of(node: WayNode, sign: Sign): string {
  return visible([sign.head, node_name_and_detail(node, sign), sign.end].filter(Boolean).join(", "));
}
function node_name_and_detail(node: WayNode, sign: Sign): string {
  return [sign.name, sign.detail, node_detail(node)].filter((part, at, all) => part && all.indexOf(part) === at).join(", ");
}

function Card({ way, index, layout, w }: { way: Way; index: number; layout: Layout; w: Words }) {
  const node = way.nodes[index];
  const { x, y } = layout.places[index];
  const inner = layout.card - 24;
  const sign = sign_of(way, index, w, false);
  return (
    <g className={`way_node tone_${node.tone ?? "neutral"} way_${node.kind}`} transform={`translate(${x} ${y})`}>
      <title>{title_of(node, sign)}</title>
      <rect className="way_card" width={layout.card} height={card.height} rx="12" />
      <Symbol kind={node.kind} x={12} y={11} />
      <text className="way_kind" x={37} y={24}>
        {fitted(sign.head, layout.card - 37 - 8, 11, 500)}
      </text>
      <text className="way_name" x={12} y={47}>
        {fitted(sign.name, inner, 13.5, 600)}
      </text>
      <text className="way_detail" x={12} y={64}>
        {fitted(sign.detail, inner, 11)}
      </text>
      <text className="way_spent" x={12} y={81}>
        {fitted(sign.end, inner, 11, 500)}
      </text>
    </g>
  );
}

// A long name goes on in the next line, broken where it may be: no pointer hovers over a phone.
function in_lines(text: string, width: number, size: number, weight: number): string[] {
  const whole = visible(text);
  const first = fitted(text, width, size, weight);
  if (first === whole) return [whole];
  const most = first.length - 1;
  let at = most;
  for (let place = most; place > most / 3; --place) {
    if (" @.-".includes(whole.charAt(place))) {
      at = place;
      break;
    }
  }
  return [whole.slice(0, at).trimEnd(), fitted(whole.slice(at).trimStart(), width, size, weight)];
}
function lines_of(way: Way, index: number, width: number, w: Words): { look: string; text: string }[] {
  const sign = sign_of(way, index, w, true);
  const lines = [
    { look: "way_kind", text: fitted(sign.head, width, 11, 500) },
    ...in_lines(sign.name, width, 14.5, 600).map((text) => ({ look: "way_name", text })),
    ...in_lines(sign.detail, width, 11.5, 400).map((text) => ({ look: "way_detail", text })),
    { look: "way_detail", text: fitted(sign.end, width, 11.5) },
  ];
  return lines.filter((line) => line.text !== "");
}

function Station({ way, index, layout, w }: { way: Way; index: number; layout: Layout; w: Words }) {
  const node = way.nodes[index];
  const { x, y } = layout.places[index];
  return (
    <g className={`way_node tone_${node.tone ?? "neutral"} way_${node.kind}`}>
      <title>{title_of(node, sign_of(way, index, w, true))}</title>
      <circle className="way_card" cx={x} cy={y} r="17" />
      <Symbol kind={node.kind} x={x - 9} y={y - 9} />
      {lines_of(way, index, layout.width - layout.text_x - 4, w).map((line, at) => (
        <text key={at} className={line.look} x={layout.text_x} y={y - 15 + at * rail.line}>
          {line.text}
        </text>
      ))}
    </g>
  );
}

const dashed: Tone[] = ["waiting", "bad"];

// `beside`: how many edges between the same two are drawn already.
interface Drawn {
  edge: WayEdge;
  layout: Layout;
  beside: number;
  forked: boolean; // others begin where this one begins
}
function ends_of({ edge, layout, beside }: Drawn): { x1: number; y1: number; x2: number; y2: number } {
  const a = layout.places[edge.from];
  const b = layout.places[edge.to];
  if (layout.kind === "rows") return { x1: a.x + 7 * beside, y1: a.y + 17, x2: b.x + 7 * beside, y2: b.y - 20 };
  const aside = card.height / 2 + 26 * beside;
  return { x1: a.x + layout.card, y1: a.y + aside, x2: b.x - 3, y2: b.y + aside };
}

function Edge(drawn: Drawn) {
  const { x1, y1, x2, y2 } = ends_of(drawn);
  const tone = drawn.edge.tone ?? "neutral";
  const look = `way_edge tone_${tone}${dashed.includes(tone) ? " way_dashed" : ""}`;
  // Where lines part, they do so at once: behind that there is room for the time of the straight one.
  const [leaves, arrives] = drawn.forked ? [0.2, 0.4] : [0.5, 0.5];
  const along = (part: number) => x1 + part * (x2 - x1);
  let path = `M${x1} ${y1}C${along(leaves)} ${y1} ${along(arrives)} ${y2} ${x2} ${y2}`;
  if (drawn.layout.kind === "rows") {
    const bend = Math.min(y2 - 12, y1 + 46); // the arrow points down: its last piece is straight
    path = x1 === x2 ? `M${x1} ${y1}V${y2}` : `M${x1} ${y1}C${x1} ${y1 + 26} ${x2} ${bend - 26} ${x2} ${bend}V${y2}`;
  }
  return <path className={look} d={path} markerEnd={`url(#way_arrow_${tone})`} />;
}

// Drawn after all edges: no line goes through a time.
function EdgeTime(drawn: Drawn) {
  const { x1, y1, x2, y2 } = ends_of(drawn);
  const { edge } = drawn;
  if (!edge.at || drawn.layout.kind === "rows") return null;
  const level = Math.abs(y1 - y2) < 2;
  // At the end, on the side the line does not come from; a straight line alone has room in its middle.
  const label = { x: level && !drawn.forked ? (x1 + x2) / 2 + 24 : x2 - 10, y: level || y2 < y1 ? y2 - 8 : y2 + 17 };
  const often = (edge.attempts ?? 1) > 1 ? `${edge.attempts}× ` : "";
  return (
    <text className="way_time" x={label.x} y={label.y}>
      {often}
      {clock(edge.at)}
    </text>
  );
}

function beside(way: Way, index: number): number {
  const { from, to } = way.edges[index];
  return way.edges.slice(0, index).filter((edge) => edge.from === from && edge.to === to).length;
}

export function WayPicture({ way }: { way: Way }) {
  const w = use_words();
  const [frame, width] = use_width();
  const most_lines = (room: number) => Math.max(...way.nodes.map((_node, index) => lines_of(way, index, room, w).length));
  const layout = width > 0 && way.nodes.length > 0 ? layout_of(way, width, most_lines) : null;
  const drawn = layout ? way.edges.map((edge, index) => ({ edge, layout, beside: beside(way, index), forked: is_fork(way, edge.from) })) : [];
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
          {drawn.map((one, index) => (
            <Edge key={index} {...one} />
          ))}
          {drawn.map((one, index) => (
            <EdgeTime key={index} {...one} />
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
