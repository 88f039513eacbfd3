#include "plugins/web/accounts/secrets.h"

#include <sodium.h>

namespace mailtrace::accounts {
namespace {

constexpr unsigned long long password_rounds = 2;
constexpr size_t password_memory = 64u << 20;

std::string encoded(const unsigned char* bytes, size_t size) {
  std::string out(sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes, size, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
  out.pop_back();  // the ending NUL
  return out;
}

}  // namespace

Result<void> start_secrets() {
  if (sodium_init() < 0) return Error{Fault::config, "start libsodium: it found no source of random numbers"};
  return {};
}

std::string random_secret() {
  unsigned char bytes[32];
  randombytes_buf(bytes, sizeof bytes);
  return encoded(bytes, sizeof bytes);
}

std::string one_time_password() {
  // No letter that sounds or looks like another.
  static constexpr std::string_view letters = "abcdefghjkmnpqrstuvwxyz23456789";
  std::string out;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) out += '-';
    out += letters[randombytes_uniform(letters.size())];
  }
  return out;
}

std::string hash_secret(std::string_view secret) { return sign("", secret); }

std::string sign(std::string_view key, std::string_view text) {
  unsigned char hash[32];
  key = key.substr(0, crypto_generichash_KEYBYTES_MAX);
  crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                     key.empty() ? nullptr : reinterpret_cast<const unsigned char*>(key.data()), key.size());
  return encoded(hash, sizeof hash);
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<std::string> hash_password(std::string_view password) {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str_alg(hash, password.data(), password.size(), password_rounds, password_memory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0)
    return Error{Fault::transient, "hash a password: not enough memory"};
  return std::string(hash);
}

bool verify_password(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

void verify_nobody(std::string_view password) {
  static const std::string nobody = [] {
    auto made = hash_password(random_secret());
    return made ? *made : std::string();
  }();
  (void)verify_password(nobody, password);
}

}  // namespace mailtrace::accounts
