// TLS for servers: OpenSSL with two memory buffers, so that libuv keeps the sockets. Loop thread.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

namespace mailtrace {

struct TlsOptions {
  std::string certificate;                   // PEM file: own certificate, then intermediates; "" = no TLS
  std::string key;                           // PEM file, not encrypted
  std::string ca;                            // PEM file; set: clients must show a certificate signed by it
  std::vector<std::string> permitted_names;  // of client certificates; empty: every name
};

// Keys and rules of a listener. Sessions keep what they need of it: it may be replaced at any time.
class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> load(const TlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  bool is_mutual() const { return mutual_; }

 private:
  friend class TlsSession;
  TlsContext() = default;
  ssl_ctx_st* context_ = nullptr;
  bool mutual_ = false;
  std::vector<std::string> permitted_names_;
};

// Whether one of `permitted` is a pattern that matches `name` (name_matches).
bool is_permitted_name(std::string_view name, const std::vector<std::string>& permitted);

// One connection. Ciphertext goes in by put(), comes out by take_output() after every call.
class TlsSession {
 public:
  explicit TlsSession(const TlsContext& context);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class State { handshake, open, ended, failed };
  State state() const { return state_; }

  void put(std::string_view ciphertext);
  // Reads up to `size` bytes of plain text; 0: nothing more for now, look at state(). Does the handshake too.
  size_t read(char* to, size_t size);
  void write(std::string_view plain);  // only when open
  void close();                        // sends close_notify
  // Moves what is to be sent to the end of `out`.
  void take_output(std::string& out);

  // After the handshake, if a client certificate was asked for: its DNS name, else its common name.
  const std::string& peer_name() const { return peer_name_; }
  const std::string& error() const { return error_; }  // when failed

 private:
  void handshake();
  void check_peer();
  void fail(const std::string& what);

  ssl_st* session_ = nullptr;
  bio_st* in_ = nullptr;   // owned by session_
  bio_st* out_ = nullptr;  // owned by session_
  State state_ = State::handshake;
  bool mutual_ = false;
  std::vector<std::string> permitted_names_;
  std::string peer_name_, error_;
};

}  // namespace mailtrace
