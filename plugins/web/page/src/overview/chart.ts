// Chart.js, loaded only when the overview is open.
import { BarController, BarElement, CategoryScale, Chart, ChartEvent, LinearScale, Tooltip } from "chart.js";
import { Status } from "api/types";
import { colour, fill_of } from "overview/pattern";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Tooltip);

interface Plot {
  labels: string[];
  days?: string[]; // named where a day begins, else ""; over more than a day
  titles: string[];
  series: { status: Status; word: string; values: number[] }[];
  chosen: (column: number, status: Status) => void;
}

// Days that stand too close together leave some out, and so does a first one of a few hours.
function apart(days: string[], width: number, room: number): string[] {
  const each = width / Math.max(1, days.length);
  let last = -Infinity;
  const next = (at: number) => days.findIndex((day, index) => index > at && day !== "");
  return days.map((day, at) => {
    const follower = next(at);
    if (day === "" || (at - last) * each < room || (at === 0 && follower > 0 && follower * each < room)) return "";
    last = at;
    return day;
  });
}

function widest(texts: string[], font: { family: string; size: number }): number {
  const measure = document.createElement("canvas").getContext("2d");
  if (!measure) return 90;
  measure.font = `${font.size}px ${font.family}`;
  return Math.max(...texts.map((text) => measure.measureText(text).width));
}

export function draw(canvas: HTMLCanvasElement, plot: Plot): { destroy: () => void } {
  const ink = colour("muted");
  const font = { family: getComputedStyle(document.body).fontFamily, size: 11.5 };
  const axis = 40; // the numbers at the left
  const shown_days = plot.days ? apart(plot.days, (canvas.parentElement ?? canvas).clientWidth - axis, widest(plot.days, font) + 12) : [];
  return new Chart(canvas, {
    type: "bar",
    data: {
      labels: plot.labels,
      datasets: plot.series.map((one) => ({
        label: one.word,
        data: one.values,
        backgroundColor: fill_of(one.status),
        hoverBackgroundColor: colour("accent"),
        borderColor: colour("surface"),
        borderWidth: { top: 1, right: 0, bottom: 0, left: 0 },
        borderRadius: 2,
        maxBarThickness: 34,
        categoryPercentage: 0.86,
        barPercentage: 1,
      })),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", intersect: true },
      scales: {
        x: {
          stacked: true,
          grid: { display: false, drawBorder: false },
          // A day stands at its first column: skipping ticks would keep only some hours of some days.
          ticks: plot.days
            ? { color: ink, font, maxRotation: 0, autoSkip: false, callback: (_value: unknown, at: number) => shown_days[at] || null }
            : { color: ink, font, maxRotation: 0, autoSkipPadding: 18 },
        },
        y: {
          stacked: true,
          beginAtZero: true,
          grid: { color: colour("line"), drawBorder: false },
          ticks: { color: ink, font, precision: 0, maxTicksLimit: 6 },
        },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: { title: (items: { dataIndex: number }[]) => plot.titles[items[0].dataIndex] ?? "" },
          padding: 10,
          cornerRadius: 8,
          titleFont: font,
          bodyFont: font,
        },
      },
      onHover: (event: ChartEvent, elements: unknown[]) => {
        const target = event.native?.target;
        if (target instanceof HTMLElement) target.style.cursor = elements.length ? "pointer" : "default";
      },
      onClick: (_event: ChartEvent, elements: { index: number; datasetIndex: number }[]) => {
        const hit = elements[0];
        if (hit) plot.chosen(hit.index, plot.series[hit.datasetIndex].status);
      },
    },
  });
}
