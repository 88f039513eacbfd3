"""What WCAG 2.1 AA asks for and a program can see: names, labels, contrast, language, headings, targets, ids."""

CHECK = r"""
const faults = [];
const fault = (what, element, more = "") => faults.push([what, (element.outerHTML || String(element)).slice(0, 160), more]);
const shown = (element) => {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return style.visibility !== "hidden" && style.display !== "none" && Number(style.opacity) > 0 && box.width > 1 && box.height > 1 && style.clipPath === "none";
};
const named = (element) => {
  const by = (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean).map((id) => document.getElementById(id)?.textContent || "").join(" ");
  const labels = element.labels ? [...element.labels].map((label) => label.textContent).join(" ") : "";
  const images = [...element.querySelectorAll("[role=img][aria-label], img[alt]")].map((image) => image.getAttribute("aria-label") || image.alt).join(" ");
  return (by || element.getAttribute("aria-label") || labels || element.textContent || images || element.title || "").trim();
};

if (!document.documentElement.lang) fault("no language", document.documentElement);
if (!document.title) fault("no title", document.documentElement);
if (document.querySelectorAll("main").length !== 1) fault("not one main", document.body);
if (document.querySelectorAll("h1").length !== 1) fault("not one h1", document.body);

for (const element of document.querySelectorAll("a, button, summary, input:not([hidden]), select, textarea, [role=button], [tabindex='0'], [role=region], nav, dialog[open], fieldset")) {
  if (!shown(element) && !element.closest(".unseen")) continue;
  const legend = element.tagName === "FIELDSET" ? element.querySelector("legend")?.textContent : named(element);
  if (!legend) fault("no name", element);
}
// WCAG 2.5.3: who speaks to the computer says what is to be read; who listens hears at least that.
const words = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();
const read = (element) => {
  if (element.nodeType === 3) return element.data;
  if (element.nodeType !== 1 || element.getAttribute("aria-hidden") === "true" || !shown(element)) return "";
  return [...element.childNodes].map(read).join(" ");
};
for (const element of document.querySelectorAll("a[aria-label], button[aria-label], summary[aria-label], [role=button][aria-label]")) {
  if (!shown(element)) continue;
  const seen = words([...element.childNodes].map(read).join(" "));
  if (!words(element.getAttribute("aria-label")).includes(seen)) fault("label without what is shown", element, seen);
}
for (const element of document.querySelectorAll("[tabindex]")) if (element.tabIndex > 0) fault("own tab order", element);
for (const image of document.querySelectorAll("img:not([alt]), svg:not([aria-hidden]):not([role=img]):not([role=group][aria-label]), canvas:not([role=img])")) fault("image without role", image);
for (const image of document.querySelectorAll("svg[role=img], canvas[role=img]")) if (!named(image)) fault("image without name", image);

const ids = new Map();
for (const element of document.querySelectorAll("[id]")) ids.set(element.id, (ids.get(element.id) || 0) + 1);
for (const [id, count] of ids) if (count > 1) fault("id twice", id);
for (const element of document.querySelectorAll("[aria-controls], [aria-describedby], [aria-labelledby]"))
  for (const name of ["aria-describedby", "aria-labelledby"])
    for (const id of (element.getAttribute(name) || "").split(/\s+/).filter(Boolean)) if (!document.getElementById(id)) fault(`${name} to nothing`, element);
for (const list of document.querySelectorAll("ul, ol")) for (const child of list.children) if (child.tagName !== "LI") fault("no list item", child);

let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
  const now = Number(heading.tagName[1]);
  if (level && now > level + 1) fault(`heading ${now} after ${level}`, heading);
  level = now;
}

// WCAG 2.5.8: 24 × 24, but for links in a text.
for (const element of document.querySelectorAll("button, summary, select, input:not([hidden])")) {
  if (!shown(element) || element.type === "checkbox" || element.type === "radio") continue;
  const box = element.getBoundingClientRect();
  if (box.width < 24 || box.height < 23.5) fault("target too small", element, `${Math.round(box.width)}x${Math.round(box.height)}`);
}

const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
const colour = (text) => {
  pixel.clearRect(0, 0, 1, 1);
  pixel.fillStyle = text;
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = pixel.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const ground = (element) => {
  const layers = [];
  for (let at = element; at; at = at.parentElement) {
    const layer = colour(getComputedStyle(at).backgroundColor);
    if (layer[3] > 0) layers.push(layer);
    if (layer[3] === 1) break;
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const contrast = (one, other) => { const [a, b] = [light(one), light(other)].sort((x, y) => y - x); return (a + 0.05) / (b + 0.05); };
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
const seen = new Set();
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || seen.has(element) || element.closest("svg, script, noscript, .unseen, option, :disabled") || !shown(element)) continue;
  seen.add(element);
  const style = getComputedStyle(element);
  const back = ground(element);
  const ratio = contrast(over(colour(style.color), back), back);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (large ? 3 : 4.5) - 0.01) fault("contrast", element, ratio.toFixed(2));
}
for (const text of document.querySelectorAll("svg text")) {
  const card = text.closest("g")?.querySelector(".way_card");
  const back = card && text.closest(".way_as_columns") ? over(colour(getComputedStyle(card).fill), ground(text.closest("svg").parentElement)) : ground(text.closest("svg").parentElement);
  const ratio = contrast(over(colour(getComputedStyle(text).fill), back), back);
  if (ratio < 4.49) fault("contrast in the picture", text, ratio.toFixed(2));
}
return faults;
"""
