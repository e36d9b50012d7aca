#!/usr/bin/python3
"""A live camera: GStreamer's RTSP server with a test picture of 320x240, ten frames and one key frame a second.

usage: rtsp_camera.py PORT [--codec h264|h265] [--user NAME:PASSWORD]

PORT 0 takes a free one. Prints "ready PORT" when it listens; the stream is rtsp://127.0.0.1:PORT/live .
Each viewer has an encoder of its own, as shared ones lose packets when a viewer joins.
"""
import argparse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=superfast dct8x8=true key-int-max=10 ! video/x-h264,profile=high ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph265pay name=pay0 pt=96 config-interval=-1",
}

arguments = argparse.ArgumentParser()
arguments.add_argument("port")
arguments.add_argument("--codec", choices=sorted(ENCODERS), default="h264")
arguments.add_argument("--user")
options = arguments.parse_args()

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(options.port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=320,height=240,framerate=10/1 ! " + ENCODERS[options.codec] + " )"
)
if options.user:
    name, password = options.user.split(":", 1)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/live", factory)
if not server.attach(None):
    raise SystemExit("the port is taken")
print("ready", server.get_bound_port(), flush=True)
GLib.MainLoop().run()
