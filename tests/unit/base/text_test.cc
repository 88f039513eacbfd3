// core/base/text: hostile bytes made safe.
#include "core/base/text.h"

#include <boost/test/unit_test.hpp>

using namespace mailtrace;
using namespace std::string_literals;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(valid_utf8) {
  for (auto& good : {""s, "plain"s, "\0"s, "\x7f"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s,
                     "\xED\x9F\xBF"s, "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s,
                     "\xF4\x8F\xBF\xBF"s, "a long ascii text and then \xC3\xBC"s})
    BOOST_TEST(is_valid_utf8(good), good);
}

BOOST_AUTO_TEST_CASE(invalid_utf8) {
  // RFC 3629: lone and missing continuations, overlong forms, surrogates, above U+10FFFF, bytes that never
  // occur.
  for (auto& bad : {"\x80"s, "\xBF"s, "\xC2"s, "\xC2 "s, "\xC0\x80"s, "\xC1\xBF"s, "\xE0\x80\x80"s,
                    "\xE0\x9F\xBF"s, "\xE2\x82"s, "\xED\xA0\x80"s, "\xED\xBF\xBF"s, "\xF0\x80\x80\x80"s,
                    "\xF0\x8F\xBF\xBF"s, "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xF8\x88\x80\x80\x80"s,
                    "\xFE"s, "\xFF"s, "a long ascii text and then \xFC"s})
    BOOST_TEST(!is_valid_utf8(bad), printable(bad));
}

BOOST_AUTO_TEST_CASE(storable_keeps_what_is_valid) {
  BOOST_TEST(storable("Gr\xC3\xBC\xC3\x9F"
                      "e\t\x1b\n") ==
             "Gr\xC3\xBC\xC3\x9F"
             "e\t\x1b\n");
  BOOST_TEST(storable("") == "");
}

BOOST_AUTO_TEST_CASE(storable_escapes_what_is_not) {
  BOOST_TEST(storable("a\xFF"
                      "b") == "a\\xFFb");
  BOOST_TEST(storable("\xE2\x82") == "\\xE2\\x82");
  BOOST_TEST(storable("\xC0\xAF") == "\\xC0\\xAF");
  BOOST_TEST(storable("a\0b"s) ==
             "a\xEF\xBF\xBD"
             "b");
  BOOST_TEST(is_valid_utf8(storable("\xFF\xFE\x80\0\xC3"s)));
}

BOOST_AUTO_TEST_CASE(storable_cuts_at_a_character) {
  std::string text =
      "ab\xC3\xBC"
      "c\xFF"
      "d";
  std::vector<std::string> expected = {"",
                                       "a",
                                       "ab",
                                       "ab",
                                       "ab\xC3\xBC",
                                       "ab\xC3\xBC"
                                       "c",
                                       "ab\xC3\xBC"
                                       "c",
                                       "ab\xC3\xBC"
                                       "c",
                                       "ab\xC3\xBC"
                                       "c",
                                       "ab\xC3\xBC"
                                       "c\\xFF",
                                       "ab\xC3\xBC"
                                       "c\\xFFd"};
  for (size_t limit = 0; limit < expected.size(); ++limit)
    BOOST_TEST(storable(text, limit) == expected[limit], limit);
}

BOOST_AUTO_TEST_CASE(printable_shows_what_would_mislead) {
  BOOST_TEST(printable("Gr\xC3\xBC\xC3\x9F"
                       "e \xF0\x9F\x93\xA7") ==
             "Gr\xC3\xBC\xC3\x9F"
             "e \xF0\x9F\x93\xA7");
  BOOST_TEST(printable("\x1b[31m\r\n\t\x7f") == "\\u{1b}[31m\\u{d}\\u{a}\\u{9}\\u{7f}");
  BOOST_TEST(printable("\0"s) == "\\u{0}");
  BOOST_TEST(printable("\xC2\x9B") == "\\u{9b}");        // C1: CSI
  BOOST_TEST(printable("\xE2\x80\xAE") == "\\u{202e}");  // right-to-left override
  BOOST_TEST(printable("\xE2\x81\xA6") == "\\u{2066}");  // isolate
  BOOST_TEST(printable("a\xE2\x80\x8B"
                       "b") == "a\\u{200b}b");  // zero width
  BOOST_TEST(printable("\xEF\xBB\xBF") == "\\u{feff}");
  BOOST_TEST(printable("\xF3\xA0\x81\x81") == "\\u{e0041}");  // tag letter
  BOOST_TEST(printable("\xFF\xC3") == "\\xFF\\xC3");
}

BOOST_AUTO_TEST_CASE(lower_touches_ascii_only) {
  BOOST_TEST(lower("AZaz09@[`{\xC3\x9C") == "azaz09@[`{\xC3\x9C");
}

BOOST_AUTO_TEST_CASE(closest_name) {
  std::vector<std::string_view> names = {"listen", "password", "port", "postfix", "warning"};
  BOOST_TEST(closest("pasword", names) == "password");
  BOOST_TEST(closest("passwrod", names) == "password");
  BOOST_TEST(closest("lisetn", names) == "listen");
  BOOST_TEST(closest("prot", names) == "port");
  BOOST_TEST(closest("warn", names) == "warning");
  BOOST_TEST(closest("xy", names) == "");
  BOOST_TEST(closest("", names) == "");
  BOOST_TEST(closest("colour", names) == "");
  BOOST_TEST(closest("password", {}) == "");
  BOOST_TEST(closest("ab", {"cd"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
