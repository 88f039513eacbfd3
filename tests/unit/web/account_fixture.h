// An accounts file in a folder of its own.
#pragma once
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "plugins/web/accounts/accounts.h"

namespace mailtrace::accounts {

struct Fixture {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("mailtrace-accounts-" + std::to_string(::getpid()));
  Fixture() { std::filesystem::create_directories(folder); }
  ~Fixture() { std::filesystem::remove_all(folder); }
  std::string path() const { return (folder / "accounts.db").string(); }
  std::unique_ptr<Accounts> open() const {
    auto opened = Accounts::open(path(), {});
    BOOST_REQUIRE_MESSAGE(bool(opened), (opened ? "" : opened.error().text));
    return std::move(*opened);
  }
};

}  // namespace mailtrace::accounts
