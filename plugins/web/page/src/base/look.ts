// Light or dark: as the device says, or as chosen.
import { recall, remember } from "base/store";

export type Look = "auto" | "light" | "dark";

export function chosen_look(): Look {
  const look = recall("look");
  return look === "light" || look === "dark" ? look : "auto";
}
export function show_look(look: Look): void {
  if (look === "auto") delete document.documentElement.dataset.look;
  else document.documentElement.dataset.look = look;
}
export function choose_look(look: Look): void {
  remember("look", look === "auto" ? null : look);
  show_look(look);
}
show_look(chosen_look());
