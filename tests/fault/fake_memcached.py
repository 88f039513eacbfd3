"""A memcached that tells the truth, is slow, forgets, answers nonsense or lies, as `mode` says. Text protocol only
(memcached's protocol.txt), which is all that the cache plugin speaks."""
import contextlib
import random
import socket
import threading
import time

MODES = ("true", "slow", "forgetful", "garbage", "cut", "foreign", "stale", "full", "errors", "nonsense", "hangs up")


class FakeMemcached:
    def __init__(self, scratch, seed=1):
        self.mode = "true"
        self.random = random.Random(seed)
        self.values, self.older = {}, {}
        self.lock = threading.Lock()
        self.gets = self.lies = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        scratch.on_close(self.socket.close)

    def cache(self):
        return {"memcached": {"servers": [f"127.0.0.1:{self.port}"]}}

    def accept(self):
        while True:
            try:
                peer = self.socket.accept()[0]
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        with contextlib.suppress(OSError, ValueError), peer, peer.makefile("rwb") as stream:
            for line in stream:
                words = line.split()
                data = None
                if words and words[0] in (b"set", b"add"):
                    data = stream.read(int(words[4]))
                    stream.read(2)
                if self.mode == "slow":
                    time.sleep(0.05)  # the plugin waits 20 ms at most
                if self.mode == "hangs up" and self.random.random() < 0.3:
                    self.lies += 1
                    return
                answer = self.answer(words, data)
                if answer and not (words and words[-1] == b"noreply"):
                    stream.write(answer)
                    stream.flush()

    def answer(self, words, data):
        with self.lock:
            if not words:
                return b"ERROR\r\n"
            if words[0] in (b"set", b"add"):
                return self.store(words[0], words[1], data)
            if words[0] in (b"get", b"gets"):
                return self.get(words[1:])
            if words[0] == b"version":
                return b"VERSION 1.6.18\r\n"
            return b"OK\r\n"

    def store(self, how, key, data):
        if self.mode == "errors":
            self.lies += 1
            return b"SERVER_ERROR out of memory storing object\r\n"
        if self.mode == "forgetful":
            self.lies += 1
            return b"STORED\r\n"
        if self.mode == "full":  # says that somebody else was first, and has nothing
            self.lies += 1
            return b"NOT_STORED\r\n"
        if how == b"add" and key in self.values:
            return b"NOT_STORED\r\n"
        if key in self.values:
            self.older.setdefault(key, self.values[key])
        self.values[key] = data
        return b"STORED\r\n"

    def get(self, keys):
        if self.mode == "errors":
            self.lies += 1
            return b"SERVER_ERROR temporary failure\r\n"
        if self.mode == "nonsense":
            self.lies += 1
            return bytes(self.random.randrange(32, 127) for _ in range(40)) + b"\r\n"
        out = b""
        for key in keys:
            value = self.told(key)
            self.gets += 1
            if value is not None:
                out += b"VALUE %s 0 %d\r\n%s\r\n" % (key, len(value), value)
        return out + b"END\r\n"

    def told(self, key):
        value = self.values.get(key)
        told = value
        if self.mode == "forgetful":
            told = None
        elif self.mode == "garbage":
            told = bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 200)))
        elif self.mode == "cut" and value:
            told = value[:self.random.randrange(len(value))]
        elif self.mode == "foreign" and self.values:
            told = self.random.choice(list(self.values.values())[-500:])
        elif self.mode == "stale":
            told = self.older.get(key, value)
        self.lies += told != value
        return told
