// Web: serves people and programs that search. Its own threads; reads databases, never writes mails.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/plugin/sink.h"

namespace mailtrace {

// `mailtrace user …`: accounts are the web plugin's own, so it also does this.
struct UserCommand {
  enum class What {
    add,
    list,
    password,
    role,
    addresses,
    lock,
    unlock,
    remove,
    token,
    tokens,
    end_token,
    audit,
    read_audit
  } what = What::list;
  std::string name;
  std::string role;                             // admin, helpdesk, user
  std::vector<std::string> addresses, domains;  // what he may see
  std::string title;                            // of a token
  int64_t days = 365;                           // until a token ends
  int64_t token = 0;                            // which one ends
  std::optional<Time> from, to;                 // read_audit: of the entries
  int64_t limit = 25;                           // read_audit: the newest so many
  bool json = false;                            // lists: one JSON object a line
  bool german = false;                          // what is printed; names of roles stay, they are typed
};

class Web {
 public:
  virtual ~Web() = default;
  virtual Result<void> start() noexcept = 0;  // binds and returns
  virtual void stop() noexcept = 0;           // returns when no request is running
  // SIGHUP, as for Input: prepare() reads the files of a second one that is never started, then the running
  // one takes from it, which is of the same plugin, the options that are live. Main thread.
  virtual Result<void> prepare() noexcept { return {}; }
  virtual void take(Web& fresh) noexcept { static_cast<void>(fresh); }
  virtual std::string describe() const noexcept = 0;
  // Without start(); also while another process serves. Returns what is to be printed.
  virtual Result<std::string> user(const UserCommand& command) noexcept = 0;
  // Where people call the page, "https://mailtrace.example.org", for links to it; empty: not told.
  virtual std::string public_address() const noexcept = 0;
};

struct WebContext {
  std::string name;      // as configured: "portal"
  Sink* sink = nullptr;  // for open_reader(); outlives the web plugin
  std::string state_directory;
  // What `mailtrace status` shows, a few seconds old; from any thread.
  std::function<std::string()> status;
};

}  // namespace mailtrace
