// Who is logged in, for every component.
import { createContext, useContext } from "react";
import { Session } from "api/types";

interface Known {
  session: Session;
  refresh: () => void;
  leave: () => void;
}
export const SessionContext = createContext<Known | null>(null);

export function use_session(): Known {
  const known = useContext(SessionContext);
  if (!known) throw new Error("no session here");
  return known;
}
// An older server names no rights: then the role decides what is offered. The server decides what is given.
export function may(session: Session, what: "lines" | "overview" | "users" | "audit"): boolean {
  if (session.may) return session.may.includes(what);
  if (session.role === "admin") return true;
  return session.role === "helpdesk" && (what === "overview" || what === "lines");
}
