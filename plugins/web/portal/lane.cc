#include "plugins/web/portal/lane.h"

#include <pthread.h>

namespace mailtrace::portal {

Result<Reader*> Worker::reader() {
  if (!reader_) {
    auto opened = sink_->open_reader();
    if (!opened) return opened.error();
    reader_ = std::move(*opened);
  }
  return reader_.get();
}

Lane::Lane(Sink* sink, size_t threads, size_t most_waiting) : sink_(sink), most_waiting_(most_waiting) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

bool Lane::add(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || jobs_.size() >= most_waiting_) return false;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_one();
  return true;
}

void Lane::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

void Lane::run() {
  pthread_setname_np(pthread_self(), "web");
  Worker worker(sink_);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job(worker);
    lock.lock();
  }
}

}  // namespace mailtrace::portal
