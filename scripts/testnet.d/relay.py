"""One TCP relay, and what can be done to it.

It is `open`, `closed` (connections are ended and refused: a cable pulled out) or `silent`
(connections stay and nothing passes: packets dropped). What was sent into a silent relay arrives
when it opens, as after a short real partition.

It can be silent one way only: the bytes of the other way pass. And it can be slow: each piece waits
before it is passed on. Of real loss one way the acknowledgements are missing; here they come.
"""

import asyncio

MODES = ("open", "closed", "silent")
CHUNK = 1 << 16
# Pieces on their way; a full queue stops reading.
QUEUE_CHUNKS = 64
DIAL_SECONDS = 2.0


class Relay:
    """One listening port, one target port, the hosts at the dialling and the listening end."""

    def __init__(self, port, target, ends):
        self.port, self.target, self.ends = port, target, ends
        self.mode, self.delay_seconds = "open", 0.0
        # Whether bytes pass to the target (True) and from it (False).
        self.passing = {True: asyncio.Event(), False: asyncio.Event()}
        self.writers = set()
        self.set_mode("open")

    async def listen(self):
        """Takes the port."""
        return await asyncio.start_server(self.serve, "127.0.0.1", self.port)

    def set_mode(self, mode, sender=None):
        """Changes what happens to connections, at once for those that exist. With `sender`, one of
        the ends, only what that end sends is held back."""
        self.mode = mode if sender is None or mode == "open" else f"{mode} from {sender}"
        for to_target, event in self.passing.items():
            held = mode == "silent" and sender in (None, self.ends[0] if to_target else self.ends[1])
            event.clear() if held else event.set()
        if mode == "closed":
            for writer in list(self.writers):
                writer.transport.abort()

    def told(self):
        """What is unusual about it, or None."""
        slow = f"{self.delay_seconds * 1000:.0f} ms late" if self.delay_seconds else ""
        return ", ".join(filter(None, ["" if self.mode == "open" else self.mode, slow])) or None

    async def serve(self, reader, writer):
        """One connection: dial the target, pass bytes both ways until either end is done."""
        self.writers.add(writer)
        far = None
        try:
            # A connection begins with a packet from the dialler and one back.
            await self.passing[True].wait()
            await self.passing[False].wait()
            if self.mode == "closed":
                return
            far_reader, far = await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", self.target), DIAL_SECONDS)
            self.writers.add(far)
            both = [asyncio.ensure_future(self.pump(reader, far, True)),
                    asyncio.ensure_future(self.pump(far_reader, writer, False))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            # Where packets are dropped, the other end does not learn that this one has gone.
            await self.passing[True].wait()
            await self.passing[False].wait()
            for task in both:
                task.cancel()
        except (OSError, asyncio.TimeoutError):
            pass  # The target is down or has hung up: the caller sees its connection end.
        finally:
            for end in filter(None, (writer, far)):
                self.writers.discard(end)
                end.transport.abort() if self.mode == "closed" else end.close()

    async def pump(self, reader, writer, to_target):
        """Passes bytes one way until they end."""
        queue = asyncio.Queue(QUEUE_CHUNKS)
        sender = asyncio.ensure_future(self.drain(queue, writer, to_target))
        try:
            while data := await reader.read(CHUNK):
                await queue.put((asyncio.get_running_loop().time() + self.delay_seconds, data))
            await queue.put(None)
            await sender
        except OSError:
            pass  # The other end has gone; `serve` closes both.
        finally:
            sender.cancel()

    async def drain(self, queue, writer, to_target):
        """Writes what is due while the relay passes it. After an error it only empties the queue,
        so that the reader never waits for it."""
        broken = False
        while (piece := await queue.get()) is not None:
            due, data = piece
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            await self.passing[to_target].wait()
            try:
                if not broken:
                    writer.write(data)
                    await writer.drain()
            except OSError:
                broken = True
