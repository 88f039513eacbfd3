// What `mailtrace user` prints, in both languages.
#include "plugins/web/accounts/command.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>

#include "tests/unit/web/account_fixture.h"

namespace mailtrace::accounts {
namespace {

using What = UserCommand::What;

struct Berlin {
  Berlin() { set("Europe/Berlin"); }
  ~Berlin() { set(nullptr); }
  static void set(const char* zone) {
    zone ? ::setenv("TZ", zone, 1) : ::unsetenv("TZ");
    ::tzset();
  }
};

UserCommand command(What what, const std::string& name = {}, bool german = false) {
  UserCommand out;
  out.what = what;
  out.name = name;
  out.role = "admin";
  out.german = german;
  return out;
}

std::string error_of(Accounts& accounts, const UserCommand& command) {
  auto done = run_command(accounts, command);
  BOOST_REQUIRE(!done);
  return done.error().text;
}

std::string text_of(Accounts& accounts, const UserCommand& command) {
  auto done = run_command(accounts, command);
  BOOST_REQUIRE_MESSAGE(bool(done), (done ? "" : done.error().text));
  return *done;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_refusal_is_told_in_the_users_language) {
  Fixture fixture;
  auto accounts = fixture.open();
  text_of(*accounts, command(What::add, "chief"));
  BOOST_TEST(error_of(*accounts, command(What::lock, "nobody")) == "user \"nobody\": there is no such user");
  BOOST_TEST(error_of(*accounts, command(What::lock, "nobody", true)) ==
             "Benutzer \"nobody\": diesen Benutzer gibt es nicht");
  BOOST_TEST(error_of(*accounts, command(What::remove, "chief", true)) ==
             "Benutzer \"chief\": das ist der letzte Administrator, der sich anmelden kann");
  for (int i = 1; i <= static_cast<int>(Refusal::broken); ++i) {
    auto words = refusal_text(static_cast<Refusal>(i));
    BOOST_TEST(!words.en.empty());
    BOOST_TEST(!words.de.empty());
    BOOST_TEST(words.en != words.de);
  }
}

BOOST_AUTO_TEST_CASE(the_last_login_is_told_in_local_time) {
  Berlin zone;
  Fixture fixture;
  auto accounts = fixture.open();
  text_of(*accounts, command(What::add, "chief"));
  BOOST_TEST(text_of(*accounts, command(What::list)) ==
             "chief                    admin     never logged in      everything\n");
  auto file = AccountFile::open(fixture.path());
  BOOST_REQUIRE(bool(file));
  BOOST_REQUIRE(bool((*file)->run("UPDATE users SET last_login = 1795827295000000")));
  BOOST_TEST(text_of(*accounts, command(What::list, "", true)) ==
             "chief                    admin     2026-11-28 01:54:55  alles\n");
}

BOOST_AUTO_TEST_CASE(the_audit_is_read_by_user_and_time) {
  Berlin zone;
  Fixture fixture;
  auto accounts = fixture.open();
  auto record = [&](int64_t time, const char* user, const char* what, std::optional<int64_t> results) {
    accounts->record({.time = time_from_us(time * 1'000'000),
                      .user = user,
                      .how = "password",
                      .action = results ? "search" : "login",
                      .what = what,
                      .results = results});
  };
  record(1795827295, "anna", "", std::nullopt);
  record(1795827296, "anna", "a\x1b[2J", 1);
  record(1795827297, "boris", "b", 2);
  auto read = command(What::read_audit, "anna");
  BOOST_TEST(text_of(*accounts, read) ==
             "2026-11-28 01:54:56  anna              search          a\\u{1b}[2J  1 result\n"
             "2026-11-28 01:54:55  anna              login           \n");
  read.from = time_from_us(1795827296'000000);
  BOOST_TEST(text_of(*accounts, read).find("login") == std::string::npos);
  read.name = "";
  BOOST_TEST(text_of(*accounts, read).find("boris             search          b  2 results\n") !=
             std::string::npos);
  read.to = time_from_us(1795827297'000000);
  read.german = true;
  BOOST_TEST(text_of(*accounts, read).ends_with("  1 Treffer\n"));
  BOOST_TEST(text_of(*accounts, read).find("boris") == std::string::npos);
  read.json = true;
  BOOST_TEST(text_of(*accounts, read).find("\"results\":1") != std::string::npos);
  read.to.reset();
  read.limit = 1;
  BOOST_TEST(text_of(*accounts, read).find("boris") != std::string::npos);
  BOOST_TEST(text_of(*accounts, read).find("anna") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(tokens_are_listed_and_ended) {
  Berlin zone;
  Fixture fixture;
  auto accounts = fixture.open();
  text_of(*accounts, command(What::add, "chief"));
  text_of(*accounts, command(What::add, "anna"));
  BOOST_TEST(text_of(*accounts, command(What::tokens, "anna")) == "");
  BOOST_TEST(error_of(*accounts, command(What::tokens, "nobody")) ==
             "user \"nobody\": there is no such user");
  auto make = command(What::token, "anna");
  for (auto* title : {"monthly report", "old\tone"}) {
    make.title = title;
    BOOST_TEST(text_of(*accounts, make).starts_with("mt_"));
  }
  auto file = AccountFile::open(fixture.path());
  BOOST_REQUIRE(bool(file));
  for (auto* sql : {"UPDATE tokens SET expires = 4102444800000000, used = 1795827295000000 WHERE id = 1",
                    "UPDATE tokens SET expires = 1795827295000000 WHERE id = 2"})
    BOOST_REQUIRE(bool((*file)->run(sql)));
  BOOST_TEST(text_of(*accounts, command(What::tokens, "anna")) ==
             "   1  ends  2100-01-01 01:00:00, last used 2026-11-28 01:54:55  monthly report\n"
             "   2  ended 2026-11-28 01:54:55, never used  old\\u{9}one\n");
  auto json = command(What::tokens, "anna");
  json.json = true;
  BOOST_TEST(text_of(*accounts, json).find("\"expires\":\"2100-01-01T00:00:00.000000Z\"") !=
             std::string::npos);

  auto end = command(What::end_token, "chief");
  end.token = 1;
  BOOST_TEST(error_of(*accounts, end) == "user \"chief\": no token has the number 1");
  end.name = "anna";
  BOOST_TEST(text_of(*accounts, end) == "");
  BOOST_TEST(accounts->audit({}).entries.front().what == "anna ended 1");
  end.german = true;
  BOOST_TEST(error_of(*accounts, end) == "Benutzer \"anna\": kein Token hat die Nummer 1");
  BOOST_TEST(text_of(*accounts, command(What::tokens, "anna", true)) ==
             "   2  abgelaufen am 2026-11-28 01:54:55, nie benutzt  old\\u{9}one\n");
}

}  // namespace mailtrace::accounts
