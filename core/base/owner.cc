#include "core/base/owner.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace mailtrace {

void own_like_directory(int fd, const std::string& path) {
  if (::geteuid() != 0) return;
  auto directory = std::filesystem::path(path).parent_path();
  struct stat status {};
  if (::stat(directory.empty() ? "." : directory.c_str(), &status) != 0) return;
  // Who cannot write the file later says so himself.
  if (::fchown(fd, status.st_uid, status.st_gid) != 0) return;
}

}  // namespace mailtrace
