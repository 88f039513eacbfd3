// core/config/schema: values of every type, and the texts of option tables. Errors: tests/config.
#include "core/config/schema.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

using namespace mailtrace;

namespace {

Node scalar(std::string text) {
  Node n;
  n.kind = Node::Kind::scalar;
  n.scalar = std::move(text);
  return n;
}

// What the admin's text means, shown again; "refused".
template <class T>
std::string decoded(const std::string& text) {
  T value{};
  return decode_value(scalar(text), value) ? show_value(value) : "refused";
}

struct Sample {
  std::string text = "fallback";
  bool flag = true;
  int64_t number = 7;
  double ratio = 0.25;
  Microseconds wait{std::chrono::minutes(90)};
  Bytes size{3 << 20};
  Secret password{"hidden"};
  SocketAddress listen{"::1", 25};
  std::vector<std::string> list{"a", "b"};
  std::string choice = "fast";
};

}  // namespace

BOOST_AUTO_TEST_SUITE(schema)

BOOST_AUTO_TEST_CASE(truth) {
  for (auto yes : {"true", "yes", "on", "True", "YES"}) BOOST_TEST(decoded<bool>(yes) == "true", yes);
  for (auto no : {"false", "no", "off", "No"}) BOOST_TEST(decoded<bool>(no) == "false", no);
  for (auto bad : {"", "1", "0", "y", "truth", " true"}) BOOST_TEST(decoded<bool>(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(numbers) {
  BOOST_TEST(decoded<int64_t>("010") == "10");
  BOOST_TEST(decoded<int64_t>("-9223372036854775808") == "-9223372036854775808");
  for (auto bad : {"", "1e3", "0x10", "1.0", "1 ", " 1", "+1", "9223372036854775808", "1_000"})
    BOOST_TEST(decoded<int64_t>(bad) == "refused", bad);
  BOOST_TEST(decoded<double>("1e-1") == "0.1");
  BOOST_TEST(decoded<double>("-3") == "-3");
  for (auto bad : {"", "nan", "inf", "-inf", "1e999", "1,5", "1.5x"})
    BOOST_TEST(decoded<double>(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(durations) {
  BOOST_TEST(decoded<Microseconds>("0") == "0");
  BOOST_TEST(decoded<Microseconds>("5us") == "5us");
  BOOST_TEST(decoded<Microseconds>("1000us") == "1ms");
  BOOST_TEST(decoded<Microseconds>("90 s") == "90s");
  BOOST_TEST(decoded<Microseconds>("120s") == "2m");
  BOOST_TEST(decoded<Microseconds>("24h") == "1d");
  BOOST_TEST(decoded<Microseconds>("106751991d") == "106751991d");
  for (auto bad : {"", "10", "s", "1.5h", "-1s", "1 h 5 m", "1hour", "10  s", "106751992d", "1s "})
    BOOST_TEST(decoded<Microseconds>(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(sizes) {
  BOOST_TEST(decoded<Bytes>("0") == "0");
  BOOST_TEST(decoded<Bytes>("512") == "512");
  BOOST_TEST(decoded<Bytes>("512 B") == "512");
  BOOST_TEST(decoded<Bytes>("2048") == "2 KiB");
  BOOST_TEST(decoded<Bytes>("64MiB") == "64 MiB");
  BOOST_TEST(decoded<Bytes>("20 GiB") == "20 GiB");
  BOOST_TEST(decoded<Bytes>("8388607 TiB") == "8388607 TiB");
  for (auto bad : {"", "MiB", "1 MB", "1.5 GiB", "-1", "8388608 TiB", "99999999999999999999"})
    BOOST_TEST(decoded<Bytes>(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(addresses) {
  BOOST_TEST(decoded<SocketAddress>("127.0.0.1:2514") == "127.0.0.1:2514");
  BOOST_TEST(decoded<SocketAddress>("[::1]:2514") == "[::1]:2514");
  BOOST_TEST(decoded<SocketAddress>("localhost:0") == "localhost:0");
  for (auto bad : {"", ":", ":25", "25", "::1:25", "[::1]", "[::1]25", "[]:25", "[x]:25", "a b:25", "a:65536",
                   "a:-1", "a:", "a:+1", "a:1x", "/run/x:1"})
    BOOST_TEST(decoded<SocketAddress>(bad) == "refused", bad);
}

BOOST_AUTO_TEST_CASE(secrets) {
  BOOST_TEST(decoded<Secret>("hunter2") == "***");
  BOOST_TEST(decoded<Secret>("") == "");
  auto file = std::filesystem::temp_directory_path() / ("secret_" + std::to_string(getpid()));
  std::ofstream(file) << "from file\r\nsecond line\n";
  Secret secret;
  BOOST_TEST(decode_value(scalar("file:" + file.string()), secret));
  BOOST_TEST(secret.text == "from file");
  std::ofstream(file) << "";
  BOOST_TEST(!decode_value(scalar("file:" + file.string()), secret));
  std::filesystem::remove(file);
  BOOST_TEST(!decode_value(scalar("file:" + file.string()), secret));
  BOOST_TEST(secret.text == "from file");
}

BOOST_AUTO_TEST_CASE(wrong_kinds_leave_the_value) {
  Node map;
  map.kind = Node::Kind::map;
  map.children.push_back(scalar("x"));
  for (auto& n : {map, Node{}}) {
    Sample s;
    BOOST_TEST(!decode_value(n, s.text));
    BOOST_TEST(!decode_value(n, s.flag));
    BOOST_TEST(!decode_value(n, s.number));
    BOOST_TEST(!decode_value(n, s.ratio));
    BOOST_TEST(!decode_value(n, s.wait));
    BOOST_TEST(!decode_value(n, s.size));
    BOOST_TEST(!decode_value(n, s.password));
    BOOST_TEST(!decode_value(n, s.listen));
    BOOST_TEST(!decode_value(n, s.list));
    BOOST_TEST(s.text == "fallback");
    BOOST_TEST(s.list.size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(tables_name_type_and_default) {
  using S = Sample;
  auto told = [](const Option& o) { return o.type + " | " + o.fallback + (o.required ? " | required" : ""); };
  BOOST_TEST(told(option("x", &S::text, "h")) == "text | fallback");
  BOOST_TEST(told(option("x", &S::flag, "h")) == "true or false | true");
  BOOST_TEST(told(required(option("x", &S::number, "h"))) == "whole number | 7 | required");
  BOOST_TEST(told(option("x", &S::number, 1, 1000, "h")) == "whole number 1..1000 | 7");
  BOOST_TEST(told(option("x", &S::ratio, 0, 0.5, "h")) == "number 0..0.5 | 0.25");
  BOOST_TEST(told(option("x", &S::wait, "h")) == "duration such as 10s | 90m");
  BOOST_TEST(told(option("x", &S::wait, std::chrono::milliseconds(200), std::chrono::hours(48), "h")) ==
             "duration 200ms..2d | 90m");
  BOOST_TEST(told(option("x", &S::size, "h")) == "size such as 64 MiB | 3 MiB");
  BOOST_TEST(told(option("x", &S::size, 0, Bytes{1ull << 40}, "h")) == "size 0..1 TiB | 3 MiB");
  BOOST_TEST(told(option("x", &S::password, "h")) == "secret, or file:/path of it | ***");
  BOOST_TEST(told(option("x", &S::listen, "h")) == "address:port | [::1]:25");
  BOOST_TEST(told(option("x", &S::list, "h")) == "list of texts | [a, b]");
  BOOST_TEST(told(one_of("x", &S::choice, {"fast", "safe"}, "h")) == "one of fast, safe | fast");
}

BOOST_AUTO_TEST_CASE(range_ends_are_included_and_mistakes_change_nothing) {
  const Option table[] = {option("number", &Sample::number, 1, 10, "h"),
                          one_of("choice", &Sample::choice, {"fast", "safe"}, "h")};
  auto number_after = [&](const std::string& number) {
    Sample s;
    Node root;
    ConfigErrors errors("x.yaml");
    BOOST_TEST(load_yaml("number: " + number + "\nchoice: safe\n", root, errors));
    decode_options(root, &s, table, errors);
    BOOST_TEST(s.choice == "safe");
    return std::to_string(s.number) + (errors.empty() ? "" : " and an error");
  };
  BOOST_TEST(number_after("0") == "7 and an error");
  BOOST_TEST(number_after("1") == "1");
  BOOST_TEST(number_after("10") == "10");
  BOOST_TEST(number_after("11") == "7 and an error");
}

BOOST_AUTO_TEST_SUITE_END()
