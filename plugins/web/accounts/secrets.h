// Passwords, random secrets and their hashes (libsodium). Any thread.
#pragma once
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace mailtrace::accounts {

Result<void> start_secrets();  // once, before anything else here

std::string random_secret();      // 256 bits, URL-safe
std::string one_time_password();  // 100 bits, easy to read out: "k7fq2-..."
// What is stored instead of a random secret. Fast: there is nothing to guess.
std::string hash_secret(std::string_view secret);
// A code that only the holder of `key` can make.
std::string sign(std::string_view key, std::string_view text);
bool equal_secrets(std::string_view a, std::string_view b);  // in constant time

// argon2id, 64 MiB and about 60 ms: callers see to it that few run at once.
Result<std::string> hash_password(std::string_view password);
bool verify_password(const std::string& hash, std::string_view password);
// Takes as long as verify_password(): for names that nobody has.
void verify_nobody(std::string_view password);

}  // namespace mailtrace::accounts
