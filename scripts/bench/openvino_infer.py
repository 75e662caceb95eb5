"""Median milliseconds of one picture through an ONNX file by OpenVINO on the CPU: openvino_infer.py FILE SIDE"""

import json
import statistics
import sys
import time

import numpy
import openvino

file, side = sys.argv[1], int(sys.argv[2])
core = openvino.Core()
model = core.read_model(file)
model.reshape([1, 3, side, side])
compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
picture = numpy.random.default_rng(1).random((1, 3, side, side), dtype=numpy.float32)
compiled(picture)
times = []
for _ in range(5):
    began = time.perf_counter()
    compiled(picture)
    times.append((time.perf_counter() - began) * 1000)
print(json.dumps({"infer_ms": statistics.median(times)}))
