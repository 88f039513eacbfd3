// What the browser remembers between visits: language, look, how many results a page. Nothing about mails.
export function recall(name: string): string | null {
  try {
    return window.localStorage.getItem(`mailtrace.${name}`);
  } catch {
    return null; // storage switched off
  }
}
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) window.localStorage.removeItem(`mailtrace.${name}`);
    else window.localStorage.setItem(`mailtrace.${name}`, value);
  } catch {
    // then it is asked again next time
  }
}
