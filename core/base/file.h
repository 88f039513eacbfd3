// File, FileSystem: the few calls durable storage is made of, as a seam, so that tests can forget unsynced
// bytes, cut writes short and fail any call. Every call is thread-safe as its system call is.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace mailtrace {

// Numbers returned are >= 0, or -errno. EINTR never comes out.
class File {
 public:
  virtual ~File() = default;
  // Bytes moved: fewer than asked is not an error; 0 from pread is the end of the file.
  virtual int64_t pread(void* to, size_t size, uint64_t offset) = 0;
  virtual int64_t pwrite(const void* from, size_t size, uint64_t offset) = 0;
  // Reserves disk blocks for [0, size) and makes the file at least that long (fallocate).
  virtual int allocate(uint64_t size) = 0;
  virtual int truncate(uint64_t size) = 0;
  // After an error nothing is known about any unsynced byte: the file must not be written again.
  virtual int sync_data() = 0;
  virtual int64_t size() = 0;
};

class FileSystem {
 public:
  enum class Mode { read, write };  // write: read and write, made (0600) if it does not exist
  virtual ~FileSystem() = default;
  virtual std::unique_ptr<File> open(const std::string& path, Mode mode, int& error) = 0;
  // Takes an exclusive lock until the File is destroyed or the process ends. Null with EAGAIN: somebody has
  // it.
  virtual std::unique_ptr<File> lock(const std::string& path, int& error) = 0;
  // Whether somebody else holds lock(); takes nothing itself.
  virtual bool is_locked(const std::string& path) = 0;
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int unlink(const std::string& path) = 0;
  // 0 if made, -EEXIST if there is one.
  virtual int make_directory(const std::string& path) = 0;
  virtual int sync_directory(const std::string& path) = 0;
  virtual int list(const std::string& path, std::vector<std::string>& names) = 0;
  virtual int free_bytes(const std::string& path, uint64_t& free) = 0;

  static FileSystem& real();
};

// Until `size` bytes are moved, an error (-errno) or, for reading, the end of the file.
int64_t read_fully(File& file, void* to, size_t size, uint64_t offset);
int write_fully(File& file, const void* from, size_t size, uint64_t offset);
// "Input/output error"; takes errno or -errno.
std::string error_text(int error);
// Fault::config for what an admin has to change: rights, names, a port that is taken. Fault::transient for
// trouble of the machine (no descriptors, no memory, a disk that is full, read-only or fails), which passes
// without a change of the configuration. Takes errno or -errno.
Fault fault_of(int error);

}  // namespace mailtrace
