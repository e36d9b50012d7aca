#!/usr/bin/python3
"""Simulated CCTV cameras: live H.264 over RTSP by GStreamer's own server, on loopback only.

    rtsp_camera.py --port 0 NAME...

Each NAME is one camera at rtsp://127.0.0.1:PORT/NAME, with a picture of its own and the time of day drawn into it.
Prints one line `ready PORT` once cameras can be opened, and ends when its standard input closes.
"""

import argparse
import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PATTERNS = ("smpte", "ball", "pinwheel", "circular", "snow", "checkers-8")
FRAMES_PER_SECOND = 10


def picture(name, nth):
    """One camera's pipeline: no B-frames, a key frame each second, parameter sets repeated with each."""
    return (
        f"( videotestsrc is-live=true pattern={PATTERNS[nth % len(PATTERNS)]}"
        f" ! video/x-raw,format=I420,width=640,height=360,framerate={FRAMES_PER_SECOND}/1"
        f' ! textoverlay text="{name}" valignment=bottom halignment=left font-desc="Sans 20"'
        ' ! clockoverlay time-format="%Y-%m-%d %H:%M:%S" valignment=top halignment=left font-desc="Sans 20"'
        " ! x264enc tune=zerolatency speed-preset=superfast bitrate=600 threads=1"
        f" key-int-max={FRAMES_PER_SECOND} byte-stream=true"
        " ! video/x-h264,profile=high ! h264parse"
        " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("names", nargs="+", metavar="NAME")
    options = parser.parse_args()
    for name in options.names:
        if not name.replace("-", "").replace("_", "").isalnum():
            parser.error(f"a camera's name is letters, digits, - and _, not {name!r}")
    return options


def end_with_input(loop):
    """The starter may be killed without a word; its end of the pipe then closes, and the cameras go with it."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    GLib.idle_add(loop.quit)


def main():
    options = arguments()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(options.port))
    mounts = server.get_mount_points()
    for nth, name in enumerate(options.names):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(picture(name, nth))
        # Shared media lost packets and broke joins; each viewer gets an encoder of its own instead.
        factory.set_shared(False)
        mounts.add_factory("/" + name, factory)
    if not server.attach(None):
        sys.exit(f"rtsp_camera: cannot listen on 127.0.0.1:{options.port}; choose another --port")
    loop = GLib.MainLoop()
    threading.Thread(target=end_with_input, args=(loop,), daemon=True).start()
    print("ready", server.get_bound_port(), flush=True)
    loop.run()


if __name__ == "__main__":
    main()
