// SpoolIntake: the Intake of the daemon. Lines go into the spool; a full spool pauses the inputs. Loop
// thread.
#pragma once
#include <map>
#include <vector>

#include "core/base/counters.h"
#include "core/intake/intake.h"
#include "core/plugin/input.h"
#include "core/spool/spool.h"

namespace mailtrace {

class SpoolIntake final : public Intake {
 public:
  // Takes the spool's on_room for itself. The spool outlives the intake's last submit.
  explicit SpoolIntake(Spool& spool);

  bool submit(std::span<const RawLine> lines, Durable on_durable = {}) noexcept override;

  // Whom pause() and resume() are called on; an input added while paused is paused at once.
  void add(Input* input);
  void remove(Input* input);
  bool paused() const { return paused_; }

 private:
  void refuse(std::span<const RawLine> lines);
  void room();

  Spool& spool_;
  std::vector<Input*> inputs_;
  std::vector<Record> records_;  // kept for its memory
  bool paused_ = false;
  Counter& spooled_;
  Counter& lost_;
  std::map<Transport, Counter*> dropped_;
};

}  // namespace mailtrace
