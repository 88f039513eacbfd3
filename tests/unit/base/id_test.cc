// core/base/id: stored keys, which must never change between versions.
#include "core/base/id.h"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace mailtrace;

BOOST_AUTO_TEST_SUITE(id)

BOOST_AUTO_TEST_CASE(layout_is_milliseconds_then_hash) {
  Id made = make_id(time_from_us(1795464714131999), {0x0102030405060708, 0x090a0b0c0d0e0f10});
  BOOST_TEST(made.hex() == "01a20a0957930102030405060708090a");
  BOOST_TEST(to_us(made.birth()) == 1795464714131000);
  BOOST_TEST((made.day() == day_of(time_from_us(1795464714131999))));
  BOOST_TEST(!made.is_zero());
  BOOST_TEST(Id{}.is_zero());
}

BOOST_AUTO_TEST_CASE(younger_sorts_behind_older) {
  Hash128 low{0, 0}, high{~0ull, ~0ull};
  BOOST_TEST((make_id(time_from_us(1000), high) < make_id(time_from_us(2000), low)));
  BOOST_TEST((make_id(time_from_us(255'000), high) < make_id(time_from_us(256'000), low)));
  BOOST_TEST((make_id(time_from_us(1000), low) < make_id(time_from_us(1999), high)));
}

BOOST_AUTO_TEST_CASE(births_outside_48_bits_are_clamped) {
  BOOST_TEST(to_us(make_id(time_from_us(-1), {}).birth()) == 0);
  BOOST_TEST(to_us(make_id(time_from_us(INT64_MIN), {}).birth()) == 0);
  BOOST_TEST(to_us(make_id(time_from_us(INT64_MAX), {}).birth()) == ((int64_t{1} << 48) - 1) * 1000);
}

BOOST_AUTO_TEST_CASE(hex_is_read_back) {
  Id made = make_id(time_from_us(1795464714131999), hash_fields({"mx1.example.org", "4bXyz"}));
  Id read;
  BOOST_TEST(parse_id(made.hex(), read));
  BOOST_TEST((read == made));
  std::string upper = made.hex();
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  Id again;
  BOOST_TEST(parse_id(upper, again));
  BOOST_TEST((again == made));
  for (auto& bad : {made.hex() + "0", made.hex().substr(1), "g" + made.hex().substr(1), std::string()}) {
    BOOST_TEST(!parse_id(bad, read), bad);
    BOOST_TEST((read == made));
  }
}

BOOST_AUTO_TEST_CASE(hashes_are_frozen) {
  BOOST_TEST((hash_fields({}) == Hash128{0x99aa06d3014798d8, 0x6001c324468d497f}));
  BOOST_TEST((hash_fields({"mx1.example.org", "4bXyz"}) == Hash128{0xae93a79589698357, 0x2cd3d9456db8c97c}));
  BOOST_TEST((hash_fields({std::string(5000, 'x'), ""}) == Hash128{0x93f4e38c8d1e2054, 0xddc5b805f0f93e1d}));
}

BOOST_AUTO_TEST_CASE(borders_of_fields_count) {
  std::set<Hash128> seen;
  seen.insert(hash_fields({"ab", "c"}));
  seen.insert(hash_fields({"a", "bc"}));
  seen.insert(hash_fields({"abc"}));
  seen.insert(hash_fields({"abc", ""}));
  seen.insert(hash_fields({"", "abc"}));
  seen.insert(hash_fields({}));
  seen.insert(hash_fields({""}));
  BOOST_TEST(seen.size() == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
