// Plain, gzip, xz and zstd behind one interface. Main thread.
#include <fcntl.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "core/tool/line_file.h"

namespace mailtrace {
namespace {

// The file and its first bytes, which were read to find out what it is.
class RawFile {
 public:
  RawFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~RawFile() {
    if (fd_ > STDIN_FILENO) ::close(fd_);
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  Result<std::string_view> peek(size_t size) {
    while (head_.size() < size) {
      char bytes[16];
      auto n = read_some(bytes, size - head_.size());
      if (!n) return n.error();
      if (*n == 0) break;
      head_.append(bytes, *n);
    }
    return std::string_view(head_);
  }
  Result<size_t> read(char* to, size_t size) {
    if (!head_.empty()) {
      size_t n = std::min(size, head_.size());
      std::memcpy(to, head_.data(), n);
      head_.erase(0, n);
      consumed_ += n;
      return n;
    }
    auto n = read_some(to, size);
    if (n) consumed_ += *n;
    return n;
  }
  uint64_t consumed() const { return consumed_; }
  Error damaged(const char* what) const {
    return {Fault::corrupt,
            path_ + ": " + what + " after " + std::to_string(consumed_) + " bytes of the file"};
  }

 private:
  Result<size_t> read_some(char* to, size_t size) {
    for (;;) {
      ssize_t n = ::read(fd_, to, size);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR) return Error{Fault::corrupt, "read " + path_ + ": " + std::strerror(errno)};
    }
  }
  int fd_;
  std::string path_, head_;
  uint64_t consumed_ = 0;
};

class Plain final : public ByteSource {
 public:
  explicit Plain(std::unique_ptr<RawFile> file) : file_(std::move(file)) {}
  Result<size_t> read(char* to, size_t size) override { return file_->read(to, size); }
  uint64_t consumed() const override { return file_->consumed(); }

 private:
  std::unique_ptr<RawFile> file_;
};

// What the three decoders share: compressed bytes come in pieces.
class Packed : public ByteSource {
 public:
  explicit Packed(std::unique_ptr<RawFile> file) : file_(std::move(file)), in_(128 * 1024) {}
  uint64_t consumed() const override { return file_->consumed(); }

 protected:
  // False: the file has no more.
  Result<bool> refill() {
    auto n = file_->read(in_.data(), in_.size());
    if (!n) return n.error();
    in_size_ = *n;
    return *n > 0;
  }
  std::unique_ptr<RawFile> file_;
  std::vector<char> in_;
  size_t in_size_ = 0;
};

class Gzip final : public Packed {
 public:
  explicit Gzip(std::unique_ptr<RawFile> file) : Packed(std::move(file)) {
    ::inflateInit2(&stream_, 15 + 16);
  }
  ~Gzip() override { ::inflateEnd(&stream_); }

  Result<size_t> read(char* to, size_t size) override {
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(size);
    while (stream_.avail_out == size) {
      if (stream_.avail_in == 0) {
        auto more = refill();
        if (!more) return more.error();
        if (!*more) return inside_ ? Result<size_t>(file_->damaged("gzip data ends too early")) : size_t{0};
        stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
        stream_.avail_in = static_cast<uInt>(in_size_);
      }
      inside_ = true;
      int code = ::inflate(&stream_, Z_NO_FLUSH);
      if (code == Z_STREAM_END) {  // RFC 1952 2.2: a file may be several members
        inside_ = false;
        ::inflateReset(&stream_);
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        return file_->damaged("gzip data is damaged");
      }
    }
    return size - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool inside_ = false;
};

class Xz final : public Packed {
 public:
  explicit Xz(std::unique_ptr<RawFile> file) : Packed(std::move(file)) {
    constexpr uint64_t memory_limit = 256ull << 20;
    started_ = ::lzma_stream_decoder(&stream_, memory_limit, LZMA_CONCATENATED) == LZMA_OK;
  }
  ~Xz() override { ::lzma_end(&stream_); }

  Result<size_t> read(char* to, size_t size) override {
    if (!started_) return file_->damaged("no memory for xz");
    if (ended_) return size_t{0};
    stream_.next_out = reinterpret_cast<uint8_t*>(to);
    stream_.avail_out = size;
    while (stream_.avail_out == size) {
      auto action = LZMA_RUN;
      if (stream_.avail_in == 0) {
        auto more = refill();
        if (!more) return more.error();
        if (!*more) action = LZMA_FINISH;
        stream_.next_in = reinterpret_cast<uint8_t*>(in_.data());
        stream_.avail_in = in_size_;
      }
      auto code = ::lzma_code(&stream_, action);
      if (code == LZMA_STREAM_END) {
        ended_ = true;
        break;
      }
      if (code == LZMA_BUF_ERROR) return file_->damaged("xz data ends too early");
      if (code != LZMA_OK) return file_->damaged("xz data is damaged");
    }
    return size - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool started_ = false, ended_ = false;
};

class Zstd final : public Packed {
 public:
  explicit Zstd(std::unique_ptr<RawFile> file) : Packed(std::move(file)), stream_(::ZSTD_createDStream()) {}
  ~Zstd() override { ::ZSTD_freeDStream(stream_); }

  Result<size_t> read(char* to, size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    while (out.pos == 0) {
      if (taken_.pos == taken_.size) {
        auto more = refill();
        if (!more) return more.error();
        if (!*more) return inside_ ? Result<size_t>(file_->damaged("zstd data ends too early")) : size_t{0};
        taken_ = {in_.data(), in_size_, 0};
      }
      size_t code = ::ZSTD_decompressStream(stream_, &out, &taken_);
      if (::ZSTD_isError(code)) return file_->damaged("zstd data is damaged");
      inside_ = code != 0;
    }
    return out.pos;
  }

 private:
  ZSTD_DStream* stream_;
  ZSTD_inBuffer taken_{nullptr, 0, 0};
  bool inside_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{Fault::permanent, "open " + path + ": " + std::strerror(errno)};
  auto file = std::make_unique<RawFile>(fd, path);
  auto head = file->peek(6);
  if (!head) return head.error();
  std::unique_ptr<ByteSource> out;
  if (head->starts_with("\x1f\x8b"))
    out = std::make_unique<Gzip>(std::move(file));
  else if (head->starts_with(std::string_view("\xfd"
                                              "7zXZ\0",
                                              6)))
    out = std::make_unique<Xz>(std::move(file));
  else if (head->starts_with("\x28\xb5\x2f\xfd"))
    out = std::make_unique<Zstd>(std::move(file));
  else
    out = std::make_unique<Plain>(std::move(file));
  return out;
}

}  // namespace mailtrace
