// What the cache holds of open mails: written, read back, never believed when damaged.
#include "core/track/shadow.h"

#include <boost/test/unit_test.hpp>

#include "core/track/queue_id.h"

using namespace mailtrace;

namespace {

KnownMail example() {
  KnownMail mail;
  mail.birth = time_from_us(1795464714153560);
  mail.id = mail_id(mail.birth, "mx1.example.org", "2579851CA7B", "1795464714153560");
  mail.born = Born::opener;
  mail.queued = true;
  mail.message_id_hash = 99;
  mail.recipients = {{"a@example.org", "b@example.org", time_from_us(5), true},
                     {"c@example.org", "", time_from_us(6), false}};
  return mail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shadow)

BOOST_AUTO_TEST_CASE(comes_back_whole) {
  auto back = decode_shadow(encode_shadow(example()));
  BOOST_REQUIRE(back);
  BOOST_TEST((back->id == example().id));
  BOOST_TEST(to_us(back->birth) == 1795464714153560);
  BOOST_TEST((back->born == Born::opener));
  BOOST_TEST(back->queued);
  BOOST_TEST(!back->finished);
  BOOST_TEST(back->message_id_hash == 99u);
  BOOST_REQUIRE(back->recipients.size() == 2u);
  BOOST_TEST(back->recipients[0].original == "b@example.org");
  BOOST_TEST(back->recipients[0].waiting);
  BOOST_TEST(to_us(back->recipients[1].attempt) == 6);
}

// Whatever a cache gives back, a wrong byte or a missing one makes it nothing.
BOOST_AUTO_TEST_CASE(damage_is_noticed_at_every_byte) {
  auto good = encode_shadow(example());
  for (size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x20);
    BOOST_TEST(!decode_shadow(bad));
    BOOST_TEST(!decode_shadow(good.substr(0, i)));
  }
  BOOST_TEST(!decode_shadow(good + "x"));
  BOOST_TEST(!decode_end(good));
  BOOST_TEST(!decode_tls(good));
}

BOOST_AUTO_TEST_CASE(ends_and_tls_come_back) {
  KnownEnd end{example().id, time_from_us(1), time_from_us(2), "mx1", "ABC", "postfix"};
  auto back = decode_end(encode_end(end));
  BOOST_REQUIRE(back);
  BOOST_TEST(back->server + back->queue_id + back->instance == "mx1ABCpostfix");
  BOOST_TEST(to_us(back->attempt) == 2);
  auto tls = decode_tls(encode_tls(time_from_us(3), "TLSv1.3"));
  BOOST_REQUIRE(tls);
  BOOST_TEST(tls->second == "TLSv1.3");
}

BOOST_AUTO_TEST_CASE(keys_are_short_and_plain) {
  auto key = mail_key(std::string(300, ' '), "a b\nc");
  BOOST_TEST(key.size() < 250u);
  BOOST_TEST(key.find_first_of(" \n") == std::string::npos);
  BOOST_TEST(mail_key("a", "bc") != mail_key("ab", "c"));
}

BOOST_AUTO_TEST_SUITE_END()
