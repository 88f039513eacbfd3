// Rows a second and CPU a row into each database, and how quick searches are afterwards. Run by hand:
// sink_bench [-- MAILS]; each mail is one row in connectlog and one in deliverlog, 1000 mails a transaction.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/sinks/rows.h"
#include "tests/sinks/servers.h"

using namespace mailtrace;
using namespace mailtrace::test;
using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double own_cpu() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// CPU seconds of a server and its children so far.
double server_cpu(int server) {
  double ticks = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(entry.path() / "stat");
    std::string line;
    if (!std::getline(in, line)) continue;
    size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) continue;
    char state;
    int parent;
    long skip;
    unsigned long user, system;
    if (std::sscanf(line.c_str() + name_end + 2, "%c %d %ld %ld %ld %ld %ld %ld %ld %ld %ld %lu %lu", &state,
                    &parent, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &skip, &user,
                    &system) != 13)
      continue;
    if (parent == server || entry.path().filename() == std::to_string(server))
      ticks += static_cast<double>(user + system);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

Batch next_batch(int first, int count) {
  Batch batch;
  for (int i = first; i < first + count; ++i) {
    Time birth =
        Time(today()) - std::chrono::days(9 - i * 10 / 1'000'000 % 10) + std::chrono::milliseconds(i * 7);
    ConnectRow row = mail(birth, "4jYGwZ" + std::to_string(1'000'000 + i));
    row.sender = "sender" + std::to_string(i % 5000) + "@example.org";
    row.message_id = hash_fields({std::to_string(i)}).high % 2 == 0
                         ? row.id.hex() + "@example.org"
                         : row.id.hex().substr(8) + "@mail.example.org";
    row.client_name = "client.example.net";
    row.client_addr = "192.0.2." + std::to_string(i % 250);
    row.service = "smtpd";
    row.size = 4000 + i % 1000;
    row.recipients = 1;
    row.end_time = birth + std::chrono::seconds(2);
    DeliverRow to = delivery(row, "user" + std::to_string((i * 7919) % 40'000) + "@example.com",
                             i % 10 == 0 ? "deferred" : "sent");
    to.relay_name = "mx.example.com";
    to.relay_addr = "198.51.100.25";
    to.relay_port = 25;
    to.transport = "smtp";
    to.delay = 1.5;
    to.smtp_code = 250;
    to.dsn = "2.0.0";
    to.response = "250 2.0.0 Ok: queued as 4jYGwZ6vpmz1cvvZ";
    batch.connects.push_back(std::move(row));
    batch.deliveries.push_back(std::move(to));
  }
  batch.checkpoint = {"bench", "spool", static_cast<uint64_t>(first), 0};
  return batch;
}

void searches(Reader& reader) {
  struct Case {
    const char* name;
    std::string text;
  };
  for (const Case& c : {Case{"exact", "user39999@example.com"}, Case{"prefix", "user3999*"},
                        Case{"domain", "@example.com"}, Case{"substring", "*r3999*"}}) {
    std::vector<double> times;
    for (int i = 0; i < 20; ++i) {
      Query query;
      query.recipient = c.text;
      auto start = Clock::now();
      auto page = reader.search(query);
      BOOST_REQUIRE_MESSAGE(page, (page ? "" : page.error().text));
      BOOST_REQUIRE(!page->hits.empty());
      times.push_back(seconds_since(start) * 1000);
    }
    std::sort(times.begin(), times.end());
    std::printf("    search %-10s p50 %7.2f ms  p95 %7.2f ms\n", c.name, times[10], times[18]);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(sink_bench) {
  auto& suite = boost::unit_test::framework::master_test_suite();
  int mails = suite.argc > 1 ? std::atoi(suite.argv[1]) : 100'000;
  for (const std::string& kind : all_kinds) {
    Database database(kind);
    auto sink = database.sink();
    BOOST_REQUIRE(sink->open());
    for (const char* pass : {"new rows", "the same again"}) {
      double written = 0, own = 0, server = server_cpu(database.server());
      for (int at = 0; at < mails; at += 1000) {
        Batch batch = next_batch(at, 1000);
        double cpu = own_cpu();
        auto start = Clock::now();
        auto done = sink->write(batch);
        BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().text));
        written += seconds_since(start);
        own += own_cpu() - cpu;
      }
      double rows = 2.0 * mails;
      server = server_cpu(database.server()) - server;
      std::printf("%-10s %-14s %8.0f rows/s  client %5.2f us/row  server %5.2f us/row\n", kind.c_str(), pass,
                  rows / written, own / rows * 1e6, database.server() > 0 ? server / rows * 1e6 : 0.0);
      std::fflush(stdout);
    }
    auto reader = sink->open_reader();
    BOOST_REQUIRE(reader);
    searches(**reader);
  }
}
