// StaticFiles: the page itself, read into memory at start, so that no request ever names a file. Any thread.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "plugins/web/portal/http.h"

namespace mailtrace::portal {

class StaticFiles {
 public:
  // All files below `directory`; "x.js.gz" beside "x.js" is its compressed form.
  Result<void> load(const std::string& directory);
  bool empty() const { return files_.empty(); }
  // What `request` gets: a file, or the page for paths that only its script knows. Null: there is no page.
  std::optional<Response> answer(const Request& request) const;
  // Where the page lies beside this program; "" if nowhere.
  static std::string default_directory();

 private:
  struct File {
    std::string type, tag;
    bool hashed = false;  // its name changes with its content
    std::shared_ptr<const std::string> plain, gzip;
  };
  Response give(const File& file, const Request& request) const;

  std::map<std::string, File, std::less<>> files_;  // by path: "/index.html"
};

}  // namespace mailtrace::portal
