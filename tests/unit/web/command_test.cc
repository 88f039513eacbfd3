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

}  // namespace mailtrace::accounts
