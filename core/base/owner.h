// Files that root makes for the daemon, as `mailtrace import` may before its first start. Any thread.
#pragma once
#include <string>

namespace mailtrace {

// If this process is root, the open new file gets the owner and group of the directory it is in, so that the
// daemon's user can write it. `path`: of the file.
void own_like_directory(int fd, const std::string& path);

}  // namespace mailtrace
