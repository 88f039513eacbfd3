// Language and look: in the account menu, and on the login page.
import { useState } from "react";
import { choose_look, chosen_look, Look } from "base/look";
import { Icon } from "parts/icon";
import { Language, use_language, use_words } from "words";

export function LanguageSwitch() {
  const w = use_words();
  const { language, choose } = use_language();
  const languages: [Language, string][] = [
    ["de", "Deutsch"],
    ["en", "English"],
  ];
  return (
    <div className="switch" role="group" aria-label={w.nav.language}>
      {languages.map(([name, word]) => (
        <button key={name} type="button" lang={name} aria-pressed={language === name} onClick={() => choose(name)}>
          {word}
        </button>
      ))}
    </div>
  );
}

export function LookSwitch() {
  const w = use_words();
  const [look, set_look] = useState(chosen_look());
  const icons = { auto: "device", light: "sun", dark: "moon" } as const;
  const choose = (next: Look) => {
    choose_look(next);
    set_look(next);
  };
  return (
    <div className="switch" role="group" aria-label={w.nav.look}>
      {(["auto", "light", "dark"] as const).map((name) => (
        <button
          key={name}
          type="button"
          aria-pressed={look === name}
          aria-label={w.nav.looks[name]}
          title={w.nav.looks[name]}
          onClick={() => choose(name)}
        >
          <Icon name={icons[name]} />
        </button>
      ))}
    </div>
  );
}

export function Preferences() {
  return (
    <div className="preferences">
      <LanguageSwitch />
      <LookSwitch />
    </div>
  );
}
