#include "plugins/inputs/file/rotation.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace mailtrace {
namespace {

struct Entry {
  std::string name;
  uint64_t inode;
};

// The process or the system has no descriptor left: says nothing about the file.
bool is_shortage(int error) { return error == EMFILE || error == ENFILE || error == ENOMEM; }

std::vector<Entry> entries_of(const std::string& directory, bool& hindered) {
  std::vector<Entry> out;
  DIR* open = ::opendir(directory.empty() ? "." : directory.c_str());
  if (!open) {
    hindered = is_shortage(errno);
    return out;
  }
  while (dirent* entry = ::readdir(open))
    if (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) out.push_back({entry->d_name, entry->d_ino});
  ::closedir(open);
  return out;
}

std::string base_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool is_known(const LogFile& file, const std::vector<std::shared_ptr<LogFile>>& known) {
  return std::any_of(known.begin(), known.end(), [&](auto& each) { return each->is_same(file); });
}

bool is_separator(char c) { return c == '.' || c == '-' || c == '_'; }

bool has_digit(std::string_view text) { return text.find_first_of("0123456789") != std::string_view::npos; }

}  // namespace

std::vector<std::string> matching_paths(const std::string& pattern) {
  std::vector<std::string> out;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) {
      std::string path = found.gl_pathv[i];
      if (path.find('\n') == std::string::npos) out.push_back(std::move(path));
    }
  ::globfree(&found);
  std::sort(out.begin(), out.end());
  return out;
}

std::string directory_of(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

bool is_rotation_name(std::string_view base, std::string_view name) {
  if (name.size() <= base.size()) return false;
  if (name.starts_with(base)) return is_separator(name[base.size()]) && has_digit(name.substr(base.size()));
  // With "extension .log" the date stands before it.
  size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string_view stem = base.substr(0, dot), extension = base.substr(dot);
  if (!name.starts_with(stem) || !is_separator(name[stem.size()])) return false;
  size_t end = name.find(extension, stem.size() + 1);
  return end != std::string_view::npos && name[stem.size() + 1] >= '0' && name[stem.size() + 1] <= '9';
}

std::shared_ptr<LogFile> find_rotated(const Position& position,
                                      const std::vector<std::shared_ptr<LogFile>>& known,
                                      const std::string& directory, bool& hindered) {
  hindered = false;
  std::string folder = directory_of(position.path), base = base_of(position.path);
  std::shared_ptr<LogFile> copy, packed;
  for (const Entry& entry : entries_of(folder, hindered)) {
    bool same_inode = entry.inode == position.inode;
    // Of an empty file every file is a copy.
    bool may_be_copy = position.fingerprint.length > 0 && is_rotation_name(base, entry.name);
    if (!same_inode && !may_be_copy) continue;
    int error = 0;
    auto file = LogFile::open(folder + entry.name, error);
    hindered = hindered || is_shortage(error);
    if (!file || is_known(*file, known)) continue;
    if (!file->matches(position)) {
      if (may_be_copy && file->is_compressed() && file->is_packed(position.fingerprint))
        packed = std::move(file);
      continue;
    }
    if (same_inode && file->device() == position.device) return file;
    if (may_be_copy && (!copy || file->modified() > copy->modified())) copy = std::move(file);
  }
  if (copy || !packed) return copy;
  auto unpacked = LogFile::unpack(*packed, directory);
  return unpacked && unpacked->matches(position) ? unpacked : nullptr;
}

std::vector<std::shared_ptr<LogFile>> find_missed(const std::string& path, int64_t since,
                                                  const std::vector<std::shared_ptr<LogFile>>& known,
                                                  const std::string& directory,
                                                  std::vector<std::string>& compressed) {
  std::vector<std::shared_ptr<LogFile>> out;
  std::string folder = directory_of(path), base = base_of(path);
  bool hindered = false;  // restore() has looked at the same directory before
  for (const Entry& entry : entries_of(folder, hindered)) {
    if (!is_rotation_name(base, entry.name)) continue;
    int error = 0;
    auto file = LogFile::open(folder + entry.name, error);
    if (!file || file->modified() <= since || is_known(*file, known)) continue;
    if (file->is_compressed()) file = LogFile::unpack(*file, directory);
    if (file)
      out.push_back(std::move(file));
    else
      compressed.push_back(folder + entry.name);
  }
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a->modified() < b->modified(); });
  return out;
}

}  // namespace mailtrace
