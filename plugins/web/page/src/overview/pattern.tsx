// What the bars of a status look like, in the chart and in its legend: a colour, and a pattern for those who see no colours.
import { Status } from "api/types";

const side = 8;
// Paths of a tile of 8 by 8; "" is plain.
const paths: Record<Status, string> = {
  sent: "",
  deferred: "M-2 2 2-2M0 8 8 0M6 10 10 6",
  greylisted: "M2 2h.01M6 6h.01",
  bounced: "M-2 6 2 10M0 0 8 8M6-2 10 2",
  expired: "M0 0 8 8M0 8 8 0",
  rejected: "M0 2H8M0 6H8",
  blocked: "M2 0V8M6 0V8",
  discarded: "M4 4h.01",
  filtered: "M0 4H8M4 0V8",
  held: "M0 4H8",
  deleted: "M4 0V8",
};
const width = (status: Status) => (paths[status].includes("h.01") ? 2.6 : 1.5);

export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// For a canvas; twice as fine as it is shown, for sharp screens.
export function fill_of(status: Status): CanvasPattern | string {
  const ground = colour(`plot_${status}`);
  const tile = document.createElement("canvas");
  tile.width = tile.height = 2 * side;
  const brush = tile.getContext("2d");
  if (!brush) return ground;
  brush.scale(2, 2);
  brush.fillStyle = ground;
  brush.fillRect(0, 0, side, side);
  brush.strokeStyle = colour("surface");
  brush.lineWidth = width(status);
  brush.lineCap = "round";
  brush.stroke(new Path2D(paths[status]));
  const pattern = brush.createPattern(tile, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(0.5));
  return pattern ?? ground;
}

export function Swatch({ status }: { status: Status }) {
  const id = `swatch_${status}`;
  return (
    <svg className={`swatch plot_${status}`} data-pattern={paths[status]} viewBox="0 0 24 14" aria-hidden="true">
      <defs>
        <pattern id={id} width={side} height={side} patternUnits="userSpaceOnUse">
          <rect className="swatch_ground" width={side} height={side} />
          <path className="swatch_lines" d={paths[status]} strokeWidth={width(status)} />
        </pattern>
      </defs>
      <rect width="24" height="14" rx="3" fill={`url(#${id})`} />
    </svg>
  );
}
