// RFC 6587 framing: the same frames wherever the network cuts the bytes.
#include "core/net/framing.h"

#include <boost/test/unit_test.hpp>
#include <string>

#include "core/spool/record.h"

using namespace mailtrace;

namespace {
struct Got {
  std::string bytes;
  int flags;
  bool operator==(const Got&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Got& got) {
  return out << '"' << got.bytes << "\" flags " << got.flags;
}
using Frames = std::vector<Got>;

constexpr int truncated = record_flag::truncated;
constexpr int partial = record_flag::partial;

// As a connection does: what is not consumed is given again with the next piece.
Frames run(const std::vector<std::string_view>& pieces, size_t max_line) {
  Framer framer(max_line);
  std::string kept;
  std::vector<Frame> frames;
  Frames all;
  auto collect = [&] {
    for (auto& frame : frames) all.push_back({std::string(frame.bytes), frame.flags});
    frames.clear();
  };
  for (auto piece : pieces) {
    kept += piece;
    size_t used = framer.scan(kept, frames);
    collect();
    BOOST_REQUIRE_LE(used, kept.size());
    kept.erase(0, used);
    BOOST_REQUIRE_LE(kept.size(), framer.carry());
  }
  framer.finish(kept, frames);
  collect();
  return all;
}

void expect(std::string_view stream, const Frames& wanted, size_t max_line = 100) {
  Frames whole = run({stream}, max_line);
  BOOST_TEST(whole == wanted, boost::test_tools::per_element());
  for (size_t at = 0; at <= stream.size(); ++at) {
    BOOST_TEST_CONTEXT("cut at " << at)
    BOOST_TEST(run({stream.substr(0, at), stream.substr(at)}, max_line) == wanted,
               boost::test_tools::per_element());
  }
  std::vector<std::string_view> bytes;
  for (size_t at = 0; at < stream.size(); ++at) bytes.push_back(stream.substr(at, 1));
  BOOST_TEST_CONTEXT("byte by byte")
  BOOST_TEST(run(bytes, max_line) == wanted, boost::test_tools::per_element());
}
}  // namespace

BOOST_AUTO_TEST_CASE(octet_counted) {
  expect("7 <22>1 a8 <22>1 bc", {{"<22>1 a", 0}, {"<22>1 bc", 0}});
  // rsyslog's template ends in LF, which the count includes
  expect("8 <22>1 a\n9 <22>1 bc\n", {{"<22>1 a", 0}, {"<22>1 bc", 0}});
}

BOOST_AUTO_TEST_CASE(octet_counted_may_hold_line_ends) {
  expect("10 <22>a\nb\r\nc5 <22>d", {{"<22>a\nb\r\nc", 0}, {"<22>d", 0}});
  expect(std::string_view("6 <22>\0a5 <22>b", 15), {{std::string("<22>\0a", 6), 0}, {"<22>b", 0}});
}

BOOST_AUTO_TEST_CASE(lines) {
  expect("<22>a\n<22>b\r\n\n\r\n<22>c\n", {{"<22>a", 0}, {"<22>b", 0}, {"<22>c", 0}});
  expect(std::string_view("<22>a\0b\n", 8), {{std::string("<22>a\0b", 7), 0}});
}

BOOST_AUTO_TEST_CASE(lines_that_begin_with_digits) {
  expect("2026-11-23T20:11:54Z mx1 a\n", {{"2026-11-23T20:11:54Z mx1 a", 0}});
  expect("10 mails\n", {{"10 mails", 0}});
  expect("12345678 <22>a\n", {{"12345678 <22>a", 0}});  // eight digits are no count
  expect("0 <22>a\n", {{"0 <22>a", 0}});
  expect("07 <22>abc\n", {{"07 <22>abc", 0}});
}

// An LF inside a message must not make the rest swallow the messages behind it.
BOOST_AUTO_TEST_CASE(a_connection_of_lines_stays_one) {
  expect("<22>a\n99 <22>b\n<22>c\n", {{"<22>a", 0}, {"99 <22>b", 0}, {"<22>c", 0}});
}

BOOST_AUTO_TEST_CASE(a_frame_without_count_is_read_as_a_line) {
  expect("5 <22>a<22>lost\n5 <22>b", {{"<22>a", 0}, {"<22>lost", 0}, {"<22>b", 0}});
  Framer framer(100);
  std::vector<Frame> frames;
  framer.scan("5 <22>a<22>lo", frames);
  BOOST_TEST(framer.broken_frames() == 0u);
  framer.scan("<22>lost\n5 <22>b", frames);
  BOOST_TEST(framer.broken_frames() == 1u);
}

BOOST_AUTO_TEST_CASE(in_octet_counting_the_message_needs_no_pri) {
  expect("5 <22>a3 abc", {{"<22>a", 0}, {"abc", 0}});
}

BOOST_AUTO_TEST_CASE(too_long) {
  expect("<22>abcdef\n<22>g\n", {{"<22>abcd", truncated}, {"<22>g", 0}}, 8);
  expect("<22>abcd\r\n<22>g\n", {{"<22>abcd", 0}, {"<22>g", 0}}, 8);  // exactly the limit
  expect("<22>abcde\n<22>g\n", {{"<22>abcd", truncated}, {"<22>g", 0}}, 8);
  expect("10 <22>abcdef5 <22>g", {{"<22>abcd", truncated}, {"<22>g", 0}}, 8);
  expect("17 <22>abcdefghijklm5 <22>g", {{"<22>abcd", truncated}, {"<22>g", 0}}, 8);
  expect("10 <22>abcd\r\n5 <22>g", {{"<22>abcd", 0}, {"<22>g", 0}}, 8);
}

BOOST_AUTO_TEST_CASE(a_giant_count_allocates_nothing) {
  expect("9999999 <22>abcdefghijkl", {{"<22>abcd", truncated}}, 8);
  Framer framer(1000);
  std::vector<Frame> frames;
  std::string stream = "9999999 <22>" + std::string(500, 'x');
  BOOST_TEST(framer.scan(stream, frames) == 0u);
  BOOST_TEST(frames.empty());
}

BOOST_AUTO_TEST_CASE(the_end_of_the_connection) {
  expect("<22>a\n<22>b", {{"<22>a", 0}, {"<22>b", partial}});
  expect("9 <22>ab", {{"<22>ab", partial}});
  expect("5 <22>a12", {{"<22>a", 0}});  // a count is no text
  expect("5 <22>a12 ", {{"<22>a", 0}});
  expect("12", {{"12", partial}});
  expect("5 <22>a<22>b", {{"<22>a", 0}, {"<22>b", partial}});
  expect("<22>abcdefghij", {{"<22>abcd", truncated}}, 8);  // comes out cut before the end
  expect("", {});
}

BOOST_AUTO_TEST_CASE(a_copy_is_a_snapshot) {
  Framer framer(8);
  std::vector<Frame> first, again;
  std::string stream = "<22>abcdefgh\n<22>i\n";
  Framer before = framer;
  size_t used = framer.scan(stream, first);
  framer = before;
  BOOST_TEST(framer.scan(stream, again) == used);
  BOOST_REQUIRE_EQUAL(first.size(), again.size());
  for (size_t i = 0; i < first.size(); ++i) BOOST_TEST(first[i].bytes == again[i].bytes);
}
