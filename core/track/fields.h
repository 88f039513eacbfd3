// Fields of a value in the cache or the hints table: version, kind, fields (numbers 8 bytes little endian,
// texts with their length), hash of all before it. What was damaged reads as nothing. Pipeline thread.
#pragma once
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/id.h"
#include "core/base/time.h"

namespace mailtrace {

inline constexpr char fields_version = 1;

class FieldWriter {
 public:
  explicit FieldWriter(char kind) : out_{fields_version, kind} {}
  void number(uint64_t value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void time(Time value) { number(static_cast<uint64_t>(to_us(value))); }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }
  void hash(const Hash128& value) {
    number(value.high);
    number(value.low);
  }
  void id(const Id& id) { out_.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()); }
  std::string done() {
    auto hash = hash_fields({"shadow", out_});
    number(hash.low);
    return std::move(out_);
  }

 private:
  std::string out_;
};

class FieldReader {
 public:
  FieldReader(std::string_view bytes, char kind) {
    if (bytes.size() < 10 || bytes[0] != fields_version || bytes[1] != kind) return;
    auto body = bytes.substr(0, bytes.size() - 8);
    uint64_t sum;
    std::memcpy(&sum, bytes.data() + body.size(), 8);
    if (hash_fields({"shadow", body}).low != sum) return;
    rest_ = body.substr(2);
    good_ = true;
  }
  uint64_t number() {
    uint64_t out = 0;
    auto bytes = take(8);
    if (good_) std::memcpy(&out, bytes.data(), 8);
    return out;
  }
  Time time() { return time_from_us(static_cast<int64_t>(number())); }
  std::string text() { return std::string(take(number())); }
  Id id() {
    Id out;
    auto bytes = take(out.bytes.size());
    if (good_) std::memcpy(out.bytes.data(), bytes.data(), out.bytes.size());
    return out;
  }
  Hash128 hash() {
    Hash128 out;
    out.high = number();
    out.low = number();
    return out;
  }
  bool good() const { return good_; }
  bool complete() const { return good_ && rest_.empty(); }

 private:
  std::string_view take(uint64_t size) {
    if (size > rest_.size()) good_ = false;
    if (!good_) return {};
    auto out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return out;
  }
  std::string_view rest_;
  bool good_ = false;
};

}  // namespace mailtrace
