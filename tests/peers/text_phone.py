#!/usr/bin/python3
"""A text telephone: T.140 over RTP with redundancy (RFC 4103, RFC 2198), on loopback only. It has no signalling.

    text_phone.py --port PORT

Takes one JSON object a line:

    {"to": [HOST, PORT], "t140": 98, "red": 100}    where text goes, and by which payload types
    {"type": TEXT, "lose": [N, ...]}                 types, one letter in 60 ms; the packets of these numbers, counted from the first
                                                     that this typing makes, are lost on their way

and prints one a line: `{"ready": true}`; `{"typed": TEXT, "packets": N, "lost": N}` once all of it has been said and repeated; `{"read": TEXT}`,
all that was read so far, whenever something new came.
"""

import argparse
import json
import os
import random
import select
import socket
import struct
import sys
import time

PACKET_S = 0.3
LETTER_S = 0.06
GENERATIONS = 2


class Reader:
    """What comes in, in order; U+FFFD where something is missing."""

    def __init__(self):
        self.expected = None
        self.data = b""
        self.missing = 0

    def take(self, packet, t140, red):
        first, pt, sequence = struct.unpack("!BBH", packet[:4])
        payload = packet[12 + 4 * (first & 15):]
        pt &= 127
        blocks = [payload] if pt == t140 else self.blocks(payload) if pt == red else None
        if blocks is None:
            return False
        if self.expected is None:
            self.expected = sequence
        ahead = (sequence - self.expected) & 0xFFFF
        if ahead > 0x7FFF:
            return False
        # blocks[-1] is the newest, the ones before it were sent in the packets before.
        known = blocks[-1 - min(ahead, len(blocks) - 1):]
        if ahead >= len(blocks):
            self.missing += 1
            self.data += "\ufffd".encode()
        self.data += b"".join(known)
        self.expected = (sequence + 1) & 0xFFFF
        return True

    @staticmethod
    def blocks(payload):
        lengths, at = [], 0
        while payload[at] & 128:
            lengths.append(struct.unpack("!I", payload[at:at + 4])[0] & 1023)
            at += 4
        at += 1
        blocks = []
        for length in lengths:
            blocks.append(payload[at:at + length])
            at += length
        return blocks + [payload[at:]]

    def text(self):
        return self.data.decode("utf-8", "ignore").replace("\ufeff", "")


class Typist:
    """What goes out: letters are gathered for 300 ms and repeated in the next two packets."""

    def __init__(self, send):
        self.send = send
        self.sequence = random.randrange(0x10000)
        self.ssrc = random.randrange(1 << 32)
        self.began = time.monotonic()
        self.history = [(0, b"")] * GENERATIONS
        self.letters, self.job, self.waiting = [], None, b""
        self.next_letter = self.next_packet = 0.0
        self.idle = True

    def begin(self, job):
        self.job = {"text": job["type"], "lose": set(job.get("lose", [])), "packets": 0, "lost": 0}
        self.letters = list(job["type"])
        self.next_letter = time.monotonic()

    def due(self):
        times = ([self.next_letter] if self.letters else []) + ([self.next_packet] if self.busy() else [])
        return min(times) if times else None

    def busy(self):
        return bool(self.waiting or self.letters or any(block for _, block in self.history))

    def work(self, now, t140, red):
        while self.letters and now >= self.next_letter:
            self.waiting += self.letters.pop(0).encode()
            self.next_letter += LETTER_S
        if now >= self.next_packet and (self.waiting or any(block for _, block in self.history)):
            self.packet(now, t140, red)
        if self.job and not self.busy():
            say({"typed": self.job["text"], "packets": self.job["packets"], "lost": self.job["lost"]})
            self.job, self.idle = None, True

    def packet(self, now, t140, red):
        stamp = int((now - self.began) * 1000)
        text, self.waiting = self.waiting, b""
        payload = b""
        for sent, block in self.history:
            payload += struct.pack("!I", (128 | t140) << 24 | min(stamp - sent, 16383) << 10 | len(block))
        payload += bytes([t140]) + b"".join(block for _, block in self.history) + text
        head = struct.pack("!BBHII", 128, red | (128 if self.idle else 0), self.sequence, stamp, self.ssrc)
        number = self.job["packets"] if self.job else 0
        if self.job:
            self.job["packets"] += 1
        if self.job and number in self.job["lose"]:
            self.job["lost"] += 1
        else:
            self.send(head + payload)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.history = self.history[1:] + [(stamp, text)]
        self.next_packet = now + PACKET_S
        self.idle = False


def say(what):
    print(json.dumps(what), flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", options.parse_args().port))
    way = {"to": None, "t140": 98, "red": 100}
    reader, typist = Reader(), Typist(lambda packet: line.sendto(packet, tuple(way["to"])))
    say({"ready": True})
    orders = b""
    while True:
        due = typist.due()
        wait = None if due is None else max(0.0, due - time.monotonic())
        readable, _, _ = select.select([sys.stdin, line], [], [], wait)
        if sys.stdin in readable:
            more = os.read(sys.stdin.fileno(), 65536)
            if not more:
                return
            *lines, orders = (orders + more).split(b"\n")
            for order in map(json.loads, lines):
                if "to" in order:
                    way.update(order)
                else:
                    typist.begin(order)
        if line in readable:
            if reader.take(line.recv(2048), way["t140"], way["red"]):
                say({"read": reader.text()})
        typist.work(time.monotonic(), way["t140"], way["red"])


main()
