// A button that opens a small list; closes by itself when the focus leaves.
import { ReactNode, useEffect, useRef } from "react";
import { Icon, IconName } from "parts/icon";

interface Given {
  label: string;
  icon?: IconName;
  children: ReactNode;
  className?: string;
  summary?: ReactNode; // instead of icon and label
  name?: string;
}
export function Menu({ label, icon, children, className = "", summary, name }: Given) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const shut = () => menu.current?.removeAttribute("open");
    const outside = (event: Event) => {
      if (menu.current?.open && event.target instanceof Node && !menu.current.contains(event.target)) shut();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !menu.current?.open) return;
      shut();
      menu.current.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", key);
    };
  }, []);
  // A link chosen closes the list, like everywhere.
  const chosen = (event: { target: EventTarget }) => {
    if (event.target instanceof Element && event.target.closest("a")) menu.current?.removeAttribute("open");
  };
  return (
    <details className={`menu ${className}`} ref={menu} data-menu={name}>
      <summary aria-label={summary ? label : undefined}>
        {summary ?? (
          <>
            {icon && <Icon name={icon} />} <span>{label}</span>
          </>
        )}
      </summary>
      <div className="menu_body" onClick={chosen}>
        {children}
      </div>
    </details>
  );
}
