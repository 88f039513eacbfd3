// Accounts beyond what can be seen over HTTP: the chain of the audit, passwords, names.
#include "plugins/web/accounts/accounts.h"

#include <boost/test/unit_test.hpp>

#include "plugins/web/accounts/secrets.h"
#include "tests/unit/web/account_fixture.h"

namespace mailtrace::accounts {
BOOST_AUTO_TEST_CASE(a_changed_audit_is_noticed) {
  Fixture fixture;
  auto accounts = fixture.open();
  for (int i = 0; i < 5; ++i)
    accounts->record({.user = "anna",
                      .how = "password",
                      .action = "search",
                      .what = "n" + std::to_string(i),
                      .results = i});
  BOOST_TEST(accounts->check_audit().whole);
  auto file = AccountFile::open(fixture.path());
  BOOST_REQUIRE(bool(file));
  auto run = [&](const char* sql) { BOOST_REQUIRE(bool((*file)->run(sql))); };
  run("UPDATE audit SET details = 'else' WHERE id = 3");
  BOOST_TEST(!accounts->check_audit().whole);
  BOOST_TEST(accounts->check_audit().entries == 3);
  BOOST_TEST(accounts->check_audit().broken.has_value());
  run("UPDATE audit SET details = 'n2' WHERE id = 3");
  BOOST_TEST(accounts->check_audit().whole);
  run("UPDATE audit SET hits = 7 WHERE id = 4");
  BOOST_TEST(!accounts->check_audit().whole);
  run("UPDATE audit SET hits = 3 WHERE id = 4");
  run("UPDATE audit SET user = 'boris' WHERE id = 1");
  BOOST_TEST(!accounts->check_audit().whole);
  // The oldest may have gone for their age, those between may not.
  run("DELETE FROM audit WHERE id = 1");
  BOOST_TEST(accounts->check_audit().whole);
  run("DELETE FROM audit WHERE id = 3");
  BOOST_TEST(!accounts->check_audit().whole);
}

BOOST_AUTO_TEST_CASE(the_same_is_told_once) {
  Fixture fixture;
  auto accounts = fixture.open();
  AuditEntry entry{.user = "anna", .how = "password", .action = "search", .what = "sender=x"};
  for (int i = 0; i < 3; ++i) accounts->record_once(entry);
  entry.what = "sender=y";
  accounts->record_once(entry);
  entry.user = "boris";
  accounts->record_once(entry);
  BOOST_TEST(accounts->audit({}).entries.size() == 3u);
  accounts->record(entry);
  BOOST_TEST(accounts->audit({}).entries.size() == 4u);
}

// A page that looks for new mails all day, and one that tries the next meaning of what was pasted.
BOOST_AUTO_TEST_CASE(what_repeats_itself_is_told_once) {
  using std::chrono::minutes;
  Fixture fixture;
  auto accounts = fixture.open();
  AuditEntry entry{.user = "anna", .how = "password", .peer = "192.0.2.1", .action = "search", .what = "a"};
  auto start = std::chrono::steady_clock::now();
  auto entries = [&] { return accounts->audit({}).entries.size(); };
  for (int i = 0; i < 11; ++i) accounts->record_once(entry, {"a"}, start + i * minutes(5));
  BOOST_TEST(entries() == 1u);
  // However often: after an hour it is told again, and after a pause.
  accounts->record_once(entry, {"a"}, start + minutes(61));
  BOOST_TEST(entries() == 2u);
  accounts->record_once(entry, {"a"}, start + minutes(72));
  BOOST_TEST(entries() == 3u);
  auto later = start + minutes(200);
  accounts->record_once(entry, {"as an address", "any x"}, later);
  accounts->record_once(entry, {"as a queue id", "any x"}, later);
  BOOST_TEST(entries() == 4u);
  // What was not told itself is no excuse for what it finds then.
  accounts->record_once(entry, {"as a queue id"}, later);
  BOOST_TEST(entries() == 5u);
  // Nor is what somebody else asked.
  entry.peer = "192.0.2.2";
  accounts->record_once(entry, {"as an address", "any x"}, later);
  BOOST_TEST(entries() == 6u);
}

BOOST_AUTO_TEST_CASE(passwords_and_names) {
  BOOST_TEST(is_good_password("correct horse", "anna"));
  for (auto* bad : {"", "short", "aaaaaaaaaaaaaa", "12121212121212", "anna's password"}) {
    BOOST_TEST(!is_good_password(bad, "anna"), bad);
  }
  BOOST_TEST(!is_good_password(std::string(2000, 'x') + "abcdef", "anna"));
  for (auto* good : {"anna", "anna@alpha.example", "a.b-c_d+e"}) BOOST_TEST(is_good_name(good), good);
  for (auto* bad : {"", "Anna", "a b", "a\n", "\xC3\xBC", "a/b"}) BOOST_TEST(!is_good_name(bad), bad);
  for (auto* bad : {"", "@x", "x@", "a b@x", "*@x", "x", "a@b@", "a@.x"})
    BOOST_TEST(!is_good_address(bad), bad);
  BOOST_TEST(!is_good_domain("*"));
  BOOST_TEST(!is_good_domain("@alpha.example"));
}

BOOST_AUTO_TEST_CASE(secrets_are_random_and_their_hashes_are_not) {
  BOOST_REQUIRE(bool(start_secrets()));
  BOOST_TEST(random_secret() != random_secret());
  BOOST_TEST(random_secret().size() == 43u);
  BOOST_TEST(one_time_password() != one_time_password());
  BOOST_TEST(one_time_password().size() == 23u);
  BOOST_TEST(hash_secret("a") == hash_secret("a"));
  BOOST_TEST(hash_secret("a") != hash_secret("b"));
  BOOST_TEST(sign("0123456789abcdef", "a") != sign("0123456789abcdeg", "a"));
  BOOST_TEST(equal_secrets("abc", "abc"));
  BOOST_TEST(!equal_secrets("abc", "abd"));
  BOOST_TEST(!equal_secrets("abc", "abcd"));
}

BOOST_AUTO_TEST_CASE(a_file_of_a_newer_version_is_refused) {
  Fixture fixture;
  fixture.open();
  {
    auto file = AccountFile::open(fixture.path());
    BOOST_REQUIRE(bool(file));
    BOOST_REQUIRE(bool((*file)->run("PRAGMA user_version = 99")));
  }
  auto opened = Accounts::open(fixture.path(), {});
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().text.find("newer Mailtrace") != std::string::npos);
  BOOST_TEST((opened.error().fault == Fault::schema));
}

}  // namespace mailtrace::accounts
