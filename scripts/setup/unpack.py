"""Takes out of Python wheels (zip files) what the binding needs: unpack.py FOLDER WHEEL..."""

import sys
import zipfile

# TensorFlow's C interface and the headers it includes; of CUDA's wheels all of it.
WANTED = (
    "tensorflow/libtensorflow_cc.so.2",
    "tensorflow/libtensorflow_framework.so.2",
    "tensorflow/include/tensorflow/c/",
    "tensorflow/include/tensorflow/core/platform/",
    "tensorflow/include/tsl/platform/",
    "tensorflow/include/xla/tsl/c/",
    "nvidia/",
)

folder, *wheels = sys.argv[1:]
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if name.startswith(WANTED)])
