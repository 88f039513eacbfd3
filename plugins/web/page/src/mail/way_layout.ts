// Where the stations of a way stand. Wide: columns from left to right. Narrow or long: one station a row, with rails.
import { Way } from "api/types";

export interface Place {
  x: number;
  y: number;
}
export interface Layout {
  kind: "columns" | "rows";
  width: number;
  height: number;
  places: Place[]; // columns: left upper corner of the card; rows: centre of the dot
  card: number; // columns: how wide the cards are
  text_x: number; // rows: where the words begin
  lanes: number[];
}
export const card = { least: 112, most: 250, height: 92, gap: 64, fork_gap: 80, wide_gap: 120, between: 22, margin: 2 };
export const rail = { line: 18, between: 22, least: 80, lane: 30, first: 22, top: 34 };

// The same way with each station behind those that lead to it, as far as no loop forbids it.
export function in_order(way: Way): Way {
  const order: number[] = [];
  const leading_to = (index: number) => way.edges.filter((edge) => edge.to === index && edge.from !== index);
  const open = way.nodes.map((_node, index) => new Set(leading_to(index).map((edge) => edge.from)));
  const left = new Set(open.keys());
  while (left.size > 0) {
    const next = [...left].find((index) => open[index].size === 0) ?? [...left][0];
    left.delete(next);
    order.push(next);
    open.forEach((waiting) => waiting.delete(next));
  }
  const place = new Map(order.map((old, index) => [old, index]));
  const moved = (index: number) => place.get(index) ?? index;
  return {
    ...way,
    nodes: order.map((index) => way.nodes[index]),
    edges: way.edges.map((edge) => ({ ...edge, from: moved(edge.from), to: moved(edge.to) })),
  };
}

// One place where it ended in several ways (taken for one recipient, refused for another) becomes one for each: no colour
// and no word would be true for both.
export function ends_apart(way: Way): Way {
  const nodes = [...way.nodes];
  const edges = [...way.edges];
  way.nodes.forEach((node, index) => {
    const into = way.edges.map((edge, at) => ({ edge, at })).filter(({ edge }) => edge.to === index);
    const statuses = new Set(into.map(({ edge }) => edge.status));
    if (node.mail || statuses.size < 2 || way.edges.some((edge) => edge.from === index)) return;
    const places = new Map<string | undefined, number>();
    for (const { edge, at } of into) {
      const first = places.size === 0;
      const place = places.get(edge.status) ?? (first ? index : nodes.length);
      if (!places.has(edge.status)) {
        nodes[place] = { ...node, tone: edge.tone };
        places.set(edge.status, place);
      }
      edges[at] = { ...edge, to: place };
    }
  });
  return { ...way, nodes, edges };
}

// The longest way to each station; an edge back (a loop) is not followed.
function columns_of(way: Way): number[] {
  const column = way.nodes.map(() => 0);
  for (let round = 0; round < way.nodes.length; ++round) {
    let moved = false;
    for (const edge of way.edges) {
      if (edge.to <= edge.from || column[edge.to] > column[edge.from]) continue;
      column[edge.to] = column[edge.from] + 1;
      moved = true;
    }
    if (!moved) break;
  }
  return column;
}

export function is_fork(way: Way, index: number): boolean {
  return way.edges.filter((edge) => edge.from === index).length > 1;
}
function in_columns(way: Way, width: number): Layout | null {
  const column = columns_of(way);
  const count = Math.max(0, ...column) + 1;
  const room = width - 2 * card.margin;
  // Where lines part, the time beside the straight one needs room behind the parting.
  const least_gap = way.nodes.some((_node, index) => is_fork(way, index)) ? card.fork_gap : card.gap;
  const needed = count * card.least + (count - 1) * least_gap;
  const members = Array.from({ length: count }, (_, at) => way.nodes.map((_node, index) => index).filter((index) => column[index] === at));
  const most = Math.max(...members.map((list) => list.length));
  if (needed > room || most > 8) return null;
  const height = most * card.height + (most - 1) * card.between + 2 * card.margin;
  // Names need the room more than lines do.
  const wide = Math.min(card.most, (room - (count - 1) * least_gap) / count);
  const gap = count > 1 ? Math.min(card.wide_gap, (room - count * wide) / (count - 1)) : 0;
  const places: Place[] = [];
  members.forEach((list, at) => {
    const used = list.length * card.height + (list.length - 1) * card.between;
    list.forEach((index, row) => {
      places[index] = { x: card.margin + at * (wide + gap), y: (height - used) / 2 + row * (card.height + card.between) };
    });
  });
  const right = count * wide + (count - 1) * gap + 2 * card.margin;
  return { kind: "columns", width: right, height, places, card: wide, text_x: 0, lanes: [] };
}

// Like the rails of a line map: the first way on keeps the lane, others get the next free one.
function lanes_of(way: Way): number[] {
  const lanes: number[] = way.nodes.map(() => -1);
  const last_row: number[] = []; // of each lane: the row until which it is taken
  const last_child = way.nodes.map((_node, index) => Math.max(index, ...way.edges.filter((edge) => edge.from === index).map((edge) => edge.to)));
  const passed_on = new Set<number>();
  way.nodes.forEach((_node, index) => {
    const parent = way.edges.find((edge) => edge.to === index && edge.from < index)?.from;
    let lane = -1;
    if (parent !== undefined && !passed_on.has(parent)) {
      const later = way.edges.some((edge) => edge.from === parent && edge.to > index);
      if (!later) {
        lane = lanes[parent];
        passed_on.add(parent);
      }
    }
    if (lane < 0) {
      lane = last_row.findIndex((row) => row < index);
      if (lane < 0) lane = last_row.length;
    }
    lanes[index] = lane;
    last_row[lane] = Math.max(last_row[lane] ?? 0, last_child[index]);
  });
  return lanes;
}

function in_rows(way: Way, width: number, most_lines: (room: number) => number): Layout {
  const lanes = lanes_of(way).map((lane) => Math.min(lane, 4));
  const most = Math.max(0, ...lanes);
  const text_x = rail.first + most * rail.lane + 32;
  const height = Math.max(rail.least, most_lines(width - text_x - 4) * rail.line + rail.between);
  const places = way.nodes.map((_node, row) => ({ x: rail.first + lanes[row] * rail.lane, y: rail.top + row * height }));
  return {
    kind: "rows",
    width,
    height: way.nodes.length * height + rail.top - rail.between,
    places,
    card: 0,
    text_x,
    lanes,
  };
}

// `most_lines`: how many lines of words a station has at most, if they may be so wide.
export function layout_of(way: Way, width: number, most_lines: (room: number) => number): Layout {
  return (width >= 640 && in_columns(way, width)) || in_rows(way, width, most_lines);
}
