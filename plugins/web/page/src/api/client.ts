// Asks the API. One place knows its address, the CSRF header, the language and what an error looks like.
import { Session } from "api/types";
import { current_language } from "words";

const base = "api/v1";
let csrf = "";
let on_logged_out: () => void = () => undefined;

export function remember_session(session: Session): void {
  csrf = session.csrf;
}
export function when_logged_out(then: () => void): void {
  on_logged_out = then;
}

// What went wrong. `type` is a word the language files have a text for.
export class Problem extends Error {
  constructor(readonly type: string, readonly status: number, readonly detail = "", readonly retry_after = 0) {
    super(detail || type);
  }
}

export type Query = Record<string, string | number | undefined>;

export function address_of(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `${base}/${path}${text ? `?${text}` : ""}`;
}

async function problem_of(response: Response): Promise<Problem> {
  const wait = Number(response.headers.get("Retry-After")) || 0;
  const known: Record<number, string> = { 401: "not_logged_in", 403: "forbidden", 404: "not_found", 429: "too_many_requests" };
  let type = known[response.status] ?? "internal";
  let detail = "";
  try {
    const json = await response.json();
    if (typeof json.type === "string") type = json.type.replace(/^.*[/:]/, "");
    if (typeof json.detail === "string") detail = json.detail;
  } catch {
    // not from the API: a proxy's error page
  }
  return new Problem(type, response.status, detail, wait);
}

async function ask(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": current_language() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrf) headers["X-CSRF-Token"] = csrf;
  let response: Response;
  try {
    response = await fetch(address_of(path, query), {
      method,
      headers,
      signal,
      credentials: "same-origin",
      cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem("server_away", 0);
  }
  if (response.ok) return response;
  const problem = await problem_of(response);
  if (problem.type === "not_logged_in" && path !== "session") on_logged_out();
  throw problem;
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await ask("GET", path, query, undefined, signal)).json();
}
export async function post<T>(path: string, body: unknown = {}, signal?: AbortSignal): Promise<T> {
  const response = await ask("POST", path, undefined, body, signal);
  return response.status === 204 ? (undefined as T) : response.json();
}
export async function patch<T>(path: string, body: unknown): Promise<T> {
  return (await ask("PATCH", path, undefined, body)).json();
}
export async function remove(path: string): Promise<void> {
  await ask("DELETE", path);
}
export function aborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
