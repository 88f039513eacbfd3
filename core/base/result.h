// Result<T>: a value, or the Error that explains why there is none.
// Used by every stage; nothing throws over the plugin border. Any thread.
#pragma once
#include <string>
#include <utility>
#include <variant>

namespace mailtrace {

// What the error obliges its receiver to do.
enum class Fault {
  config,     // the admin must change something: print it, exit 78 (EX_CONFIG)
  schema,     // the database is not the one this program was built for: stop, say so, lose nothing
  transient,  // will pass: the same again, with back-off, for ever
  permanent,  // this one value will never be taken: set it aside, go on
  slow,       // took longer than the asker allowed: ask for less
  corrupt     // stored bytes are damaged: skip, count, go on
};

// `text`: lower case, no full stop; what was tried, on what, and what came back. Never a secret.
struct Error {
  Fault fault = Fault::permanent;
  std::string text;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}
  explicit operator bool() const { return !failed_; }
  const Error& error() const { return error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace mailtrace
