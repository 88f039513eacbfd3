// Where rotated log files have gone: by inode, by what they begin with, by name. Loop thread; reads
// directories.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/inputs/file/log_file.h"

namespace mailtrace {

// The files of a name or pattern (glob(7)) that exist; sorted.
std::vector<std::string> matching_paths(const std::string& pattern);
// "" if there is none.
std::string directory_of(const std::string& path);

// What logrotate makes of `base`, whatever its options: mail.log.1, mail.log-20261123.gz, mail-20261123.log.
bool is_rotation_name(std::string_view base, std::string_view name);

// The file of that position under its new name (same inode), or a copy of it that copytruncate or gzip made;
// null if there is none. Files in `known` are not looked at. What gzip made is unpacked into `directory`, at
// once: that is needed after a start, or when gzip was quicker than the look after a truncation, which it is
// for small files only. `hindered`: a file that it may be could not be opened, for want of descriptors or
// memory; null means nothing then.
std::shared_ptr<LogFile> find_rotated(const Position& position,
                                      const std::vector<std::shared_ptr<LogFile>>& known,
                                      const std::string& directory, bool& hindered);

// Rotations of `path` that were written after `since` (LogFile::modified) and are not in `known`; oldest
// first.
// Those that cannot be unpacked are named in `compressed`.
std::vector<std::shared_ptr<LogFile>> find_missed(const std::string& path, int64_t since,
                                                  const std::vector<std::shared_ptr<LogFile>>& known,
                                                  const std::string& directory,
                                                  std::vector<std::string>& compressed);

}  // namespace mailtrace
