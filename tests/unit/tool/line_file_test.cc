// Lines out of plain and compressed files, whole, cut short and damaged.
#include "core/tool/line_file.h"

#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <vector>

using namespace mailtrace;
namespace data = boost::unit_test::data;

namespace {

std::string gzip(const std::string& text) {
  z_stream stream{};
  ::deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  return out;
}

std::string xz(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  size_t at = 0;
  BOOST_REQUIRE(::lzma_easy_buffer_encode(
                    6, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                    reinterpret_cast<uint8_t*>(out.data()), &at, out.size()) == LZMA_OK);
  out.resize(at);
  return out;
}

std::string zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(::ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

std::string plain(const std::string& text) { return text; }

using Pack = std::string (*)(const std::string&);
const std::vector<Pack> packs{plain, gzip, xz, zstd};

class File {
 public:
  explicit File(const std::string& bytes) {
    int fd = ::mkstemp(path_);
    ::close(fd);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_; }

 private:
  char path_[64] = "/tmp/line_file_test.XXXXXX";
};

struct Read {
  std::vector<std::string> lines;
  size_t truncated = 0;
  bool whole = false;
};

Read read_all(const std::string& bytes) {
  File on_disk(bytes);
  auto file = LineFile::open(on_disk.path());
  BOOST_REQUIRE(file);
  Read out;
  std::string_view line;
  for (bool cut = false; file->next(line, cut); out.truncated += cut) out.lines.emplace_back(line);
  out.whole = static_cast<bool>(file->end());
  return out;
}

std::string many_lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "line " + std::to_string(i * 7919 % 1000003) + " of a log\n";
  return text;
}

}  // namespace

BOOST_DATA_TEST_CASE(every_format_gives_the_same_lines, data::xrange(packs.size()), which) {
  auto pack = packs[which];
  auto text = many_lines(100'000);
  auto read = read_all(pack(text));
  BOOST_TEST(read.whole);
  BOOST_REQUIRE(read.lines.size() == 100'000u);
  std::string joined;
  for (auto& line : read.lines) joined += line + "\n";
  BOOST_TEST((joined == text));
}

BOOST_DATA_TEST_CASE(parts_packed_one_by_one_are_one_file, data::xrange(packs.size()), which) {
  auto pack = packs[which];
  auto read = read_all(pack("one\ntw") + pack("o\nthree\n"));
  BOOST_TEST(read.whole);
  BOOST_TEST(read.lines == (std::vector<std::string>{"one", "two", "three"}),
             boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(cut_at_every_byte_gives_what_came_before, data::xrange(packs.size()), which) {
  auto pack = packs[which];
  auto bytes = pack(many_lines(50));
  for (size_t size = 7; size < bytes.size(); ++size) {
    auto read = read_all(bytes.substr(0, size));
    if (which != 0) BOOST_TEST_REQUIRE(!read.whole);
    BOOST_TEST_REQUIRE(read.lines.size() <= 50u);
  }
}

BOOST_DATA_TEST_CASE(damage_is_said_and_never_crashes, data::xrange(packs.size() - 1), which) {
  auto bytes = packs[which + 1](many_lines(2000));
  size_t said = 0;
  for (size_t at = 20; at + 20 < bytes.size(); at += bytes.size() / 50) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    said += !read_all(damaged).whole;
  }
  BOOST_TEST(said > 0u);
}

BOOST_AUTO_TEST_CASE(line_ends) {
  auto lines = [](const std::string& text) { return read_all(text).lines; };
  using List = std::vector<std::string>;
  BOOST_TEST(lines("") == List{}, boost::test_tools::per_element());
  BOOST_TEST(lines("\n") == List{""}, boost::test_tools::per_element());
  BOOST_TEST(lines("a\r\nb\n\nc") == (List{"a", "b", "", "c"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(long_lines_are_cut_and_the_next_is_whole) {
  for (size_t extra :
       {size_t{1}, size_t{2}, LineFile::longest_line, 10 * LineFile::longest_line, size_t{1} << 20}) {
    auto read = read_all("first\n" + std::string(LineFile::longest_line + extra, 'x') + "\nlast\n");
    BOOST_REQUIRE(read.lines.size() == 3u);
    BOOST_TEST(read.lines[1].size() == LineFile::longest_line);
    BOOST_TEST(read.truncated == 1u);
    BOOST_TEST(read.lines[2] == "last");
  }
  auto exact = read_all(std::string(LineFile::longest_line, 'x') + "\nlast");
  BOOST_TEST(exact.truncated == 0u);
  BOOST_TEST(exact.lines.size() == 2u);
  auto endless = read_all(std::string(3 << 20, 'x'));
  BOOST_TEST(endless.lines.size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused) {
  auto missing = LineFile::open("/nonexistent/mail.log");
  BOOST_REQUIRE(!missing);
  BOOST_TEST(missing.error().text == "open /nonexistent/mail.log: No such file or directory");
  BOOST_TEST(!LineFile::open("/tmp"));
}
