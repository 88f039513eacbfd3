// Widths, sizes and times as people see them.
#include "core/tool/terminal.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "core/tool/texts.h"

using namespace mailtrace;

BOOST_AUTO_TEST_CASE(width_counts_columns_not_bytes) {
  BOOST_TEST(display_width("abc") == 3u);
  BOOST_TEST(display_width("zurückgestellt") == 14u);
  BOOST_TEST(display_width("日本") == 4u);
  BOOST_TEST(display_width("e\u0301") == 1u);
  BOOST_TEST(display_width("") == 0u);
}

BOOST_AUTO_TEST_CASE(cut_keeps_characters_whole) {
  BOOST_TEST(cut("abcdef", 6) == "abcdef");
  BOOST_TEST(cut("abcdef", 5) == "abcd…");
  BOOST_TEST(cut("üüü", 2) == "ü…");
  BOOST_TEST(cut("日本語", 4) == "日…");
  BOOST_TEST(cut("abc", 0) == "");
  for (size_t width = 0; width < 12; ++width) BOOST_TEST(display_width(fit("a日üb本c", width)) == width);
}

BOOST_AUTO_TEST_CASE(sizes_and_durations) {
  BOOST_TEST(human_size(0) == "0 B");
  BOOST_TEST(human_size(1023) == "1023 B");
  BOOST_TEST(human_size(1536) == "1.5 KiB");
  BOOST_TEST(human_size(64 << 20) == "64.0 MiB");
  BOOST_TEST(human_duration(0.04) == "0.0 s");
  BOOST_TEST(human_duration(9.96) == "10.0 s");
  BOOST_TEST(human_duration(59.4) == "59 s");
  BOOST_TEST(human_duration(90) == "1 min 30 s");
  BOOST_TEST(human_duration(3600) == "1 h");
  BOOST_TEST(human_duration(7800) == "2 h 10 min");
  BOOST_TEST(human_duration(5 * 86400 + 3 * 3600) == "5 d 3 h");
}

BOOST_AUTO_TEST_CASE(german_is_chosen_by_the_first_variable_that_is_set) {
  ::unsetenv("LC_ALL");
  ::unsetenv("LC_MESSAGES");
  ::setenv("LANG", "de_DE.UTF-8", 1);
  BOOST_TEST(wants_german());
  BOOST_TEST(human_duration(1.14) == "1,1 s");
  BOOST_TEST(human_size(1536) == "1,5 KiB");
  ::setenv("LC_MESSAGES", "C", 1);
  BOOST_TEST(!wants_german());
  ::setenv("LC_ALL", "de_AT.UTF-8", 1);
  BOOST_TEST(wants_german());
  ::unsetenv("LC_ALL");
  ::unsetenv("LC_MESSAGES");
  ::unsetenv("LANG");
  BOOST_TEST(!wants_german());
  BOOST_TEST(german_text("nothing found") == "nichts gefunden");
  BOOST_TEST(german_text("no such text") == "no such text");
}

BOOST_AUTO_TEST_CASE(paint_only_with_colours) {
  Terminal terminal;
  BOOST_TEST(terminal.paint(Colour::red, "bounced") == "bounced");
  terminal.colours = true;
  BOOST_TEST(terminal.paint(Colour::red, "bounced") == "\x1b[31mbounced\x1b[0m");
  BOOST_TEST(terminal.paint(Colour::none, "plain") == "plain");
}
