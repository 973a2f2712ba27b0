"""The README's figures are those of the result files."""

import json
import re
import statistics
from pathlib import Path

import changes
import growth
import inference
import mrpc
import optimizers
import pytest
import step
import town
from measuring import RESULTS, Results
from workloads import sized

from minisft.models import SequenceClassifier
from minisft.training.optimizer import parameter_groups

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BENCHMARKS = (Path(__file__).parent / "README.md").read_text(encoding="utf-8")
MACHINE, GPU = "amd-epyc-avx512-2-threads", "nvidia-h200"
OTHERS = {"EPYC, AVX2": "amd-epyc-avx2-2-threads", "Xeon, AMX": "intel-r-xeon-r-processor-avx512-2-threads"}


def measured_on(machine: str) -> Results:
    """The measurements that the README quotes, on whatever machine this is."""
    results = Results("cpu")
    results.content = json.loads((RESULTS / f"bench-{machine}.json").read_text(encoding="utf-8"))
    return results


@pytest.mark.parametrize("rows", [64, 0])
def test_the_town(rows: int) -> None:
    options = town.parser().parse_args([])
    assert town.table(town.read(town.RESULTS), options, rows) in README


def test_guesses_of_hidden_words() -> None:
    found = json.loads((RESULTS / "pretraining.json").read_text(encoding="utf-8"))["guesses"]
    model = found["town-mini"]
    rows = {name: found[name] for name in ("trigrams from the left", "trigrams from both sides")}
    expected = [f"| {name} | {r['mlm_accuracy']:.3f} | {r['mlm_perplexity']:.1f} | |" for name, r in rows.items()]
    first, always = found["one word for all"], found["always the same"]
    expected += [
        f"| always the most frequent | {first['mlm_accuracy']:.3f} | {first['mlm_perplexity']:.0f} "
        f"| {always['nsp_accuracy']:.3f} |",
        f"| town-mini | {model['mlm_accuracy']:.3f} | {model['mlm_perplexity']:.1f} | {model['nsp_accuracy']:.3f} |",
    ]
    assert [row for row in expected if row not in README] == []


def test_mrpc() -> None:
    runs = json.loads(mrpc.RESULTS.read_text(encoding="utf-8"))["runs"]
    means = {
        name: {key: statistics.mean(run[key] for run in found) for key in found[0]} for name, found in runs.items()
    }
    labels = {"ours": "minisft", "trainer": "Hugging Face's Trainer", "lightning": "Lightning"}
    for name, label in labels.items():
        scores = [f"{run['accuracy']:.3f} / {run['f1']:.3f}" for run in (*runs[name], means[name])]
        seconds, ratio = means[name]["seconds"], means[name]["seconds"] / means["ours"]["seconds"]
        row = [label, *scores, f"{seconds:.0f}", f"{ratio:.2f}", f"{means[name]['peak_mb']:.0f} MB"]
        assert f"| {' | '.join(row)} |" in README


@pytest.mark.parametrize(("machine", "tables"), [(MACHINE, 4), (GPU, 3)])
def test_speed(machine, tables, capsys) -> None:
    """Each table whole, under its own heading."""
    quoted = tables_of(machine, capsys)
    assert len(quoted) == tables
    recipe = "the document's recipe (Trainer, padding to 128)"
    labels = {
        recipe: "the document's recipe: Hugging Face's Trainer, padding to 128",
        "Trainer at its best": "the Trainer at its best: dynamic padding, length groups",
    }
    pretraining = {
        "Trainer at its best": "the Trainer at its best",
        "Trainer, head at the hidden words alone": "the Trainer, head at the hidden words alone",
    }
    for table in quoted:
        heading, _, *lines = table.splitlines()
        names = labels if heading.startswith("finetune") else pretraining
        rows = [f"| **{heading_of(heading)}** | | | | |", *(row_of(line, names) for line in lines)]
        assert "\n".join(rows) + "\n" in README


def heading_of(heading: str) -> str:
    """A table's heading as the README has it."""
    rows, length = re.search(r", (\d+) rows, mean length ([\d.]+),", heading).groups()
    precision, device = re.search(r", (fp32|bf16), (cpu|cuda);", heading).groups()
    if heading.startswith("finetune"):
        length = f"{float(length):.0f}"
        return (
            f"MRPC, mean length {length}: {precision}"
            if device == "cpu"
            else f"MRPC, {rows} rows, mean length {length}"
        )
    length = f"{128 * round(float(length) / 128)}"  # on the GPU some rows were a little shorter
    return (
        f"hidden words, length {length}: {precision}"
        if device == "cpu"
        else f"hidden words, {rows} rows of length {length}"
    )


def test_peaks() -> None:
    fp32, bf16 = (peak(MACHINE, precision) for precision in ("fp32", "bf16"))
    assert f"in the same run: {fp32:.0f} GFLOP/s in fp32 and {bf16:.0f} in bf16." in " ".join(README.split())
    assert f"the peak is {peak(GPU, 'bf16') / 1000:.0f} TFLOP/s" in README
    assert f"large matrices reach {fp32:.0f} and {bf16:.0f} in `make bench`" in BENCHMARKS


def peak(machine: str, precision: str) -> float:
    """The matrix-multiply peak of a machine, in GFLOP/s."""
    entries = measured_on(machine).of(step.PART)
    asked = ("peak", precision)
    return statistics.median(
        e["found"]["gflops"] for e in entries if (e["asked"]["system"], e["asked"]["precision"]) == asked
    )


def test_changes(capsys) -> None:
    """The last two columns, in the order of the variants."""
    changes.report(measured_on(MACHINE))
    printed = [cells_of(line)[1:] for line in capsys.readouterr().out.strip().splitlines()[2:]]
    rows = re.findall(r"^\| [^|]+ \| \d\.\d+[^|]* \| ([\d.]+) \| ([\d.]+) \|$", BENCHMARKS, re.MULTILINE)
    assert printed[0] == ["1.00", "1.00"]  # as it is
    assert [list(row) for row in rows] == printed[1:]


def test_growth() -> None:
    found = growth.gathered(measured_on(MACHINE))
    ours, theirs = (sum(found["whole"][system].values()) for system in ("ours", "trainer"))
    assert f"{ours:.0f} seconds against {theirs:.0f}]" in README
    lengths = [found["length"]["ours"][n] / found["length"]["trainer"][n] for n in found["length"]["ours"]]
    assert "at length 512 about half" in README
    assert 0.45 < lengths[-1] < 0.55
    assert (
        max(found[axis]["ours"][n] / found[axis]["trainer"][n] for axis in growth.AXES for n in found[axis]["ours"]) < 1
    )


def test_the_calls_that_adamw_saves() -> None:
    model = SequenceClassifier(sized("minilm"), ["no", "yes"])
    groups = parameter_groups(model, 0.01)
    saved = sum(len(group["params"]) for group in groups) - len(groups)
    assert f"1.01: {saved} calls fewer" in BENCHMARKS


@pytest.mark.parametrize(("label", "machine"), OTHERS.items(), ids=OTHERS.values())
def test_speed_elsewhere(label, machine, capsys) -> None:
    """Of other processors the README has the ratios alone."""
    for table in tables_of(machine, capsys):
        if not table.startswith("finetune"):
            continue
        precision = re.search(r", (fp32|bf16), cpu", table)[1]
        ratios = {name: ratio for name, _, ratio, *_ in map(cells_of, table.splitlines()[2:])}
        shown = [
            next((ratio for name, ratio in ratios.items() if name.startswith(system)), "")
            for system in ("the document's recipe", "Trainer at its best", "Lightning")
        ]
        assert f"| {label}, {precision} | {' | '.join(shown)} |".replace("|  |", "| |") in README


def tables_of(machine: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The tables of updates that were measured on a machine."""
    step.report(measured_on(machine))
    return capsys.readouterr().out.strip().split("\n\n")


def cells_of(line: str) -> list[str]:
    """A line of a report, cell by cell."""
    return re.split(r"\s{2,}", line.strip())


def row_of(line: str, labels: dict[str, str]) -> str:
    """A line of the report as the README has it: without the tokens a second."""
    name, milliseconds, ratio, _, memory, share = cells_of(line)
    return f"| {labels.get(name, name)} | {milliseconds} | {ratio} | {memory} MB | {share[:-1]} % |"


def test_optimizers(capsys) -> None:
    optimizers.report(measured_on(MACHINE))
    for line in capsys.readouterr().out.strip().splitlines()[2:]:
        name, milliseconds, to_loop, to_fastest = cells_of(line)
        assert f"| {name} | {milliseconds} | {to_loop} | {to_fastest} |" in README


def test_inference(capsys) -> None:
    inference.report(measured_on(MACHINE))
    lines = [cells_of(line) for line in capsys.readouterr().out.strip().splitlines()[2:]]
    assert len(lines) == 6
    for name, many, _, one, *_ in lines:
        label, precision = name.rsplit(", ", 1)
        assert re.search(rf"\| {re.escape(label)} \|.* {many} \| {one} \|", README), (label, precision)
