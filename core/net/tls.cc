// See tls.h. One thread calls all SSL_* functions of a session.
#include "core/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "core/base/name_pattern.h"

namespace mailtrace {
namespace {

// The first entry of OpenSSL's queue is the cause, the others are where it passed.
std::string openssl_error() {
  unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  char text[256];
  if (const char* reason = ERR_reason_error_string(code)) return reason;
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

Error load_error(const char* what, const std::string& file) {
  return {Fault::config, std::string("read ") + what + " " + file + ": " + openssl_error()};
}

// A NUL inside would make two names look alike.
void add_name(const ASN1_STRING* text, std::vector<std::string>& names) {
  if (!text) return;
  unsigned char* utf8 = nullptr;
  int length = ASN1_STRING_to_UTF8(&utf8, text);
  if (length > 0) {
    std::string name(reinterpret_cast<char*>(utf8), static_cast<size_t>(length));
    if (name.find('\0') == std::string::npos) names.push_back(std::move(name));
  }
  OPENSSL_free(utf8);
}

// RFC 6125 6.4.4: the common name counts only without DNS names.
std::vector<std::string> certificate_names(X509* certificate) {
  std::vector<std::string> names;
  auto* others =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(others); ++i) {
    const GENERAL_NAME* other = sk_GENERAL_NAME_value(others, i);
    if (other->type == GEN_DNS) add_name(other->d.dNSName, names);
  }
  GENERAL_NAMES_free(others);
  if (!names.empty()) return names;
  X509_NAME* subject = X509_get_subject_name(certificate);
  int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) add_name(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)), names);
  return names;
}

// Never ask for a pass phrase on a terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }
}  // namespace

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::unique_ptr<TlsContext>> TlsContext::load(const TlsOptions& options) {
  ERR_clear_error();
  std::unique_ptr<TlsContext> made(new TlsContext);
  SSL_CTX* context = made->context_ = SSL_CTX_new(TLS_server_method());
  if (!context) return Error{Fault::config, "set up tls: " + openssl_error()};
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Senders stay connected for days: nothing is gained by resuming sessions.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
  if (SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1)
    return load_error("tls_certificate", options.certificate);
  if (SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return load_error("tls_key", options.key);
  if (SSL_CTX_check_private_key(context) != 1) return load_error("tls_key", options.key);
  if (!options.ca.empty()) {
    if (SSL_CTX_load_verify_locations(context, options.ca.c_str(), nullptr) != 1)
      return load_error("tls_ca", options.ca);
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(options.ca.c_str()));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    made->mutual_ = true;
    made->permitted_names_ = options.permitted_names;
  }
  return made;
}

bool is_permitted_name(std::string_view name, const std::vector<std::string>& permitted) {
  return std::any_of(permitted.begin(), permitted.end(),
                     [name](const std::string& pattern) { return name_matches(name, pattern); });
}

TlsSession::TlsSession(const TlsContext& context)
    : mutual_(context.mutual_), permitted_names_(context.permitted_names_) {
  session_ = SSL_new(context.context_);
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  if (!session_ || !in_ || !out_) {
    BIO_free(in_);
    BIO_free(out_);
    in_ = out_ = nullptr;
    fail("set up tls session");
    return;
  }
  SSL_set_bio(session_, in_, out_);
  SSL_set_accept_state(session_);
}

TlsSession::~TlsSession() { SSL_free(session_); }

void TlsSession::fail(const std::string& what) {
  state_ = State::failed;
  std::string verified;
  if (session_ && SSL_get_verify_result(session_) != X509_V_OK)
    verified = std::string(" (") + X509_verify_cert_error_string(SSL_get_verify_result(session_)) + ")";
  error_ = what + ": " + openssl_error() + verified;
}

void TlsSession::put(std::string_view ciphertext) {
  if (state_ == State::failed) return;
  if (BIO_write(in_, ciphertext.data(), static_cast<int>(ciphertext.size())) < 0) fail("store ciphertext");
}

void TlsSession::handshake() {
  ERR_clear_error();
  int done = SSL_do_handshake(session_);
  if (done == 1) {
    state_ = State::open;
    check_peer();
    return;
  }
  int reason = SSL_get_error(session_, done);
  if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) fail("tls handshake");
}

// Done after the handshake, not in OpenSSL's verify callback: rsyslog 8.2302 switches an action off until it
// is restarted when it gets a certificate alert, but tries again when the connection is closed.
void TlsSession::check_peer() {
  if (!mutual_) return;
  X509* certificate = SSL_get0_peer_certificate(session_);
  std::vector<std::string> names;
  if (certificate) names = certificate_names(certificate);
  for (const std::string& name : names) {
    if (!permitted_names_.empty() && !is_permitted_name(name, permitted_names_)) continue;
    peer_name_ = name;
    return;
  }
  state_ = State::failed;
  error_ = names.empty() ? "the client certificate has no name"
                         : "certificate name " + names.front() + " is not in tls_permitted_names";
}

size_t TlsSession::read(char* to, size_t size) {
  if (state_ == State::handshake) handshake();
  if (state_ != State::open) return 0;
  ERR_clear_error();
  size_t got = 0;
  int done = SSL_read_ex(session_, to, size, &got);
  if (done == 1) return got;
  switch (SSL_get_error(session_, done)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      break;
    case SSL_ERROR_ZERO_RETURN:
      state_ = State::ended;
      break;
    default:
      fail("tls read");
  }
  return 0;
}

void TlsSession::write(std::string_view plain) {
  if (state_ != State::open && state_ != State::ended) return;
  ERR_clear_error();
  size_t written = 0;
  if (!plain.empty() && SSL_write_ex(session_, plain.data(), plain.size(), &written) != 1) fail("tls write");
}

void TlsSession::close() {
  if (state_ != State::open && state_ != State::ended) return;
  ERR_clear_error();
  SSL_shutdown(session_);
}

void TlsSession::take_output(std::string& out) {
  if (!out_) return;
  char* data = nullptr;
  long size = BIO_get_mem_data(out_, &data);
  if (size <= 0) return;
  out.append(data, static_cast<size_t>(size));
  BIO_reset(out_);
}

}  // namespace mailtrace
