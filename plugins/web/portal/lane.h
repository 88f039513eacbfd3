// Lane: a few threads that answer requests, each with its own database connection.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/plugin/sink.h"

namespace mailtrace::portal {

// What a thread of a lane keeps: its connection, opened when first needed. A database that is away is asked
// for again at the next request.
class Worker {
 public:
  explicit Worker(Sink* sink) : sink_(sink) {}
  Result<Reader*> reader();

 private:
  Sink* sink_;
  std::unique_ptr<Reader> reader_;
};

class Lane {
 public:
  using Job = std::function<void(Worker&)>;
  Lane(Sink* sink, size_t threads, size_t most_waiting);
  ~Lane() { stop(); }
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // False: too many are waiting. Any thread.
  bool add(Job job);
  void stop();  // when all that were added are done

 private:
  void run();

  Sink* sink_;
  size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mailtrace::portal
