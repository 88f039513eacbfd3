"""A TCP proxy on loopback that breaks connections: between sender and daemon, or daemon and database."""
import contextlib
import select
import socket
import struct
import threading


def reset(stream):
    """Closes without a good-bye: the other side sees a reset and not an end."""
    with contextlib.suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()


class Proxy:
    """Passes on what comes to `port`. `targets()` gives the port for the next connection; None refuses it.

    `watch(data, connection)` sees what the client sent before it is passed on, `watch_answer` what the server sent; they
    return what to pass on, or None to break the connection then and there."""

    def __init__(self, scratch, targets, watch=None, watch_answer=None):
        self.targets = targets if callable(targets) else lambda: targets
        self.watch = watch or (lambda data, connection: data)
        self.watch_answer = watch_answer or (lambda data, connection: data)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.connections = set()
        self.lock = threading.Lock()
        self.broken = 0
        self.paused = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()
        scratch.on_close(self.close)

    def accept(self):
        while True:
            try:
                client = self.socket.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        target = self.targets()
        server = None
        if target:
            with contextlib.suppress(OSError):
                server = socket.create_connection(("127.0.0.1", target))
        if not server:
            return reset(client)
        connection = Connection(client, server)
        with self.lock:
            self.connections.add(connection)
        try:
            connection.run(self)
        except (OSError, ValueError):
            pass
        with self.lock:
            self.connections.discard(connection)
        connection.cut()

    def cut_all(self):
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            connection.cut()
        self.broken += len(connections)
        return len(connections)

    def close(self):
        self.socket.close()
        self.cut_all()


class Connection:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.over = False
        self.state = None  # for watch()

    def run(self, proxy):
        for stream in (self.client, self.server):
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not self.over:
            ready = select.select([self.client, self.server], [], [], 0.2)[0]
            for stream in ready:
                data = stream.recv(65536)
                if not data:
                    return
                watch = proxy.watch if stream is self.client else proxy.watch_answer
                data = watch(data, self)
                if data is None:
                    proxy.broken += 1
                    return
                while proxy.paused.is_set() and not self.over:
                    threading.Event().wait(0.02)
                (self.server if stream is self.client else self.client).sendall(data)

    def cut(self):
        self.over = True
        for stream in (self.client, self.server):
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_RDWR)
            reset(stream)
