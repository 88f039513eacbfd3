// The cache plugin "memcached": what the loader finds. Main thread.
#include "plugins/caches/memcached/memcached_cache.h"

MAILTRACE_CACHE(mailtrace::MemcachedCache, "memcached",
                "half-seen mails in memcached, for a restart or a second receiver");
