// The RELP protocol without sockets: the same answers wherever the network cuts the bytes.
#include "plugins/inputs/relp/session.h"

#include <boost/test/unit_test.hpp>

#include "core/spool/record.h"

using namespace mailtrace;
using namespace mailtrace::relp;

namespace {
// What librelp 1.11 sends; 86 counts the data without the trailing LF.
const std::string open_frame =
    "1 open 86 relp_version=0\nrelp_software=librelp,1.11.0,http://librelp.adiscon.com\ncommands=syslog\n";
const std::string open_text =
    "200 OK\nrelp_version=0\nrelp_software=mailtrace," MAILTRACE_VERSION "\ncommands=syslog";
const std::string open_answer = "1 rsp " + std::to_string(open_text.size()) + " " + open_text + "\n";

std::string syslog(uint32_t number, const std::string& text) {
  return std::to_string(number) + " syslog " + std::to_string(text.size()) + " " + text + "\n";
}

struct Talk {
  std::string lines, answers, error;
  State state;
};

// Every batch is durable at once.
Talk run(const std::vector<std::string_view>& pieces, size_t max_line = 100) {
  Session session(max_line);
  Talk talk;
  Round round;
  std::string kept;
  for (auto piece : pieces) {
    kept += piece;
    session.scan(kept, round);
    for (auto& line : round.lines) {
      talk.lines += std::string(line.bytes) + (line.flags ? " (cut)" : "") + "|";
    }
    session.durable(session.take(round));
    session.answer(talk.answers);
    talk.error = round.error;
    BOOST_REQUIRE_LE(round.consumed, kept.size());
    kept.erase(0, round.consumed);
    if (round.state == State::broken || round.state == State::closing) break;
    BOOST_REQUIRE_LE(kept.size(), Session::carry());
  }
  talk.state = session.state();
  return talk;
}

Talk expect(const std::string& stream, const std::string& lines, const std::string& answers,
            State state = State::opened) {
  Talk whole = run({stream});
  BOOST_TEST(whole.lines == lines);
  BOOST_TEST(whole.answers == answers);
  BOOST_TEST((whole.state == state));
  std::string_view view = stream;
  for (size_t at = 0; at <= stream.size(); ++at) {
    Talk cut = run({view.substr(0, at), view.substr(at)});
    BOOST_TEST_CONTEXT("cut at " << at) {
      BOOST_TEST(cut.lines == lines);
      BOOST_TEST(cut.answers == answers);
      BOOST_TEST((cut.state == state));
    }
  }
  return whole;
}
}  // namespace

BOOST_AUTO_TEST_CASE(open_syslog_close) {
  expect(open_frame + syslog(2, "<22>1 a\n") + syslog(3, "<22>1 b") + "4 close 0\n", "<22>1 a|<22>1 b|",
         open_answer + "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n", State::closing);
}

BOOST_AUTO_TEST_CASE(data_is_opaque) {
  expect(open_frame + syslog(2, "3 syslog 5 abcde\n\n"), "3 syslog 5 abcde\n|",
         open_answer + "2 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_CASE(empty_messages_are_answered_not_stored) {
  expect(open_frame + "2 syslog 0\n3 syslog 0 \n" + syslog(4, "\n") + syslog(5, "<22>a"), "<22>a|",
         open_answer + "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n5 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_CASE(long_messages_are_cut_and_acknowledged) {
  expect(open_frame + syslog(2, std::string(101, 'x')) + syslog(3, std::string(100, 'y') + "\n"),
         std::string(100, 'x') + " (cut)|" + std::string(100, 'y') + "|",
         open_answer + "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_CASE(unknown_commands) {
  expect(open_frame + "2 starttls 0\n" + syslog(3, "<22>a"), "<22>a|",
         open_answer + "2 rsp 19 500 unknown command\n3 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_CASE(offers) {
  expect("1 open 15 commands=syslog\n", "", open_answer);                    // no version
  expect("1 open 32 relp_version=1\ncommands=a,syslog\n", "", open_answer);  // a newer one
  const char* refused = "1 rsp 43 500 required command syslog was not offered\n0 serverclose 0\n";
  expect("1 open 14 relp_version=0\n", "", refused, State::closing);
  expect("1 open 16 commands=syslogx\n", "", refused, State::closing);
  expect("1 open 0\n", "", refused, State::closing);
}

BOOST_AUTO_TEST_CASE(broken_frames_end_the_session) {
  for (std::string frame : {
           "3 syslog 1 a\n",           // gap
           "1 syslog 1 a\n",           // again
           "0 syslog 1 a\n",           // a hint; clients send none
           "1000000000 syslog 1 a\n",  // ten digits
           "x syslog 1 a\n",
           " ",
           "2  syslog",
           "2 sys-log 1 a\n",
           "2 syslog x",
           "2 syslog 1x",
           "2 syslog 1\n",
           "2 syslog 1 ab\n",   // does not end where it says
           "2 syslog 131073 ",  // above 128 KiB: nothing is waited for
           "2 syslog 999999999 ",
           "2 syslog 1234567890",
           "2 abcdefghijklmnopqrstuvwxyzabcdefg",  // 33 letters
           "2 open 15 commands=syslog\n",          // twice
           "\x16\x03\x01",
           "GET / HTTP/1.1\r\n",
       }) {
    BOOST_TEST_CONTEXT(frame) {
      Talk talk = expect(open_frame + frame, "", open_answer, State::broken);
      BOOST_TEST(!talk.error.empty());
    }
  }
  expect("1 syslog 1 a\n", "", "", State::broken);
  expect("1 close 0\n", "", "", State::broken);
}

BOOST_AUTO_TEST_CASE(lines_before_a_broken_frame_are_given) {
  expect(open_frame + syslog(2, "<22>a") + "4 syslog 5 <22>b\n", "<22>a|", open_answer + "2 rsp 6 200 OK\n",
         State::broken);
}

BOOST_AUTO_TEST_CASE(a_frame_of_the_largest_size) {
  std::string data(Session::max_data, 'x');
  Talk talk = run({open_frame + syslog(2, data)}, Session::max_data);
  BOOST_TEST((talk.lines == data + "|"));
  Session session(100);
  Round round;
  std::string bytes = open_frame + syslog(2, data);
  session.scan(std::string_view(bytes).substr(0, bytes.size() - 1), round);
  BOOST_TEST(round.consumed == open_frame.size());
  BOOST_TEST(bytes.size() - round.consumed <= Session::carry());
}

namespace {
struct Opened {
  Opened() {
    session.scan(open_frame, round);
    session.durable(session.take(round));
    std::string out;
    session.answer(out);
  }
  uint64_t take(const std::string& bytes) {
    session.scan(bytes, round);
    BOOST_REQUIRE_EQUAL(round.consumed, bytes.size());
    return session.take(round);
  }
  std::string answer() {
    std::string out;
    session.answer(out);
    return out;
  }
  Session session{100};
  Round round;
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(batches, Opened)

BOOST_AUTO_TEST_CASE(nothing_is_answered_before_it_is_durable) {
  uint64_t batch = take(syslog(2, "<22>a") + syslog(3, "<22>b"));
  BOOST_TEST(answer() == "");
  BOOST_TEST(session.unanswered_bytes() == 2 * syslog(2, "<22>a").size());
  session.durable(batch);
  BOOST_TEST(answer() == "2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
  BOOST_TEST(session.unanswered_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(answers_keep_the_order) {
  uint64_t first = take(syslog(2, "<22>a"));
  uint64_t second = take(syslog(3, "<22>b") + "4 noop 0\n" + syslog(5, "<22>c"));
  session.durable(second);
  BOOST_TEST(answer() == "");
  session.durable(first);
  BOOST_TEST(answer() == "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 19 500 unknown command\n5 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_CASE(close_waits_for_earlier_answers) {
  uint64_t batch = take(syslog(2, "<22>a") + "3 close 0\n");
  BOOST_TEST(answer() == "");
  BOOST_TEST(!session.all_answered());
  session.durable(batch);
  BOOST_TEST(answer() == "2 rsp 6 200 OK\n3 rsp 0\n0 serverclose 0\n");
  BOOST_TEST(session.all_answered());
}

BOOST_AUTO_TEST_CASE(what_is_given_back_comes_again) {
  uint64_t first = take(syslog(2, "<22>a"));
  std::string bytes = syslog(3, "<22>b") + "4 close 0\n";
  take(bytes);
  session.give_back();
  BOOST_TEST((session.state() == State::opened));
  session.durable(first);
  BOOST_TEST(answer() == "2 rsp 6 200 OK\n");
  BOOST_TEST(session.unanswered_bytes() == 0u);
  session.durable(take(bytes));
  BOOST_TEST(answer() == "3 rsp 6 200 OK\n4 rsp 0\n0 serverclose 0\n");
}

// 999,999,998 frames in one test are too many: a batch of that size is put together by hand.
BOOST_AUTO_TEST_CASE(numbers_wrap) {
  Round far;
  far.state = State::opened;
  far.next = 999'999'999;
  session.take(far);
  session.durable(take(syslog(999'999'999, "<22>a") + syslog(1, "<22>b") + syslog(2, "<22>c")));
  BOOST_TEST(answer() == "999999999 rsp 6 200 OK\n1 rsp 6 200 OK\n2 rsp 6 200 OK\n");
}

BOOST_AUTO_TEST_SUITE_END()
