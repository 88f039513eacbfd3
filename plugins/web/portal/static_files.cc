#include "plugins/web/portal/static_files.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/base/id.h"

namespace mailtrace::portal {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t largest_file = 16 << 20;

const char* type_of(const std::string& extension) {
  static const std::map<std::string, const char*> types{{".html", "text/html"},
                                                        {".js", "text/javascript"},
                                                        {".css", "text/css"},
                                                        {".svg", "image/svg+xml"},
                                                        {".png", "image/png"},
                                                        {".ico", "image/x-icon"},
                                                        {".json", "application/json"},
                                                        {".txt", "text/plain"},
                                                        {".map", "application/json"},
                                                        {".woff2", "font/woff2"},
                                                        {".webmanifest", "application/manifest+json"}};
  auto found = types.find(extension);
  return found == types.end() ? "application/octet-stream" : found->second;
}

// "app-3KDJ2ABC.js" as esbuild names it: eight capitals and digits; "icon-1cf32159.svg": eight hex digits.
bool has_hash(std::string_view name) {
  auto dash = name.rfind('-');
  auto dot = name.find('.', dash == std::string_view::npos ? 0 : dash);
  if (dash == std::string_view::npos || dot == std::string_view::npos || dot - dash != 9) return false;
  auto hash = name.substr(dash + 1, 8);
  return hash.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string_view::npos ||
         hash.find_first_not_of("abcdef0123456789") == std::string_view::npos;
}

std::string tag_of(const std::string& content) {
  auto hash = hash_fields({content});
  return fmt::format("{:016x}{:016x}", hash.high, hash.low);
}

}  // namespace

std::string StaticFiles::default_directory() {
  Dl_info info{};
  static const int here = 0;
  if (!dladdr(&here, &info) || !info.dli_fname) return "";
  fs::path folder = fs::path(info.dli_fname).parent_path();  // …/lib/mailtrace
  std::error_code failed;
  for (auto* place : {"../../web", "../../share/mailtrace/web", "../../../share/mailtrace/web"})
    if (auto path = folder / place; fs::is_regular_file(path / "index.html", failed))
      return path.lexically_normal().string();
  return "";
}

Result<void> StaticFiles::load(const std::string& directory) {
  std::error_code failed;
  fs::recursive_directory_iterator walk(directory, failed);
  for (; !failed && walk != fs::recursive_directory_iterator(); walk.increment(failed)) {
    auto& entry = *walk;
    if (!entry.is_regular_file(failed) || entry.file_size(failed) > largest_file) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    auto content =
        std::make_shared<std::string>(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (!in.good() && !in.eof())
      return Error{Fault::config, fmt::format("read {}: failed", entry.path().string())};
    auto path = "/" + entry.path().lexically_relative(directory).generic_string();
    bool compressed = path.ends_with(".gz");
    if (compressed) path.resize(path.size() - 3);
    File& file = files_[path];
    if (compressed) {
      file.gzip = content;
      continue;
    }
    file.type = type_of(entry.path().extension().string());
    file.hashed = has_hash(entry.path().filename().string());
    file.tag = tag_of(*content);
    file.plain = content;
  }
  std::erase_if(files_, [](const auto& file) { return !file.second.plain; });
  if (failed)
    return Error{Fault::config, fmt::format("read the page in {}: {}", directory, failed.message())};
  if (!files_.contains("/index.html"))
    return Error{Fault::config, fmt::format("read the page in {}: there is no index.html", directory)};
  return {};
}

Response StaticFiles::give(const File& file, const Request& request) const {
  bool gzip = file.gzip && request.header("accept-encoding").find("gzip") != std::string::npos;
  std::string tag = '"' + file.tag + (gzip ? "-gz\"" : "\"");
  Response out{.status = 200, .type = file.type};
  out.add("ETag", tag);
  out.add("Cache-Control", file.hashed ? "public, max-age=31536000, immutable" : "no-cache");
  out.add("Vary", "Accept-Encoding");
  if (request.header("if-none-match").find(tag) != std::string::npos) {
    out.status = 304;
    out.type.clear();
    return out;
  }
  if (gzip) out.add("Content-Encoding", "gzip");
  out.shared = gzip ? file.gzip : file.plain;
  return out;
}

std::optional<Response> StaticFiles::answer(const Request& request) const {
  auto found = files_.find(request.path == "/" ? "/index.html" : request.path);
  // "/mail/0123…" is a place in the page; "/app.js.map" would be a file.
  if (found == files_.end() && request.segments.back().find('.') == std::string::npos)
    found = files_.find("/index.html");
  if (found == files_.end()) return std::nullopt;
  return give(found->second, request);
}

}  // namespace mailtrace::portal
