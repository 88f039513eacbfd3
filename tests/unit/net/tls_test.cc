// TLS sessions against an OpenSSL client, both in memory.
#include "core/net/tls.h"

#include <openssl/ssl.h>

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "tests/unit/net/certificates.h"

using namespace mailtrace;
using mailtrace::test::Authority;
using mailtrace::test::TemporaryFolder;

namespace {

struct Client {
  Client(const std::string& certificate, const std::string& key, int min = TLS1_2_VERSION,
         int max = TLS1_3_VERSION) {
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, min);
    SSL_CTX_set_max_proto_version(context, max);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    if (!certificate.empty()) {
      SSL_CTX_use_certificate_chain_file(context, certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM);
    }
    session = SSL_new(context);
    in = BIO_new(BIO_s_mem());
    out = BIO_new(BIO_s_mem());
    SSL_set_bio(session, in, out);
    SSL_set_connect_state(session);
  }
  ~Client() {
    SSL_free(session);
    SSL_CTX_free(context);
  }
  Client(const Client&) = delete;
  std::string take() {
    char* data;
    long size = BIO_get_mem_data(out, &data);
    std::string bytes(data, static_cast<size_t>(size));
    (void)BIO_reset(out);
    return bytes;
  }
  void put(const std::string& bytes) { BIO_write(in, bytes.data(), static_cast<int>(bytes.size())); }
  std::string read() {
    char buffer[4096];
    int got = SSL_read(session, buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : "";
  }
  SSL_CTX* context;
  SSL* session;
  BIO *in, *out;
};

struct Fixture {
  Fixture() {
    authority.issue("server", "server.example.org", "DNS:server.example.org");
    authority.issue("mx1", "common.example.org", "DNS:mx1.example.org,DNS:mx.example.org");
    authority.issue("common", "mx2.example.org", "");
    other.issue("foreign", "mx1.example.org", "DNS:mx1.example.org");
    options.certificate = folder.file("server.pem");
    options.key = folder.file("server.key");
  }
  std::unique_ptr<TlsContext> load() {
    auto loaded = TlsContext::load(options);
    BOOST_REQUIRE_MESSAGE(loaded, (loaded ? "" : loaded.error().text));
    return *std::move(loaded);
  }
  // Runs both sides until neither has anything to say; `piece` bytes go to the server at a time.
  void talk(TlsSession& server, Client& client, size_t piece = 1 << 20) {
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(client.session);
      std::string bytes = client.take();
      for (size_t at = 0; at < bytes.size(); at += piece) {
        server.put(std::string_view(bytes).substr(at, piece));
        read(server);
      }
      std::string answer;
      server.take_output(answer);
      client.put(answer);
    }
  }
  void read(TlsSession& server) {
    char buffer[1000];
    while (size_t got = server.read(buffer, sizeof buffer)) received.append(buffer, got);
  }
  TemporaryFolder folder;
  Authority authority{folder, "authority"}, other{folder, "other"};
  TlsOptions options;
  std::string received;
};
}  // namespace

BOOST_FIXTURE_TEST_SUITE(tls, Fixture)

BOOST_AUTO_TEST_CASE(without_client_certificate) {
  auto context = load();
  BOOST_TEST(!context->is_mutual());
  TlsSession server(*context);
  Client client("", "");
  talk(server, client);
  BOOST_TEST((server.state() == TlsSession::State::open));
  BOOST_TEST(server.peer_name() == "");
  SSL_write(client.session, "hello", 5);
  server.write("welcome");
  talk(server, client);
  BOOST_TEST(received == "hello");
  BOOST_TEST(client.read() == "welcome");
}

BOOST_AUTO_TEST_CASE(byte_by_byte_and_more_than_a_record) {
  auto context = load();
  TlsSession server(*context);
  Client client("", "");
  talk(server, client, 1);
  std::string text(50000, 'x');
  SSL_write(client.session, text.data(), static_cast<int>(text.size()));
  talk(server, client, 1);
  BOOST_TEST((received == text));
}

BOOST_AUTO_TEST_CASE(mutual_takes_the_dns_name_or_the_common_name) {
  options.ca = authority.certificate_file();
  auto context = load();
  BOOST_TEST(context->is_mutual());
  for (auto [file, name] : {std::pair{"mx1", "mx1.example.org"}, {"common", "mx2.example.org"}}) {
    TlsSession server(*context);
    Client client(folder.file(std::string(file) + ".pem"), folder.file(std::string(file) + ".key"));
    talk(server, client);
    BOOST_TEST((server.state() == TlsSession::State::open), server.error());
    BOOST_TEST(server.peer_name() == name);
  }
}

BOOST_AUTO_TEST_CASE(mutual_refuses_none_and_foreign) {
  options.ca = authority.certificate_file();
  auto context = load();
  Client none("", ""), foreign(folder.file("foreign.pem"), folder.file("foreign.key"));
  for (Client* client : {&none, &foreign}) {
    TlsSession server(*context);
    talk(server, *client);
    SSL_write(client->session, "hello", 5);
    talk(server, *client);
    BOOST_TEST((server.state() == TlsSession::State::failed));
    BOOST_TEST(!server.error().empty());
    BOOST_TEST(received == "");
  }
}

BOOST_AUTO_TEST_CASE(permitted_names) {
  options.ca = authority.certificate_file();
  // The second name of mx1's certificate counts; its common name does not, as it has DNS names.
  for (auto [permitted, open] : {std::pair{"MX.example.org", true},
                                 {"*.example.org", true},
                                 {"common.example.org", false},
                                 {"*.mx.example.org", false},
                                 {"example.org", false}}) {
    options.permitted_names = {permitted};
    auto context = load();
    TlsSession server(*context);
    Client client(folder.file("mx1.pem"), folder.file("mx1.key"));
    talk(server, client);
    SSL_write(client.session, "hello", 5);
    talk(server, client);
    BOOST_TEST((server.state() == TlsSession::State::open) == open, permitted);
    BOOST_TEST(received == (open ? "hello" : ""), permitted);
    received.clear();
  }
  options.permitted_names = {"MX.example.org"};
  auto context = load();
  TlsSession server(*context);
  Client client(folder.file("mx1.pem"), folder.file("mx1.key"));
  talk(server, client);
  BOOST_TEST(server.peer_name() == "mx.example.org");
}

BOOST_AUTO_TEST_CASE(old_versions_and_garbage) {
  auto context = load();
  {
    TlsSession server(*context);
    Client client("", "", TLS1_VERSION, TLS1_1_VERSION);
    talk(server, client);
    BOOST_TEST((server.state() == TlsSession::State::failed));
  }
  TlsSession server(*context);
  server.put("<22>1 2026-11-23T20:11:54Z mx1 postfix - - - not TLS\n");
  read(server);
  BOOST_TEST((server.state() == TlsSession::State::failed));
  BOOST_TEST(received == "");
}

BOOST_AUTO_TEST_CASE(a_session_outlives_its_context) {
  options.ca = authority.certificate_file();
  options.permitted_names = {"mx1.example.org"};
  auto context = load();
  TlsSession server(*context);
  context.reset();
  Client client(folder.file("mx1.pem"), folder.file("mx1.key"));
  talk(server, client);
  BOOST_TEST((server.state() == TlsSession::State::open));
}

BOOST_AUTO_TEST_CASE(the_end) {
  auto context = load();
  TlsSession server(*context);
  Client client("", "");
  talk(server, client);
  SSL_write(client.session, "last", 4);
  SSL_shutdown(client.session);
  server.put(client.take());
  read(server);
  BOOST_TEST(received == "last");
  BOOST_TEST((server.state() == TlsSession::State::ended));
}

BOOST_AUTO_TEST_CASE(files_that_are_wrong) {
  auto refused = [this](const char* what) {
    auto loaded = TlsContext::load(options);
    BOOST_REQUIRE(!loaded);
    BOOST_TEST(loaded.error().text.find(what) != std::string::npos, loaded.error().text);
  };
  TlsOptions good = options;
  options.certificate = folder.file("missing.pem");
  refused("missing.pem");
  options = good;
  options.key = folder.file("mx1.key");  // of another certificate
  refused("mx1.key");
  options = good;
  std::ofstream(folder.file("garbage.pem")) << "garbage\n";
  options.ca = folder.file("garbage.pem");
  refused("garbage.pem");
}

BOOST_AUTO_TEST_SUITE_END()
