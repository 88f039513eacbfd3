// What a request line and its headers are read as.
#include "plugins/web/portal/http.h"

#include <boost/test/unit_test.hpp>

namespace mailtrace::portal {

BOOST_AUTO_TEST_CASE(targets) {
  Request r;
  BOOST_TEST(read_target("/api/v1/mails/%41b?a=1&b=%C3%BC+x&c&d=a%3Db", r));
  BOOST_TEST(r.path == "/api/v1/mails/Ab");
  BOOST_TEST(r.segments.size() == 4u);
  BOOST_TEST(r.query.size() == 4u);
  BOOST_TEST(*r.parameter("b") == "\xC3\xBC x");
  BOOST_TEST(*r.parameter("c") == "");
  BOOST_TEST(*r.parameter("d") == "a=b");
  BOOST_TEST(!r.parameter("e").has_value());
  // A slash that was escaped is part of its segment.
  Request escaped;
  BOOST_TEST(read_target("/a%2Fb/c", escaped));
  BOOST_TEST(escaped.segments.size() == 2u);
  for (auto* bad : {"", "x", "*", "http://a/", "/a/../b", "/%2e%2E/b", "/.", "/a%0", "/a%zz", "/a%00", "/%ff",
                    "/?a=%", "/?a=%00", "/?%ff=1"}) {
    Request other;
    BOOST_TEST(!read_target(bad, other), bad);
  }
}

BOOST_AUTO_TEST_CASE(cookies) {
  Request r;
  r.headers = {{"cookie", "xmailtrace=1; mailtracex=2;mailtrace=3; mailtrace=4"}, {"cookie", "b=5"}};
  BOOST_TEST(r.cookie("mailtrace") == "3");
  BOOST_TEST(r.cookie("b") == "5");
  BOOST_TEST(r.cookie("c") == "");
  BOOST_TEST(Request{}.cookie("c") == "");
}

BOOST_AUTO_TEST_CASE(languages) {
  auto german = [](const char* text) {
    Request r;
    r.headers = {{"accept-language", text}};
    return r.language() == Language::german;
  };
  BOOST_TEST(german("de"));
  BOOST_TEST(german("de-CH, en;q=0.9"));
  BOOST_TEST(german("fr, de;q=0.5, en;q=0.4"));
  BOOST_TEST(!german("en, de;q=0.9"));
  BOOST_TEST(!german("fr"));
  BOOST_TEST(!german(""));
  BOOST_TEST(!german("de;q=0, en"));
}

BOOST_AUTO_TEST_CASE(addresses_in_networks) {
  auto networks = parse_networks({"192.0.2.0/24", "2001:db8::/32"});
  BOOST_TEST(is_in(networks, "192.0.2.9"));
  BOOST_TEST(is_in(networks, "2001:db8::1"));
  for (auto* other : {"192.0.3.9", "192.0.2.0/24", "", "name", "2001:db9::1"})
    BOOST_TEST(!is_in(networks, other), other);
}

BOOST_AUTO_TEST_CASE(problems_in_two_languages) {
  auto out = problem(Problem::weak_password, Language::german, {"why", "warum"}, "new");
  auto json = Json::parse(out.body);
  BOOST_TEST(out.status == 422);
  BOOST_TEST(out.type == "application/problem+json");
  BOOST_TEST(json["type"].get<std::string>() == "weak_password");
  BOOST_TEST(json["detail"].get<std::string>() == "warum");
  BOOST_TEST(json["field"].get<std::string>() == "new");
}

}  // namespace mailtrace::portal
