"""MCAP recordings of a made-up drive, by the reference writers of ROS 1, ROS 2 and Foxglove.

``write(path, flavour)`` writes seconds of a camera and a GPS receiver in one of :data:`FLAVOURS`.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from google.protobuf import descriptor_pb2, message_factory, timestamp_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from mcap.writer import CompressionType, IndexType, Writer
from mcap_ros1._vendor.genpy.dynamic import generate_dynamic
from mcap_ros2._dynamic import serialize_dynamic
from PIL import Image

FLAVOURS = ("ros1", "ros2", "protobuf", "json")
START = 1_700_000_000 * 10**9
CAMERA, GPS = "/cam/image/compressed", "/gps/fix"

_RULE = "=" * 80
_HEADER1 = f"{_RULE}\nMSG: std_msgs/Header\nuint32 seq\ntime stamp\nstring frame_id"
_HEADER2 = (
    f"{_RULE}\nMSG: std_msgs/Header\nbuiltin_interfaces/Time stamp\nstring frame_id\n"
    f"{_RULE}\nMSG: builtin_interfaces/Time\nint32 sec\nuint32 nanosec"
)
_STATUS = (
    f"\n{_RULE}\nMSG: sensor_msgs/NavSatStatus\nint8 STATUS_NO_FIX=-1\nint8 status\n"
    "uint16 SERVICE_GPS=1\nuint16 service"
)
_STAMPED = "# a comment\nstd_msgs/Header header # when\n\n"
_DEFINITIONS = {
    "CompressedImage": f"{_STAMPED}string format\nuint8[] data\n",
    "Image": f"{_STAMPED}uint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\n"
    "uint32 step\nuint8[] data\n",
    "NavSatFix": f"uint8 TYPE_UNKNOWN = 0\n{_STAMPED}sensor_msgs/NavSatStatus status\n"
    "float64 latitude\nfloat64 longitude\nfloat64 altitude\nfloat64[9] position_covariance\n"
    "uint8 position_covariance_type\n",
}
_PROTOBUF = {  # numbers of the fields as in Foxglove's schemas
    "CompressedImage": {"timestamp": 1, "frame_id": 4, "data": 2, "format": 3},
    "CompressedVideo": {"timestamp": 1, "frame_id": 2, "data": 3, "format": 4},
    "LocationFix": {"timestamp": 6, "frame_id": 7, "latitude": 1, "longitude": 2},
}


def jpeg(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture that differs from every other."""
    rng = np.random.default_rng(number)
    small = Image.fromarray(rng.integers(0, 255, (4, 6, 3), dtype=np.uint8))
    content = io.BytesIO()
    small.resize(size).save(content, "JPEG")
    return content.getvalue()


@dataclass
class Recorder:
    """Writes messages of one flavour; ``options`` go to the MCAP writer."""

    path: Path
    flavour: str
    options: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Recorder:
        self._file = self.path.open("wb")
        self.writer = Writer(self._file, **self.options)
        self.writer.start()
        self._channels: dict[str, int] = {}
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.finish()
        self._file.close()

    def picture(self, time: int, data: bytes, form: str = "jpeg", topic: str = CAMERA) -> None:
        video = form in ("h264", "h265", "av1", "vp9")
        kind = "CompressedVideo" if video else "CompressedImage"
        self.write(topic, kind, time, {"format": form, "data": data})

    def raw(self, time: int, pixels: np.ndarray, encoding: str, topic: str) -> None:
        height, step = pixels.shape[0], pixels[0].nbytes
        width = pixels.shape[1]
        about = {"height": height, "width": width, "encoding": encoding, "step": step}
        self.write(topic, "Image", time, {**about, "is_bigendian": 0, "data": pixels.tobytes()})

    def fix(self, time: int, latitude: float, longitude: float, status: int = 0) -> None:
        where = {"latitude": latitude, "longitude": longitude}
        if self.flavour.startswith("ros"):
            self.write(GPS, "NavSatFix", time, {**where, "status": status})
        else:
            self.write(GPS, "LocationFix", time, where)

    def write(self, topic: str, kind: str, time: int, fields: dict[str, Any]) -> None:
        """One message of Foxglove's or of sensor_msgs' ``kind``."""
        encode = getattr(self, f"_{self.flavour}")
        name, encoding, schema_encoding, schema, data = encode(kind, time, fields)
        if topic not in self._channels:
            number = self.writer.register_schema(name, schema_encoding, schema)
            self._channels[topic] = self.writer.register_channel(topic, encoding, number)
        self.writer.add_message(self._channels[topic], time, data, time)

    def _ros1(self, kind: str, time: int, fields: dict[str, Any]) -> tuple[Any, ...]:
        made = _ros1_class(kind)()
        made.header.stamp.secs, made.header.stamp.nsecs = divmod(time, 10**9)
        made.header.frame_id = "camera"
        for name, value in fields.items():
            if name == "status":
                made.status.status = value
            else:
                setattr(made, name, value)
        content = io.BytesIO()
        made.serialize(content)
        text = _ros_text(kind, _HEADER1)
        return f"sensor_msgs/{kind}", "ros1", "ros1msg", text.encode(), content.getvalue()

    def _ros2(self, kind: str, time: int, fields: dict[str, Any]) -> tuple[Any, ...]:
        name, text = f"sensor_msgs/msg/{kind}", _ros_text(kind, _HEADER2)
        stamp = {"sec": time // 10**9, "nanosec": time % 10**9}
        message = {"header": {"stamp": stamp, "frame_id": "camera"}, **fields}
        if "status" in fields:
            message["status"] = {"status": fields["status"], "service": 1}
        data = serialize_dynamic(name, text)[name](message)
        return name, "cdr", "ros2msg", text.encode(), data

    def _json(self, kind: str, time: int, fields: dict[str, Any]) -> tuple[Any, ...]:
        message = {"timestamp": {"sec": time // 10**9, "nsec": time % 10**9}, **fields}
        if "data" in fields:
            message["data"] = base64.b64encode(fields["data"]).decode()
        return f"foxglove.{kind}", "json", "jsonschema", b"{}", json.dumps(message).encode()

    def _protobuf(self, kind: str, time: int, fields: dict[str, Any]) -> tuple[Any, ...]:
        made, schema = _protobuf_class(kind)
        message = made(**fields)
        message.timestamp.seconds, message.timestamp.nanos = divmod(time, 10**9)
        return f"foxglove.{kind}", "protobuf", "protobuf", schema, message.SerializeToString()


def write(
    path: Path, flavour: str, *, seconds: int = 3, rate: int = 4, first: int = 0, **options: Any
) -> Path:
    """A camera of ``rate`` pictures a second, and a place each second that moves north.

    The pictures are those of the numbers from ``first`` on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with Recorder(path, flavour, options) as recorder:
        for number in range(seconds * rate):
            time = START + number * 10**9 // rate
            if number % rate == 0:
                recorder.fix(time, 48 + number / rate / 100, 11.5)
            recorder.picture(time, jpeg(first + number))
    return path


def video_packets(count: int, codec: str = "libx264", rate: int = 10) -> list[bytes]:
    """Frames of growing brightness as packets of a video stream, without frames that look ahead."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.time_base, encoder.options = Fraction(1, rate), {"tune": "zerolatency", "bf": "0"}
    packets = []
    for number in range(count):
        pixels = np.full((48, 64, 3), 10 + number * 10, np.uint8)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets + [bytes(packet) for packet in encoder.encode(None)]


def _ros_text(kind: str, header: str) -> str:
    return _DEFINITIONS[kind] + header + (_STATUS if kind == "NavSatFix" else "")


@cache
def _ros1_class(kind: str) -> Any:
    return generate_dynamic(f"sensor_msgs/{kind}", _ros_text(kind, _HEADER1))[f"sensor_msgs/{kind}"]


@cache
def _protobuf_class(kind: str) -> tuple[Any, bytes]:
    text, number, place = 9, 12, 1
    kinds = {
        "frame_id": text,
        "format": text,
        "data": number,
        "latitude": place,
        "longitude": place,
    }
    file = descriptor_pb2.FileDescriptorProto(
        name=f"foxglove/{kind}.proto",
        package="foxglove",
        syntax="proto3",
        dependency=["google/protobuf/timestamp.proto"],
    )
    message = file.message_type.add(name=kind)
    for name, at in _PROTOBUF[kind].items():
        one = message.field.add(name=name, number=at, label=1, type=kinds.get(name, 11))
        if name == "timestamp":
            one.type_name = ".google.protobuf.Timestamp"
    time = descriptor_pb2.FileDescriptorProto()
    timestamp_pb2.DESCRIPTOR.CopyToProto(time)
    pool = DescriptorPool()
    pool.Add(time), pool.Add(file)
    found = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"foxglove.{kind}"))
    schema = descriptor_pb2.FileDescriptorSet(file=[time, file])
    return found, schema.SerializeToString()


UNINDEXED = {"index_types": IndexType.NONE, "repeat_channels": False, "use_statistics": False}
PACKED = {
    "none": CompressionType.NONE,
    "lz4": CompressionType.LZ4,
    "zstd": CompressionType.ZSTD,
}
