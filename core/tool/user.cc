// `mailtrace user`: the accounts of the web page. They belong to the web plugin, which does it. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <limits>

#include "core/plugin/instances.h"
#include "core/tool/command.h"
#include "core/tool/search.h"
#include "core/tool/setup.h"
#include "core/tool/terminal.h"
#include "core/usage/choices.h"

namespace mailtrace {
namespace {

using What = UserCommand::What;

int run_user(const Common& common, const UserCommand& command) {
  auto setup = Setup::load(common);
  if (!setup) return exit_code::config;
  auto& errors = setup->errors();
  std::vector<NamedPlugin<Web>> webs;
  if (setup->make_sinks()) webs = make_webs(setup->config(), setup->sinks().front().plugin.get(), errors);
  if (webs.empty() && errors.empty())
    errors.add(setup->config().root, "web: expected a page that has users, such as portal, found none");
  if (!errors.empty()) return print_errors(errors);
  auto asked = command;
  asked.german = wants_german();
  auto done = webs.front().plugin->user(asked);
  if (!done) {
    print_error(done.error());
    return done.error().fault == Fault::permanent ? exit_code::usage : exit_code::unavailable;
  }
  fmt::print("{}", *done);
  return exit_code::found;
}

CLI::App* add_action(CLI::App* user, const char* name, const std::string& help, What what, Common& common,
                     const std::shared_ptr<UserCommand>& command) {
  auto* action = user->add_subcommand(name, help);
  if (what != What::list)
    action->add_option("name", command->name, both("the user", "der Benutzer"))
        ->required()
        ->type_name("NAME");
  action->callback([command, what, &common] {
    bool ends = what == What::token && command->token > 0;
    command->what = ends ? What::end_token : what;
    common.code = run_user(common, *command);
  });
  return action;
}

void add_rights(CLI::App* action, UserCommand& command) {
  action
      ->add_option("--address", command.addresses,
                   both("an address whose mails the user may see; may be repeated",
                        "eine Adresse, deren Mails der Benutzer sehen darf; auch mehrmals"))
      ->type_name("ADDRESS");
  action
      ->add_option("--domain", command.domains,
                   both("a domain the helpdesk member is for; default all",
                        "eine Domain, für die das Helpdesk-Mitglied da ist; sonst alle"))
      ->type_name("DOMAIN");
}

struct Span {
  std::string since, until;
};

void add_audit(CLI::App* user, Common& common, const std::shared_ptr<UserCommand>& command) {
  auto* audit = user->add_subcommand(
      "audit",
      both("Looks whether the record of who searched for whom was changed; with options: lists it",
           "Prüft, ob das Protokoll, wer wen gesucht hat, verändert wurde; mit Optionen: listet es auf"));
  auto span = std::make_shared<Span>();
  audit->add_option("--user", command->name, both("lists what this one did", "listet auf, was dieser tat"))
      ->type_name("NAME");
  audit
      ->add_option("--since", span->since,
                   both("lists what was done at or after", "listet auf, was ab dann geschah"))
      ->type_name("TIME");
  audit
      ->add_option("--until", span->until,
                   both("lists what was done before; a day: or on it",
                        "listet auf, was davor geschah; ein Tag: einschließlich"))
      ->type_name("TIME");
  audit
      ->add_option(
          "--limit", command->limit,
          both("lists the newest so many, default 25", "listet die neuesten auf, so viele; sonst 25"))
      ->check(within(1, 100'000))
      ->type_name("N");
  audit->add_flag("--json", command->json,
                  both("lists one JSON object a line", "listet je Zeile ein JSON-Objekt auf"));
  audit->callback([audit, span, command, &common] {
    bool lists = false;
    for (auto* option : audit->get_options()) lists = lists || option->count() > 0;
    command->what = lists ? What::read_audit : What::audit;
    common.code = read_time(span->since, "--since", false, false, command->from) &&
                          read_time(span->until, "--until", true, false, command->to)
                      ? run_user(common, *command)
                      : exit_code::usage;
  });
}

}  // namespace

void add_user(CLI::App& app, Common& common) {
  auto* user = app.add_subcommand("user", both("Makes and changes those who may use the web page",
                                               "Legt an und ändert, wer die Webseite benutzen darf"));
  user->require_subcommand(1);
  auto command = std::make_shared<UserCommand>();
  command->role = "user";
  auto role = [&](CLI::App* action, const char* name, const std::string& help) {
    return action->add_option(name, command->role, help)
        ->check(one_of({"admin", "helpdesk", "user"}))
        ->type_name("ROLE");
  };
  auto* add = add_action(user, "add",
                         both("Adds a user and prints a one-time password",
                              "Legt einen Benutzer an und gibt ein Einmalpasswort aus"),
                         What::add, common, command);
  role(add, "--role",
       both("admin, helpdesk or user (default)", "admin, helpdesk oder user (so ist es sonst)"));
  add->add_flag_callback(
      "--admin", [command] { command->role = "admin"; },
      both("the same as --role admin", "dasselbe wie --role admin"));
  add_rights(add, *command);
  auto* list = add_action(
      user, "list", both("Lists all users and what they see", "Listet alle Benutzer auf, und was sie sehen"),
      What::list, common, command);
  list->add_flag("--json", command->json, both("one JSON object a line", "ein JSON-Objekt je Zeile"));
  add_action(
      user, "password",
      both("Makes a new one-time password and prints it", "Erzeugt ein neues Einmalpasswort und gibt es aus"),
      What::password, common, command);
  auto* set_role =
      add_action(user, "role", both("Changes the role", "Ändert die Rolle"), What::role, common, command);
  role(set_role, "role", both("admin, helpdesk or user", "admin, helpdesk oder user"))->required();
  auto* addresses = add_action(user, "addresses",
                               both("Sets what the user may see; replaces what was set before",
                                    "Legt fest, was der Benutzer sehen darf; ersetzt, was vorher galt"),
                               What::addresses, common, command);
  add_rights(addresses, *command);
  add_action(user, "lock",
             both("Nobody can log in with this name until it is unlocked",
                  "Mit diesem Namen kann sich niemand anmelden, bis er entsperrt wird"),
             What::lock, common, command);
  add_action(user, "unlock", both("Ends a lock", "Hebt eine Sperre auf"), What::unlock, common, command);
  add_action(
      user, "remove",
      both("Removes the user, with sessions and tokens", "Entfernt den Benutzer mit Sitzungen und Tokens"),
      What::remove, common, command);
  add_audit(user, common, command);
  auto* token = add_action(
      user, "token",
      both("Makes a token for scripts and prints it; it may do what the user may read",
           "Erzeugt ein Token für Skripte und gibt es aus; es darf lesen, was der Benutzer lesen darf"),
      What::token, common, command);
  auto* title =
      token->add_option("--title", command->title, both("what it is for", "wofür es ist"))->type_name("TEXT");
  auto* days = token
                   ->add_option("--days", command->days,
                                both("until it ends, default 365", "bis es abläuft, sonst 365"))
                   ->check(within(1, 3650))
                   ->type_name("DAYS");
  auto* end = token
                  ->add_option("--end", command->token,
                               both("ends the token with this number instead",
                                    "beendet stattdessen das Token mit dieser Nummer"))
                  ->check(within(1, std::numeric_limits<int>::max()))
                  ->type_name("NUMBER");
  for (auto* other : {title, days}) end->excludes(other);
  auto* tokens =
      add_action(user, "tokens",
                 both("Lists the tokens of a user: number, until when, last use, title",
                      "Listet die Tokens eines Benutzers auf: Nummer, bis wann, zuletzt benutzt, wofür"),
                 What::tokens, common, command);
  tokens->add_flag("--json", command->json, both("one JSON object a line", "ein JSON-Objekt je Zeile"));
}

}  // namespace mailtrace
