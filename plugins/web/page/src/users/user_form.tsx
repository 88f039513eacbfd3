// Adding or changing a user.
import { FormEvent, useState } from "react";
import { patch, post } from "api/client";
import { Role, User } from "api/types";
import { Dialog } from "parts/dialog";
import { Trouble } from "parts/notice";
import { use_words } from "words";

function lines(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== "");
}

export function UserForm({ user, close, done }: { user?: User; close: () => void; done: (user: User) => void }) {
  const w = use_words();
  const [name, set_name] = useState(user?.name ?? "");
  const [role, set_role] = useState<Role>(user?.role ?? "helpdesk");
  const [addresses, set_addresses] = useState(user?.addresses.join("\n") ?? "");
  const [domains, set_domains] = useState(user?.domains.join("\n") ?? "");
  const [trouble, set_trouble] = useState<unknown>();
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const rights = { role, addresses: role === "user" ? lines(addresses) : [], domains: role === "helpdesk" ? lines(domains) : [] };
    try {
      done(user ? await patch<User>(`users/${encodeURIComponent(user.name)}`, rights) : await post<User>("users", { name: name.trim(), ...rights }));
    } catch (error) {
      set_trouble(error);
    }
  };
  return (
    <Dialog title={user ? `${w.users.edit}: ${user.name}` : w.users.add} close={close}>
      {trouble !== undefined && <Trouble error={trouble} />}
      <form className="stacked" onSubmit={send}>
        <label>
          {w.users.name}
          <input
            name="user_name"
            required
            maxLength={128}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            disabled={Boolean(user)}
            value={name}
            onChange={(event) => set_name(event.target.value)}
          />
        </label>
        <fieldset className="roles">
          <legend>{w.users.role}</legend>
          {(["user", "helpdesk", "admin"] as const).map((each) => (
            <label key={each} className="choice">
              <input type="radio" name="role" value={each} checked={role === each} onChange={() => set_role(each)} />
              <span>
                <strong>{w.account.role[each]}</strong> <span className="muted">{w.users.role_help[each]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {role === "user" && (
          <label>
            {w.users.addresses}
            <textarea
              name="addresses"
              rows={3}
              required
              spellCheck={false}
              autoCapitalize="none"
              value={addresses}
              onChange={(event) => set_addresses(event.target.value)}
            />
          </label>
        )}
        {role === "helpdesk" && (
          <label>
            {w.users.domains}
            <textarea
              name="domains"
              rows={3}
              spellCheck={false}
              autoCapitalize="none"
              value={domains}
              onChange={(event) => set_domains(event.target.value)}
            />
          </label>
        )}
        <div className="form_end">
          <button className="primary">{w.save}</button>
          <button type="button" onClick={close}>
            {w.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
