// A folder with log files, and a file input that is started, stopped and crashed over it.
#pragma once
#include <stdlib.h>
#include <zlib.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/inputs/input_fixture.h"

namespace mailtrace::test {

struct FollowFixture : InputFixture {
  FollowFixture() {
    label = "file";
    char name[] = "/tmp/mailtrace-file-XXXXXX";
    folder = mkdtemp(name);
    logs = folder / "log";
    state_directory = folder / "state";
    std::filesystem::create_directories(logs);
    std::filesystem::create_directories(state_directory);
  }
  ~FollowFixture() {
    stop();
    std::filesystem::remove_all(folder);
  }

  std::string at(const std::string& name) const { return (logs / name).string(); }
  void append(const std::string& name, std::string_view text) {
    std::ofstream(at(name), std::ios::app | std::ios::binary) << text;
  }
  // As logrotate's copytruncate does it.
  void copy_truncate(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(at(from), at(to));
    std::filesystem::resize_file(at(from), 0);
  }
  void move(const std::string& from, const std::string& to) { std::filesystem::rename(at(from), at(to)); }
  void compress(const std::string& name) {
    std::ifstream stream(at(name), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), {}};
    gzFile file = ::gzopen(at(name + ".gz").c_str(), "wb");
    ::gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    ::gzclose(file);
    std::filesystem::last_write_time(at(name + ".gz"), std::filesystem::last_write_time(at(name)));
    remove(name);
  }
  // The clock of a file system has coarse ticks; rotations do not follow each other that fast.
  void later(const std::string& name) {
    std::filesystem::last_write_time(at(name),
                                     std::filesystem::last_write_time(at(name)) + std::chrono::seconds(1));
  }
  void remove(const std::string& name) { std::filesystem::remove(at(name)); }

  // Nothing is closed while a test still writes to it.
  void follow(const std::string& pattern = "mail.log", const std::string& more = "keep_rotated: 1h") {
    auto started = try_start("file", "path: " + at(pattern) + "\npoll_interval: 10ms\n" + more);
    BOOST_REQUIRE_MESSAGE(started, (started ? "" : started.error().text));
  }
  // Until these lines, joined by "|", were submitted, and no others.
  void wants(const std::string& lines) {
    until([&] { return intake.all().size() >= lines.size(); });
    BOOST_TEST(intake.all() == lines);
  }
  void wants_nothing_more(const std::string& lines) {
    settle_down();
    BOOST_TEST(intake.all() == lines);
  }
  // Durable, and written down by a poll after that.
  void settle_all() {
    intake.settle();
    settle_down();
  }
  void end() {
    stop();
    clear();
  }
  // kill -9: no stop(), and nobody hears an answer.
  void crash() { clear(); }
  void clear() {
    input.reset();
    intake.waiting.clear();
    intake.taken.clear();
    stopping = stopped = false;
    uv_run(&loop, UV_RUN_DEFAULT);
  }
  void begin_anew() {
    clear();
    remove("mail.log");
    std::filesystem::remove(state_directory + "/input-file.positions");
  }
  std::string positions() const {
    std::ifstream stream(state_directory + "/input-file.positions", std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path folder, logs;
};

}  // namespace mailtrace::test
