// Users: who there is, what they see, add, change, block, remove.
import { useState } from "react";
import { get, patch, remove } from "api/client";
import { User } from "api/types";
import { ago } from "base/format";
import { visible } from "base/hostile";
import { use_loaded, use_title } from "base/hooks";
import { use_session } from "base/session";
import { CopyButton } from "parts/copy";
import { Dialog } from "parts/dialog";
import { Icon } from "parts/icon";
import { Trouble, Waiting } from "parts/notice";
import { UserForm } from "users/user_form";
import { use_words } from "words";

function path_of(user: User): string {
  return `users/${encodeURIComponent(user.name)}`;
}

function sees(user: User, everything: string): string {
  const list = user.role === "user" ? user.addresses : user.domains;
  return list.length ? list.join(", ") : user.role === "user" ? "–" : everything;
}

function OneTime({ user, close }: { user: User; close: () => void }) {
  const w = use_words();
  return (
    <Dialog title={w.users.one_time(user.name)} close={close}>
      <p>{w.users.one_time_lead}</p>
      <p className="secret">
        <code>{user.password}</code> <CopyButton text={user.password ?? ""} label={w.copy} />
      </p>
    </Dialog>
  );
}

// What cannot be taken back is asked first.
interface Asked {
  user: User;
  what: "reset" | "remove";
}
function Confirm({ user, what, act, close }: Asked & { act: (what: Promise<User | void>) => void; close: () => void }) {
  const w = use_words();
  const path = path_of(user);
  const go_on = () => {
    close();
    act(what === "reset" ? patch<User>(path, { reset_password: true }) : remove(path));
  };
  return (
    <Dialog title={what === "reset" ? w.users.confirm_reset(user.name) : w.users.confirm_remove(user.name)} close={close}>
      {what === "reset" && <p>{w.users.reset_lead}</p>}
      <div className="form_end">
        <button type="button" className={what === "reset" ? "primary" : "danger"} onClick={go_on}>
          {what === "reset" ? w.users.reset : w.remove}
        </button>
        <button type="button" onClick={close}>
          {w.cancel}
        </button>
      </div>
    </Dialog>
  );
}

interface RowGiven {
  user: User;
  own: boolean;
  edit: () => void;
  act: (what: Promise<User | void>) => void;
  ask: (what: Asked["what"]) => void;
}
function UserRow({ user, own, edit, act, ask }: RowGiven) {
  const w = use_words();
  const path = path_of(user);
  return (
    <tr>
      <th scope="row">{visible(user.name)}</th>
      <td>{w.account.role[user.role]}</td>
      <td>
        <bdi>{visible(sees(user, w.users.everything))}</bdi>
      </td>
      <td>{user.last_login ? ago(user.last_login) : w.users.never}</td>
      <td>
        <span className={`pill tone_${user.disabled ? "bad" : "good"}`}>
          <Icon name={user.disabled ? "stop" : "done"} /> {user.disabled ? w.users.disabled : w.users.active}
        </span>
      </td>
      <td className="row_buttons">
        <button type="button" aria-label={`${w.users.edit}: ${user.name}`} onClick={edit}>
          {w.users.edit}
        </button>
        <button
          type="button"
          aria-label={`${w.users.reset}: ${user.name}`}
          onClick={() => ask("reset")}
        >
          {w.users.reset}
        </button>
        {!own && (
          <>
            <button
              type="button"
              aria-label={`${user.disabled ? w.users.unblock : w.users.block}: ${user.name}`}
              onClick={() => act(patch<User>(path, { disabled: !user.disabled }))}
            >
              {user.disabled ? w.users.unblock : w.users.block}
            </button>
            <button type="button" className="danger" aria-label={`${w.remove}: ${user.name}`} onClick={() => ask("remove")}>
              {w.remove}
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

export function UsersPage() {
  const w = use_words();
  const { session } = use_session();
  const users = use_loaded((signal) => get<{ users: User[] }>("users", {}, signal), []);
  const [edited, set_edited] = useState<User | "new">();
  const [asked, set_asked] = useState<Asked>();
  const [shown, set_shown] = useState<User>();
  const [trouble, set_trouble] = useState<unknown>();
  use_title(w.users.title);
  const act = (what: Promise<User | void>) =>
    what.then((user) => {
      set_trouble(undefined);
      if (user?.password) set_shown(user);
      users.reload();
    }, set_trouble);
  return (
    <div className="users">
      <div className="page_head">
        <h1>{w.users.title}</h1>
        <button type="button" className="primary" onClick={() => set_edited("new")}>
          <Icon name="plus" /> {w.users.add}
        </button>
      </div>
      {(trouble ?? users.error) !== undefined && <Trouble error={trouble ?? users.error} again={users.reload} />}
      {!users.value && users.loading && <Waiting />}
      {users.value && (
        <div className="card table_frame" tabIndex={0} role="region" aria-label={w.users.title}>
          <table>
            <thead>
              <tr>
                {[w.users.name, w.users.role, w.users.sees, w.users.last_login, w.users.state].map((word) => (
                  <th key={word} scope="col">
                    {word}
                  </th>
                ))}
                <td />
              </tr>
            </thead>
            <tbody>
              {users.value.users.map((user) => (
                <UserRow
                  key={user.name}
                  user={user}
                  own={user.name === session.name}
                  edit={() => set_edited(user)}
                  act={act}
                  ask={(what) => set_asked({ user, what })}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {edited && (
        <UserForm
          user={edited === "new" ? undefined : edited}
          close={() => set_edited(undefined)}
          done={(user) => {
            set_edited(undefined);
            act(Promise.resolve(user));
          }}
        />
      )}
      {asked && <Confirm {...asked} act={act} close={() => set_asked(undefined)} />}
      {shown && <OneTime user={shown} close={() => set_shown(undefined)} />}
    </div>
  );
}
