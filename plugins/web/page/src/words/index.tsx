// The language of the page: the browser's, or the one chosen with the switch.
import { createContext, ReactNode, useContext, useEffect, useState } from "react";
import { Text } from "api/types";
import { recall, remember } from "base/store";
import { de } from "words/de";
import { en, Words } from "words/en";

export type Language = "de" | "en";
const all: Record<Language, Words> = { de, en };

function first_language(): Language {
  const chosen = recall("language");
  if (chosen === "de" || chosen === "en") return chosen;
  const known = navigator.languages.map((language) => language.slice(0, 2)).find((language) => language === "de" || language === "en");
  return known === "de" ? "de" : "en";
}

let language: Language = first_language();
export function current_language(): Language {
  return language;
}

interface Chosen {
  language: Language;
  choose: (language: Language) => void;
}
const Context = createContext<Chosen>({ language, choose: () => undefined });

export function Speaking({ children }: { children: ReactNode }) {
  const [spoken, set_spoken] = useState(language);
  useEffect(() => {
    document.documentElement.lang = spoken;
  }, [spoken]);
  const choose = (next: Language) => {
    language = next;
    remember("language", next);
    set_spoken(next);
  };
  return <Context.Provider value={{ language: spoken, choose }}>{children}</Context.Provider>;
}

export function use_language(): Chosen {
  return useContext(Context);
}
export function use_words(): Words {
  return all[useContext(Context).language];
}
// A sentence of the server in the language of the page.
export function use_say(): (text: Text | undefined) => string {
  const { language: spoken } = useContext(Context);
  return (text) => (text ? text[spoken] || text.en : "");
}
