"""
Puts public test pictures through the program with the model that changes nothing, and compares every result with what Pillow reads of
the original. The pictures are fetched (Pillow's source from PyPI, libpng's and libtiff's from Debian) and never committed.

    python3 -m venv venv && venv/bin/pip install pillow numpy tifffile
    venv/bin/python scripts/foreignPictures.py FOLDER [SET...]

FOLDER holds one folder of pictures per set; those that are missing are fetched: `pngsuite`, `libpng`, `libtiff`, `pillow`. For each set it
prints how many were restored as they are, refused with a sentence, differ, or are read by the program alone. The exit code is 1 where a
result differs. FOLDER/SET.json has every file.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

warnings.simplefilter("ignore")
PROJECT = Path(__file__).resolve().parent.parent
PILLOW = "11.3.0"
ENDINGS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".avif", ".gif", ".heic", ".jxl", ".jp2", ".j2k", ".psd", ".apng", ".mpo"}


def unpack(archive: Path, inside: str, to: Path) -> None:
    """Takes the pictures of a folder out of an archive; their names tell where they lay."""
    to.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member in tar.getmembers():
            _, found, rest = member.name.partition(inside)
            if member.isfile() and found and Path(rest).suffix.lower() in ENDINGS:
                (to / rest.replace("/", "-")).write_bytes(tar.extractfile(member).read())


def debian_source(package: str, work: Path) -> Path:
    """Downloads the source of a Debian package with apt; asks nothing of the machine's own lists."""
    lists = work / "apt"
    (lists / "lists/partial").mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    mirror = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True).stdout.split()[0]
    (lists / "sources.list").write_text(f"deb-src [signed-by={keyring}] {mirror} bookworm main\n")
    options = [f"-oDir::Etc::SourceList={lists / 'sources.list'}", "-oDir::Etc::SourceParts=/dev/null",
               f"-oDir::State::Lists={lists / 'lists'}", f"-oDir::Cache={lists}"]
    if not any((lists / "lists").glob("*Sources*")):
        subprocess.run(["apt-get", "-q", *options, "update"], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["apt-get", "-q", *options, "source", "--download-only", package], check=True, cwd=work,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return next(work.glob(f"{package}_*.orig.tar.*"))


def fetch(name: str, folder: Path) -> None:
    work = folder / "fetched"
    work.mkdir(parents=True, exist_ok=True)
    if name == "pillow":
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--no-build-isolation",
                        f"pillow=={PILLOW}", "-d", str(work)], check=True)
        unpack(next(work.glob("pillow-*.tar.gz")), "/Tests/images/", folder / name)
    elif name == "libtiff":
        unpack(debian_source("tiff", work), "/test/images/", folder / name)
    else:
        inside = {"pngsuite": "/contrib/pngsuite/", "libpng": "/contrib/testpngs/"}[name]
        unpack(debian_source("libpng1.6", work), inside, folder / name)


def restore(name: str, folder: Path) -> list[dict]:
    """Restores a folder; originals that cannot be read fail alone. Lossless, and with a channel of opacity where there is one."""
    out = folder / f"{name}-out"
    shutil.rmtree(out, ignore_errors=True)
    node = PROJECT / "node_modules/node/bin/node"
    program = [str(node), str(PROJECT / "scripts/mcir.mjs"), "restore", str(folder / name), "--model", "identity", "--out", str(out),
               "--quality", "100", "--strip", "all", "--json"]
    told = subprocess.run(program, capture_output=True, text=True, env={**os.environ, "MCIR_HOME": str(folder / "home")}).stdout
    rows = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    return [row["file"] for row in rows if row.get("file", {}).get("state") in ("done", "failed")]


def pixels(path: str) -> np.ndarray:
    """The first picture of a file as RGBA of 8 bits, upright. Numbers of 16 bits keep their upper half."""
    with Image.open(path) as image:
        image.seek(0)
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I;16") or image.mode == "I":
            deep = np.asarray(image).astype(np.int64)
            grey = np.round(deep / 257).clip(0, 255).astype(np.uint8)
            return np.dstack([grey, grey, grey, np.full_like(grey, 255)])
        return np.asarray(image.convert("RGBA"))


def magick_pixels(path: str) -> np.ndarray:
    """The same by ImageMagick, which reads what Pillow reads wrongly, such as the transparent number of grey with 2, 4 and 16 bits."""
    first = ["convert", f"{path}[0]", "-auto-orient", "-depth", "8"]
    size = subprocess.run([*first, "-format", "%w %h", "info:"], capture_output=True, text=True, check=True).stdout.split()
    data = subprocess.run([*first, "rgba:-"], capture_output=True, check=True).stdout
    return np.frombuffer(data, np.uint8).reshape(int(size[1]), int(size[0]), 4)


def compare(file: dict) -> str:
    """How a result relates to its original, by Pillow, and by ImageMagick where Pillow sees a difference or cannot read one of them."""
    verdicts = []
    for decode in (pixels, magick_pixels):
        try:
            verdicts.append(relation(decode(file["source"]).astype(int), decode(file["output"]).astype(int), file["output"]))
        except Exception:  # these sets hold files that decoders refuse
            continue
        if not verdicts[-1].startswith("different"):
            return verdicts[-1]
    return verdicts[0] if verdicts else "read here alone"


def relation(before: np.ndarray, after: np.ndarray, output: str) -> str:
    if before.shape != after.shape:
        return f"different: {before.shape[1]}x{before.shape[0]} became {after.shape[1]}x{after.shape[0]}"
    seen = (before[..., 3:] > 0) & (after[..., 3:] > 0)
    difference = (np.abs(before - after) * np.concatenate([np.repeat(seen, 3, 2), np.ones_like(seen)], 2)).astype(float)
    lossy = output.lower().endswith(("jpg", "webp", "avif", "jxl"))
    if difference.max() <= 1:
        return "same"
    return "close" if lossy and difference.mean() < 1.5 else f"different: by {difference.max():.0f}, {difference.mean():.2f} on average"


def main() -> int:
    folder = Path(sys.argv[1])
    wrong = 0
    for name in sys.argv[2:] or ["pngsuite", "libpng", "libtiff", "pillow"]:
        if not (folder / name).exists():
            fetch(name, folder)
        rows = []
        for file in restore(name, folder):
            verdict = "refused" if file["state"] == "failed" else compare(file)
            rows.append({"name": Path(file["source"]).name, "verdict": verdict,
                         "said": [file["reason"]] if file.get("reason") else file.get("warnings", [])})
        (folder / f"{name}.json").write_text(json.dumps(sorted(rows, key=lambda row: row["verdict"]), indent=1, ensure_ascii=False))
        counts = Counter(row["verdict"].split(":")[0] for row in rows)
        wrong += counts["different"]
        print(f"{name}: {len(rows)} files", dict(counts))
        for row in rows:
            if row["verdict"].startswith("different"):
                print(f"  {row['name']} {row['verdict']}", *row["said"])
    return 1 if wrong else 0


sys.exit(main())
