// All icons: 20×20, drawn with one line in the colour of the text.
const paths = {
  search: "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Zm4 9.5 4 4",
  chart: "M3.5 16.5h13M6 13V9m4 4V4.5m4 8.5V7",
  users: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5 7c0-3 2-4.5 5-4.5s5 1.5 5 4.5M13 4a3 3 0 0 1 0 5.5m2 3c1.7.7 2.5 2 2.5 4",
  book: "M4.5 3.5h9a2 2 0 0 1 2 2v11h-9a2 2 0 0 1-2-2v-11Zm3 4h5m-5 3h5",
  person: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 7c0-3 2.5-4.5 6-4.5s6 1.5 6 4.5",
  keys: "M2.5 5.5h15v9h-15v-9Zm3 3h.01m3 0h.01m3 0h.01m3 0h.01m-8.5 3h5.5",
  leave: "M8 3.5H4.5v13H8m4-10 3.5 3.5L12 13.5M15 10H8",
  cross: "M5 5l10 10M15 5 5 15",
  device: "M3 4.5h14v9H3v-9Zm5 12h4m-2-3v3",
  sun: "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7ZM10 2v1.5m0 13V18m8-8h-1.5m-13 0H2m13.7-5.7-1 1m-9.3 9.3-1 1m0-11.3 1 1m9.3 9.3 1 1",
  moon: "M16.5 11.5A7 7 0 0 1 8.5 3.5a7 7 0 1 0 8 8Z",
  right: "M4 10h12m-4.5-4.5L16 10l-4.5 4.5",
  in: "M4 10h9m-4-4 4 4-4 4M16.5 3.5v13",
  out: "M3.5 3.5v13M7 10h9.5m-4-4 4 4-4 4",
  down: "M5 8l5 5 5-5",
  filter: "M3 5h14M6 10h8m-5 5h2",
  link: "M8.5 11.5a3 3 0 0 0 4.5.2l2.5-2.5a3 3 0 0 0-4.3-4.3L10 6.1m1.5 2.4a3 3 0 0 0-4.5-.2L4.5 10.8a3 3 0 0 0 4.3 4.3l1.2-1.2",
  copy: "M7 7h9.5v9.5H7V7Zm-3.5 6V3.5H13",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  save: "M5.5 3.5h9v13L10 13l-4.5 3.5v-13Z",
  export: "M10 3v9.5m-3.5-3.5 3.5 3.5 3.5-3.5M4 16.5h12",
  live: "M10 9.2a.8.8 0 1 1 0 1.6.8.8 0 0 1 0-1.6ZM6.5 13.5a5 5 0 0 1 0-7m7 0a5 5 0 0 1 0 7M4 16a8.5 8.5 0 0 1 0-12m12 0a8.5 8.5 0 0 1 0 12",
  way: "M5 5.5a1.5 1.5 0 1 0 0-.01ZM15 14.5a1.5 1.5 0 1 0 0-.01ZM6.5 5.5h5a2.25 2.25 0 0 1 0 4.5h-3a2.25 2.25 0 0 0 0 4.5h5",
  mails: "M3 6.5h11v8.5H3V6.5Zm0 .5 5.5 4L14 7M6 4h11v8.5",
  clock: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14Zm0 3.5V10l2.5 2",
  server: "M4 3.5h12v5H4v-5Zm0 8h12v5H4v-5ZM7 6h.01M7 14h.01",
  folder: "M3 5h5l1.5 2H17v9H3V5Z",
  inbox: "M3.5 11 6 4h8l2.5 7v5h-13v-5Zm0 0H7.5l1 2h3l1-2h4",
  fork: "M4 10h4c3 0 3-5 6-5h2m-2-2 2 2-2 2M8 10c3 0 3 5 6 5h2m-2-2 2 2-2 2",
  globe: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14Zm-7 7h14M10 3c2.5 2 3 4.5 3 7s-.5 5-3 7c-2.5-2-3-4.5-3-7s.5-5 3-7Z",
  funnel: "M3.5 4h13L12 10v6l-4-2v-4L3.5 4Z",
  back: "M8 5 3.5 9.5 8 14M4 9.5h8a4.5 4.5 0 0 1 0 7H9",
  trash: "M4 5.5h12M8 5.5v-2h4v2m-6.5 0 .7 11h7.6l.7-11M8.5 9v4.5m3-4.5v4.5",
  stop: "M7 3.5h6l3.5 3.5v6L13 16.5H7L3.5 13V7L7 3.5Zm0 3.5 6 6m0-6-6 6",
  shield: "M10 3l6 2v4.5c0 3.5-2.5 6-6 7.5-3.5-1.5-6-4-6-7.5V5l6-2Zm-3 7h6",
  again: "M15.5 8A6 6 0 1 0 16 11M15.8 3.8V8h-4.2",
  pause: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM8 7.5v5m4-5v5",
  dots: "M5 10h.01M10 10h.01M15 10h.01",
  done: "M10 3a7 7 0 1 1 0 14 7 7 0 0 1 0-14Zm-3.2 7.2 2.3 2.3 4.2-4.7",
  plus: "M10 4v12M4 10h12",
  warn: "M10 3.5 17.5 16.5h-15L10 3.5Zm0 5v3.5m0 2.2v.01",
  people: "M6 9a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Zm8 0a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM1.5 16c0-2.8 1.8-4.2 4.5-4.2s4.5 1.4 4.5 4.2m1-3.5c.7-.5 1.5-.7 2.5-.7 2.7 0 4.5 1.4 4.5 4.2",
  ticket: "M3 5.5h14v3a1.5 1.5 0 0 0 0 3v3H3v-3a1.5 1.5 0 0 0 0-3v-3Zm8 0v9",
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name, title }: { name: IconName; title?: string }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 20 20"
      role={title ? "img" : undefined}
      aria-hidden={title ? undefined : true}
      aria-label={title}
    >
      <path d={paths[name]} />
    </svg>
  );
}
export function icon_path(name: IconName): string {
  return paths[name];
}

export function Wordmark() {
  return (
    <>
      <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
        <rect className="mark_ground" width="32" height="32" rx="8" />
        <path className="mark_mail" d="M7 11.5 16 18l9-6.5" />
        <path className="mark_trace" d="M7 21h6m4 0h2m4 0h2" />
      </svg>
      <span className="wordmark">Mailtrace</span>
    </>
  );
}
