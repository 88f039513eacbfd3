// Of another plugin ABI: nothing behind the first member may be read, so there is nothing.
extern "C" __attribute__((visibility("default"), used)) const unsigned mailtrace_plugin = 4711;
