// `mailtrace user`: the accounts of the web page. They belong to the web plugin, which does it. Main thread.
#include <fmt/format.h>

#include <cstdio>
#include <limits>

#include "core/plugin/instances.h"
#include "core/tool/choices.h"
#include "core/tool/command.h"
#include "core/tool/search.h"
#include "core/tool/setup.h"
#include "core/tool/terminal.h"

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

CLI::App* add_action(CLI::App* user, const char* name, const char* help, What what, Common& common,
                     const std::shared_ptr<UserCommand>& command) {
  auto* action = user->add_subcommand(name, help);
  if (what != What::list)
    action->add_option("name", command->name, "the user")->required()->type_name("NAME");
  action->callback([command, what, &common] {
    bool ends = what == What::token && command->token > 0;
    command->what = ends ? What::end_token : what;
    common.code = run_user(common, *command);
  });
  return action;
}

void add_rights(CLI::App* action, UserCommand& command) {
  action
      ->add_option("--address", command.addresses, "an address whose mails the user may see; may be repeated")
      ->type_name("ADDRESS");
  action->add_option("--domain", command.domains, "a domain the helpdesk member is for; default all")
      ->type_name("DOMAIN");
}

struct Span {
  std::string since, until;
};

void add_audit(CLI::App* user, Common& common, const std::shared_ptr<UserCommand>& command) {
  auto* audit = user->add_subcommand(
      "audit", "Looks whether the record of who searched for whom was changed; with options: lists it");
  auto span = std::make_shared<Span>();
  audit->add_option("--user", command->name, "lists what this one did")->type_name("NAME");
  audit->add_option("--since", span->since, "lists what was done at or after")->type_name("TIME");
  audit->add_option("--until", span->until, "lists what was done before; a day: or on it")->type_name("TIME");
  audit->add_option("--limit", command->limit, "lists the newest so many, default 25")
      ->check(within(1, 100'000))
      ->type_name("N");
  audit->add_flag("--json", command->json, "lists one JSON object a line");
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
  auto* user = app.add_subcommand("user", "Makes and changes those who may use the web page");
  user->require_subcommand(1);
  auto command = std::make_shared<UserCommand>();
  command->role = "user";
  auto role = [&](CLI::App* action, const char* name, const char* help) {
    return action->add_option(name, command->role, help)
        ->check(one_of({"admin", "helpdesk", "user"}))
        ->type_name("ROLE");
  };
  auto* add =
      add_action(user, "add", "Adds a user and prints a one-time password", What::add, common, command);
  role(add, "--role", "admin, helpdesk or user (default)");
  add->add_flag_callback(
      "--admin", [command] { command->role = "admin"; }, "the same as --role admin");
  add_rights(add, *command);
  auto* list = add_action(user, "list", "Lists all users and what they see", What::list, common, command);
  list->add_flag("--json", command->json, "one JSON object a line");
  add_action(user, "password", "Makes a new one-time password and prints it", What::password, common,
             command);
  auto* set_role = add_action(user, "role", "Changes the role", What::role, common, command);
  role(set_role, "role", "admin, helpdesk or user")->required();
  auto* addresses = add_action(user, "addresses", "Sets what the user may see; replaces what was set before",
                               What::addresses, common, command);
  add_rights(addresses, *command);
  add_action(user, "lock", "Nobody can log in with this name until it is unlocked", What::lock, common,
             command);
  add_action(user, "unlock", "Ends a lock", What::unlock, common, command);
  add_action(user, "remove", "Removes the user, with sessions and tokens", What::remove, common, command);
  add_audit(user, common, command);
  auto* token =
      add_action(user, "token", "Makes a token for scripts and prints it; it may do what the user may read",
                 What::token, common, command);
  auto* title = token->add_option("--title", command->title, "what it is for")->type_name("TEXT");
  auto* days = token->add_option("--days", command->days, "until it ends, default 365")
                   ->check(within(1, 3650))
                   ->type_name("DAYS");
  auto* end = token->add_option("--end", command->token, "ends the token with this number instead")
                  ->check(within(1, std::numeric_limits<int>::max()))
                  ->type_name("NUMBER");
  for (auto* other : {title, days}) end->excludes(other);
  auto* tokens = add_action(user, "tokens", "Lists the tokens of a user: number, until when, last use, title",
                            What::tokens, common, command);
  tokens->add_flag("--json", command->json, "one JSON object a line");
}

}  // namespace mailtrace
