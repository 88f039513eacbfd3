// MemoryFiles: a FileSystem in memory that knows what is synced, loses the rest on demand and fails any call.
// Used by the tests and the fuzz target of the spool; thread-safe.
#pragma once
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/base/file.h"

namespace mailtrace {

class MemoryFiles final : public FileSystem {
 public:
  enum class Trouble {
    none,
    error,        // the n-th call returns `error_number`
    error_on,     // the n-th call and all after it
    short_write,  // the n-th call moves half, and so does each after it
    crash         // from the n-th call on nothing has an effect any more
  };

  struct Node {
    std::string data, durable;
    std::set<size_t> dirty;  // sectors that differ from `durable`
    bool resized = false;
  };

  // Counts only calls that change something, unless `reads` is set.
  void plan(Trouble trouble, uint64_t at_call, int error_number = EIO, bool reads = false) {
    std::lock_guard lock(mutex_);
    trouble_ = trouble;
    at_call_ = at_call;
    error_number_ = error_number;
    reads_ = reads;
    calls_ = crash_at_ = 0;
    hit_ = false;
  }
  // After a plan: that trouble, and a crash so many calls into it.
  void plan_crash(uint64_t at_call) {
    std::lock_guard lock(mutex_);
    crash_at_ = at_call;
  }
  bool was_hit() {
    std::lock_guard lock(mutex_);
    return hit_;
  }
  bool is_crashed() {
    std::lock_guard lock(mutex_);
    return crashed();
  }
  void set_free(uint64_t bytes) {
    std::lock_guard lock(mutex_);
    free_ = bytes;
  }
  // A switch for the controls: sync_data or sync_directory say yes and do nothing.
  void lie(bool data, bool directories) {
    std::lock_guard lock(mutex_);
    lie_data_ = data;
    lie_directories_ = directories;
  }

  // The process dies: locks go, what was written stays.
  void kill() {
    std::lock_guard lock(mutex_);
    locks_.clear();
    trouble_ = Trouble::none;
    crash_at_ = 0;
  }
  // The power fails: of everything unsynced, some sectors and some names survive, chosen by `seed`.
  void lose_power(unsigned seed) {
    std::lock_guard lock(mutex_);
    locks_.clear();
    trouble_ = Trouble::none;
    crash_at_ = 0;
    std::mt19937 random(seed);
    auto names = durable_names_;
    for (auto& [path, node] : names_)
      if (random() % 3 == 0) names[path] = node;
    for (auto at = names.begin(); at != names.end();)
      at = !names_.count(at->first) && random() % 3 == 0 ? names.erase(at) : std::next(at);
    std::map<std::shared_ptr<Node>, std::shared_ptr<Node>> survived;
    names_.clear();
    for (auto& [path, node] : names) {
      auto& copy = survived[node];
      if (!copy) copy = after_power_loss(*node, random);
      names_[path] = copy;
    }
    durable_names_ = names_;
  }

  // Direct access for tests.
  std::string content(const std::string& path) {
    std::lock_guard lock(mutex_);
    auto at = names_.find(path);
    return at == names_.end() ? "" : at->second->data;
  }
  void put(const std::string& path, std::string bytes) {
    std::lock_guard lock(mutex_);
    auto node = std::make_shared<Node>();
    node->data = node->durable = std::move(bytes);
    names_[path] = durable_names_[path] = node;
    directories_.insert(path.substr(0, path.find_last_of('/')));
  }
  void remove(const std::string& path) {
    std::lock_guard lock(mutex_);
    names_.erase(path);
    durable_names_.erase(path);
  }
  std::vector<std::string> paths() {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (auto& [path, node] : names_) out.push_back(path);
    return out;
  }

  std::unique_ptr<File> open(const std::string& path, Mode mode, int& error) override {
    std::lock_guard lock(mutex_);
    error = -call(mode == Mode::write);
    if (error) return nullptr;
    auto& node = names_[path];
    if (!node && mode == Mode::read) {
      names_.erase(path);
      error = ENOENT;
      return nullptr;
    }
    if (!node) node = std::make_shared<Node>();
    return std::make_unique<MemoryFile>(*this, node, "");
  }
  std::unique_ptr<File> lock(const std::string& path, int& error) override {
    std::lock_guard lock(mutex_);
    error = -call(true);
    if (error == EROFS) error = 0;  // the real one takes another kind of lock then
    if (error == 0 && !locks_.insert(path).second) error = EAGAIN;
    if (error) return nullptr;
    return std::make_unique<MemoryFile>(*this, std::make_shared<Node>(), path);
  }
  bool is_locked(const std::string& path) override {
    std::lock_guard lock(mutex_);
    return locks_.count(path) > 0;
  }
  int rename(const std::string& from, const std::string& to) override {
    std::lock_guard lock(mutex_);
    if (int error = call(true)) return error;
    auto at = names_.find(from);
    if (at == names_.end()) return -ENOENT;
    names_[to] = at->second;
    names_.erase(from);
    return 0;
  }
  int unlink(const std::string& path) override {
    std::lock_guard lock(mutex_);
    if (int error = call(true)) return error;
    return names_.erase(path) ? 0 : -ENOENT;
  }
  int make_directory(const std::string& path) override {
    std::lock_guard lock(mutex_);
    int error = call(true);
    if (directories_.count(path) && (error == 0 || error == -EROFS)) return -EEXIST;
    if (error) return error;
    directories_.insert(path);
    return 0;
  }
  int sync_directory(const std::string& path) override {
    std::lock_guard lock(mutex_);
    if (int error = call(true)) return error;
    if (lie_directories_) return 0;
    auto inside = [&](const std::string& name) { return name.substr(0, name.find_last_of('/')) == path; };
    std::erase_if(durable_names_, [&](auto& entry) { return inside(entry.first); });
    for (auto& entry : names_)
      if (inside(entry.first)) durable_names_.insert(entry);
    return 0;
  }
  int list(const std::string& path, std::vector<std::string>& names) override {
    std::lock_guard lock(mutex_);
    if (int error = call(false)) return error;
    names.clear();
    if (!directories_.count(path)) return -ENOENT;
    for (auto& [name, node] : names_)
      if (name.starts_with(path + "/") && name.find('/', path.size() + 1) == std::string::npos)
        names.push_back(name.substr(path.size() + 1));
    return 0;
  }
  int free_bytes(const std::string&, uint64_t& free) override {
    std::lock_guard lock(mutex_);
    free = free_;
    return 0;
  }

 private:
  static constexpr size_t sector = 512;

  class MemoryFile final : public File {
   public:
    MemoryFile(MemoryFiles& files, std::shared_ptr<Node> node, std::string lock)
        : files_(files), node_(std::move(node)), lock_(std::move(lock)) {}
    ~MemoryFile() override {
      std::lock_guard lock(files_.mutex_);
      if (!lock_.empty()) files_.locks_.erase(lock_);
    }
    int64_t pread(void* to, size_t size, uint64_t offset) override {
      std::lock_guard lock(files_.mutex_);
      if (int error = files_.call(false)) return error;
      if (offset >= node_->data.size()) return 0;
      size = std::min<size_t>(size, node_->data.size() - offset);
      if (files_.shortened() && files_.reads_ && size > 1) size /= 2;
      std::memcpy(to, node_->data.data() + offset, size);
      return static_cast<int64_t>(size);
    }
    int64_t pwrite(const void* from, size_t size, uint64_t offset) override {
      std::lock_guard lock(files_.mutex_);
      if (int error = files_.call(true)) return error;
      if (files_.shortened() && size > 1) size /= 2;
      if (node_->data.size() < offset + size) resize(offset + size);
      std::memcpy(node_->data.data() + offset, from, size);
      for (size_t at = offset / sector; at <= (offset + size - 1) / sector; ++at) node_->dirty.insert(at);
      return static_cast<int64_t>(size);
    }
    int allocate(uint64_t size) override {
      std::lock_guard lock(files_.mutex_);
      if (int error = files_.call(true)) return error;
      if (node_->data.size() < size) resize(size);
      return 0;
    }
    int truncate(uint64_t size) override {
      std::lock_guard lock(files_.mutex_);
      if (int error = files_.call(true)) return error;
      resize(size);
      return 0;
    }
    int sync_data() override {
      std::lock_guard lock(files_.mutex_);
      if (int error = files_.call(true)) {
        // As Linux does it: the dirty pages are dropped and forgotten.
        if (!files_.crashed()) node_->dirty.clear();
        return error;
      }
      if (files_.lie_data_) return 0;
      // Only what is dirty: bytes that a failed sync dropped are not written by the next one.
      node_->durable.resize(node_->data.size());
      for (size_t at : node_->dirty) {
        size_t from = at * sector, to = std::min(from + sector, node_->data.size());
        if (from < to) node_->durable.replace(from, to - from, node_->data, from, to - from);
      }
      node_->dirty.clear();
      node_->resized = false;
      return 0;
    }
    int64_t size() override {
      std::lock_guard lock(files_.mutex_);
      return static_cast<int64_t>(node_->data.size());
    }

   private:
    void resize(size_t size) {
      node_->data.resize(size);
      node_->resized = true;
    }
    MemoryFiles& files_;
    std::shared_ptr<Node> node_;
    std::string lock_;
  };

  bool crashed() const {
    return (trouble_ == Trouble::crash && calls_ >= at_call_) || (crash_at_ > 0 && calls_ >= crash_at_);
  }
  bool shortened() const { return trouble_ == Trouble::short_write && calls_ >= at_call_; }

  int call(bool changes) {
    if (!changes && !reads_) return 0;
    if (trouble_ == Trouble::none || ++calls_ < at_call_) return 0;
    hit_ = true;
    if (crashed()) return -error_number_;
    switch (trouble_) {
      case Trouble::error:
        return calls_ == at_call_ ? -error_number_ : 0;
      case Trouble::error_on:
      case Trouble::crash:
        return -error_number_;
      default:
        return 0;
    }
  }

  static std::shared_ptr<Node> after_power_loss(const Node& node, std::mt19937& random) {
    auto copy = std::make_shared<Node>();
    copy->durable = node.durable;
    if (node.resized && random() % 2) copy->durable.resize(node.data.size());
    for (size_t at : node.dirty) {
      if (random() % 2) continue;
      size_t from = at * sector,
             to = std::min(from + sector, std::min(node.data.size(), copy->durable.size()));
      if (from < to) copy->durable.replace(from, to - from, node.data, from, to - from);
    }
    copy->data = copy->durable;
    return copy;
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_, durable_names_;
  std::set<std::string> directories_, locks_;
  Trouble trouble_ = Trouble::none;
  uint64_t at_call_ = 0, crash_at_ = 0, calls_ = 0, free_ = uint64_t{1} << 40;
  int error_number_ = EIO;
  bool reads_ = false, hit_ = false, lie_data_ = false, lie_directories_ = false;
};

// The segments of its spools, oldest first.
inline std::vector<std::string> segments_of(MemoryFiles& files) {
  auto out = files.paths();
  std::erase_if(out, [](const std::string& path) { return !path.ends_with(".seg"); });
  return out;
}

}  // namespace mailtrace
