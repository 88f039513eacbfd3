// Faults on purpose, for tests/fault: only a build with -DMAILTRACE_FAULTS=ON has any of it. Any thread.
//   MT_CRASH_AT=<site>:<n>   kill -9 of itself at the n-th pass of the site
//   MT_POWER=<folder>        a crash also loses what was not synced, as a power loss does; old bytes go there
//   MT_FAIL=<file>           while it exists, each call that changes something fails with the errno in it
//   MT_CONTROL=<name>        switches a safeguard off: no_fsync, no_dirsync, no_pin, random_id
#pragma once

namespace mailtrace {

class FileSystem;

#ifdef MAILTRACE_FAULTS
void crash_point(const char* site);
bool is_switched_off(const char* control);
FileSystem& with_faults(FileSystem& real);
#else
inline void crash_point(const char*) {}
constexpr bool is_switched_off(const char*) { return false; }
inline FileSystem& with_faults(FileSystem& real) { return real; }
#endif

}  // namespace mailtrace
